import { Type as t } from "@sinclair/typebox";
import { isoOf, strict, Time } from "../../platform/schema.ts";

export const commentsMax = 200;

export const NewComment = strict({
  text: t.String({
    minLength: 1,
    maxLength: 2000,
    pattern: "\\S",
    description: "some text",
    examples: ["Ask Ada before you change this."],
  }),
});
export type NewComment = typeof NewComment.static;

export const Comment = t.Object(
  {
    id: t.String({ examples: ["cmt_01jd0000000000000000000000"] }),
    linkId: t.String(),
    text: t.String(),
    createdBy: t.String({ description: "The person or key that wrote it." }),
    createdAt: Time,
  },
  { $id: "Comment" },
);
export type Comment = typeof Comment.static;

export interface CommentRow {
  readonly id: `cmt_${string}`;
  readonly linkId: `link_${string}`;
  readonly text: string;
  readonly createdBy: string;
  readonly createdAt: number;
}

export const toComment = ({ id, linkId, text, createdBy, createdAt }: CommentRow): Comment => ({
  id,
  linkId,
  text,
  createdBy,
  createdAt: isoOf(createdAt),
});

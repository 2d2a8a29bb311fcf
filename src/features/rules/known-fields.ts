import { Type as t } from "@sinclair/typebox";
import { nullable } from "../../platform/schema.ts";
import { fields, operatorsOf } from "../../redirect/rules/fields.ts";

export const RuleField = t.Object({
  field: t.String(),
  kind: t.String(),
  about: t.String(),
  operators: t.Array(t.String()),
  needs: nullable(
    t.String({ description: "Without it a condition on this field is unknown, and holds for nobody." }),
  ),
  takes: t.Array(t.String(), { description: "What may, or must, stand beside field, operator and value." }),
});

/** Everything a condition can ask, for pages that let people choose. */
export const knownFields = () =>
  Object.entries(fields).map(([field, { kind, about, needs, named, zoned, windowed }]) => ({
    field,
    kind,
    about,
    operators: [...operatorsOf[kind]],
    needs: needs ?? null,
    takes: [
      ...(named ? ["name"] : []),
      ...(zoned ? ["timezone"] : []),
      ...(windowed ? ["window"] : []),
      ...(kind === "language" ? ["quality"] : []),
    ],
  }));

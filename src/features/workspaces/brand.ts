import { type Brand, ownBrand, type Reader } from "../../platform/mail/letter.ts";
import type { WorkspaceRow } from "./model.ts";

/** Whose name mail of a workspace goes out under. */
export const brandOfWorkspace = ({ name, brand }: Pick<WorkspaceRow, "name" | "brand">): Brand => ({
  name: brand.name ?? name,
  logoUrl: brand.logoUrl ?? null,
  website: brand.website ?? null,
  color: brand.color ?? ownBrand.color,
});

interface Reading {
  readonly locale: string | null;
  readonly timeZone: string | null;
}

/** How mail of a workspace is written to somebody with an account: as their profile says, or else as the workspace does. */
export const readingOf = (
  { locale, timeZone }: Reading,
  workspace: Pick<WorkspaceRow, "locale" | "timeZone">,
): Pick<Reader, "locale" | "timeZone"> => ({
  locale: locale ?? workspace.locale,
  timeZone: timeZone ?? workspace.timeZone,
});

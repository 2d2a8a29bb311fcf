import { type Brand, ownBrand } from "../../platform/mail/letter.ts";
import type { WorkspaceRow } from "./model.ts";

/** Whose name mail of a workspace goes out under. */
export const brandOfWorkspace = ({ name, brand }: Pick<WorkspaceRow, "name" | "brand">): Brand => ({
  name: brand.name ?? name,
  logoUrl: brand.logoUrl ?? null,
  website: brand.website ?? null,
  color: brand.color ?? ownBrand.color,
});

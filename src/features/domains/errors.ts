import { AppError } from "../../lib/errors.ts";
import type { DnsRecord } from "./model.ts";

export const hostTaken = (cause: unknown) =>
  new AppError("CONFLICT", "This host is in use here already.", {
    details: [{ path: "/host", message: "host is taken" }],
    cause,
  });

/** Taken by somebody who has not shown that it is theirs. */
export const hostUnproved = ({ type, name, value }: DnsRecord) =>
  new AppError(
    "CONFLICT",
    `This host is in use here already. It becomes yours once DNS has ${type} ${name} "${value}": set it, and add the host again.`,
    { details: [{ path: "/host", message: `host is taken until ${type} ${name} is ${value}` }] },
  );

export const domainInUse = (links: number) =>
  new AppError(
    "CONFLICT",
    `The domain still has ${links} link(s), the trash included. Move or purge them first.`,
  );

export const sharedDomain = () =>
  new AppError("FORBIDDEN", "This domain belongs to the installation; only its configuration changes it.");

export const liveDomain = () =>
  new AppError(
    "FORBIDDEN",
    "This domain belongs to the live side: test links may live on it, and only the live side changes it.",
  );

export const caseClashes = (clashes: readonly string[]) =>
  new AppError("CONFLICT", "Some links differ by upper and lower case only. Rename one of each pair first.", {
    details: clashes.map((slug) => ({ path: "/caseSensitive", message: slug })),
  });

export const archivedDomain = () =>
  new AppError("CONFLICT", "The domain is archived: it serves the links it has, and takes no new ones.", {
    details: [{ path: "/domain", message: "domain is archived" }],
  });

export const archivedDefault = () =>
  new AppError("CONFLICT", "Links that name no domain go to this one: make another the default first.");

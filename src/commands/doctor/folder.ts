import { accessSync, constants, existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { journalMode } from "../../clicks/journal/filesystem.ts";
import { fileSystemOf, freeBytes } from "../../lib/files.ts";
import { type Finding, fail, ok, type Patient, warn } from "./finding.ts";

/** The data folder: there, ours, private, roomy, and on a disk that stays. */
export function checkFolder(patient: Patient): Finding[] {
  const { dataDir } = patient;
  const there = existsSync(dataDir);
  const place = there ? dataDir : existingAbove(dataDir);
  if (there && !statSync(dataDir).isDirectory())
    return [fail("data folder", `${dataDir} is not a folder.`, "Set WAYPOST_DATA_DIR to a folder.")];
  if (!writable(place))
    return [
      fail(
        "data folder",
        `${place} cannot be written by this user (${process.getuid?.()}).`,
        `Give it to this user: chown ${process.getuid?.()} ${place}`,
      ),
    ];
  return [
    ok("data folder", there ? dataDir : `${dataDir} will be made at the first start.`),
    ...(there ? checkPermissions(dataDir) : []),
    checkSpace(patient, place),
    ...checkFileSystem(patient, place),
  ];
}

const existingAbove = (path: string): string => (existsSync(path) ? path : existingAbove(dirname(path)));

function writable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function checkPermissions(dataDir: string): Finding[] {
  if ((statSync(dataDir).mode & 0o077) !== 0)
    return [
      warn(
        "permissions",
        "Other users of this machine can look into the data folder.",
        `chmod 700 ${dataDir}`,
      ),
    ];
  const user = process.getuid?.() ?? 0;
  const foreign = readdirSync(dataDir).filter(
    (name) => user !== 0 && statSync(join(dataDir, name)).uid !== user,
  );
  if (foreign.length > 0)
    return [
      fail(
        "permissions",
        `Files in the data folder belong to another user: ${foreign.slice(0, 5).join(", ")}.`,
        `chown -R ${user} ${dataDir}`,
      ),
    ];
  return [ok("permissions", "The data folder is this user's alone.")];
}

function checkSpace({ config }: Patient, place: string): Finding {
  const free = freeBytes(place);
  const reserve = config.WAYPOST_DISK_RESERVE;
  const says = `${megabytes(free)} free; writes stop below ${megabytes(reserve)} (WAYPOST_DISK_RESERVE).`;
  const fix = "Free some space, or move the data folder to a larger disk.";
  if (free < reserve) return fail("disk space", says, fix);
  return free < 3 * reserve ? warn("disk space", says, fix) : ok("disk space", says);
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6).toLocaleString("en")} MB`;

function checkFileSystem({ config }: Patient, place: string): Finding[] {
  const { name, ephemeral, network } = fileSystemOf(place);
  const mode = journalMode(place, config.WAYPOST_CLICKS_JOURNAL);
  return [
    checkLasting(name, ephemeral, config.WAYPOST_ALLOW_EPHEMERAL),
    network
      ? warn(
          "file system",
          `${name} is shared over a network: its locks and syncs cannot be relied on.`,
          "Put the data folder on a disk of this machine, and the links into Postgres (WAYPOST_DATABASE_URL) if they must live elsewhere.",
        )
      : ok("file system", name),
    ok(
      "click journal",
      mode === "map"
        ? "memory-mapped"
        : `written with a system call a click, because ${name} is not known to map safely`,
    ),
  ];
}

function checkLasting(name: string, ephemeral: boolean, allowed: boolean): Finding {
  if (!ephemeral) return ok("lasting", `${name} outlives a restart.`);
  const says = `The data folder lies on ${name}, which does not outlive this machine or container.`;
  return allowed
    ? warn("lasting", says, "Mount a volume there once links matter.")
    : fail("lasting", says, "Mount a volume there, or set WAYPOST_ALLOW_EPHEMERAL=true if that is meant.");
}

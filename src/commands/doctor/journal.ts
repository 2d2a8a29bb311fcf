import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { journalPath } from "../../clicks/journal/directory.ts";
import { type Finding, ok, type Patient, warn } from "./finding.ts";

/** What the click journal has had to put aside: clicks are in there that were not counted. */
export function checkJournal({ dataDir }: Patient): Finding[] {
  const journal = journalPath(dataDir);
  const damaged = filesIn(join(journal, "damaged"));
  const refused = filesIn(join(journal, "refused"));
  if (damaged + refused === 0) return [ok("journal segments", "None is damaged.")];
  const says = [
    ...(damaged > 0 ? [`${damaged} damaged stretch(es) in damaged/`] : []),
    ...(refused > 0 ? [`${refused} foreign or broken file(s) in refused/`] : []),
  ].join(", ");
  return [
    warn(
      "journal segments",
      `${says} of ${journal}: the clicks in them are not counted.`,
      "Look for failing hardware (dmesg, smartctl); remove the files when they are of no use any more.",
    ),
  ];
}

const filesIn = (folder: string): number => (existsSync(folder) ? readdirSync(folder).length : 0);

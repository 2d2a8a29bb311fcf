import postgres0001 from "../../migrations/postgres/0001_first.sql" with { type: "text" };
import postgres0002 from "../../migrations/postgres/0002_jobs.sql" with { type: "text" };
import postgres0003 from "../../migrations/postgres/0003_list_indexes.sql" with { type: "text" };
import postgres0004 from "../../migrations/postgres/0004_mail.sql" with { type: "text" };
import postgres0005 from "../../migrations/postgres/0005_identity.sql" with { type: "text" };
import postgres0006 from "../../migrations/postgres/0006_workspaces.sql" with { type: "text" };
import postgres0007 from "../../migrations/postgres/0007_keys.sql" with { type: "text" };
import postgres0008 from "../../migrations/postgres/0008_audit.sql" with { type: "text" };
import postgres0009 from "../../migrations/postgres/0009_mail_lists.sql" with { type: "text" };
import postgres0011 from "../../migrations/postgres/0011_fields.sql" with { type: "text" };
import postgres0012 from "../../migrations/postgres/0012_organise.sql" with { type: "text" };
import postgres0013 from "../../migrations/postgres/0013_rules.sql" with { type: "text" };
import postgres0014 from "../../migrations/postgres/0014_domains.sql" with { type: "text" };
import postgres0015 from "../../migrations/postgres/0015_qr.sql" with { type: "text" };
import postgres0016 from "../../migrations/postgres/0016_transfer.sql" with { type: "text" };
import sqlite0001 from "../../migrations/sqlite/0001_first.sql" with { type: "text" };
import sqlite0002 from "../../migrations/sqlite/0002_jobs.sql" with { type: "text" };
import sqlite0003 from "../../migrations/sqlite/0003_list_indexes.sql" with { type: "text" };
import sqlite0004 from "../../migrations/sqlite/0004_mail.sql" with { type: "text" };
import sqlite0005 from "../../migrations/sqlite/0005_identity.sql" with { type: "text" };
import sqlite0006 from "../../migrations/sqlite/0006_workspaces.sql" with { type: "text" };
import sqlite0007 from "../../migrations/sqlite/0007_keys.sql" with { type: "text" };
import sqlite0008 from "../../migrations/sqlite/0008_audit.sql" with { type: "text" };
import sqlite0009 from "../../migrations/sqlite/0009_mail_lists.sql" with { type: "text" };
import sqlite0011 from "../../migrations/sqlite/0011_fields.sql" with { type: "text" };
import sqlite0012 from "../../migrations/sqlite/0012_organise.sql" with { type: "text" };
import sqlite0013 from "../../migrations/sqlite/0013_rules.sql" with { type: "text" };
import sqlite0014 from "../../migrations/sqlite/0014_domains.sql" with { type: "text" };
import sqlite0015 from "../../migrations/sqlite/0015_qr.sql" with { type: "text" };
import sqlite0016 from "../../migrations/sqlite/0016_transfer.sql" with { type: "text" };

/** One step of the schema, in both dialects. Once released it is never edited: the next step corrects it. */
export interface Migration {
  readonly name: string;
  readonly sqlite: string;
  readonly postgres: string;
  /** SQLite rebuilds a table that others refer to: foreign keys are off meanwhile and checked before the commit. */
  readonly rebuilds?: true;
}

/** In order, forever. A new migration is a new file in both folders and a new line here. */
export const migrations: readonly Migration[] = [
  { name: "0001_first", sqlite: sqlite0001, postgres: postgres0001 },
  { name: "0002_jobs", sqlite: sqlite0002, postgres: postgres0002 },
  { name: "0003_list_indexes", sqlite: sqlite0003, postgres: postgres0003 },
  { name: "0004_mail", sqlite: sqlite0004, postgres: postgres0004 },
  { name: "0005_identity", sqlite: sqlite0005, postgres: postgres0005 },
  { name: "0006_workspaces", sqlite: sqlite0006, postgres: postgres0006 },
  { name: "0007_keys", sqlite: sqlite0007, postgres: postgres0007 },
  { name: "0008_audit", sqlite: sqlite0008, postgres: postgres0008 },
  { name: "0009_mail_lists", sqlite: sqlite0009, postgres: postgres0009 },
  { name: "0011_fields", sqlite: sqlite0011, postgres: postgres0011 },
  { name: "0012_organise", sqlite: sqlite0012, postgres: postgres0012 },
  { name: "0013_rules", sqlite: sqlite0013, postgres: postgres0013 },
  { name: "0014_domains", sqlite: sqlite0014, postgres: postgres0014 },
  { name: "0015_qr", sqlite: sqlite0015, postgres: postgres0015 },
  { name: "0016_transfer", sqlite: sqlite0016, postgres: postgres0016 },
];

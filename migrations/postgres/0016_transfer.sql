-- Files of links: made to be taken away, and brought to be taken in.
create table exports (
  id text collate "C" not null primary key,
  workspace_id text collate "C" not null references workspaces (id) on delete cascade,
  job_id text collate "C" not null,
  format text collate "C" not null,
  filters text collate "C" not null,
  columns text collate "C" not null,
  state text collate "C" not null,
  "rows" bigint not null,
  bytes bigint not null,
  error text collate "C",
  created_by text collate "C" not null,
  created_at bigint not null,
  completed_at bigint,
  expires_at bigint
);
create index exports_workspace on exports (workspace_id, id);
create index exports_expires on exports (expires_at) where expires_at is not null;

create table imports (
  id text collate "C" not null primary key,
  workspace_id text collate "C" not null references workspaces (id) on delete cascade,
  job_id text collate "C" not null,
  file_hash text collate "C" not null,
  bytes bigint not null,
  format text collate "C" not null,
  options text collate "C" not null,
  state text collate "C" not null,
  rows_read bigint not null,
  rows_made bigint not null,
  rows_changed bigint not null,
  rows_skipped bigint not null,
  rows_refused bigint not null,
  undone bigint not null,
  error text collate "C",
  created_by text collate "C" not null,
  created_at bigint not null,
  ended_at bigint
);
create index imports_workspace on imports (workspace_id, id);
create index imports_hash on imports (workspace_id, file_hash);

-- What an import made or changed, and how that was before.
create table import_links (
  import_id text collate "C" not null references imports (id) on delete cascade,
  link_id text collate "C" not null,
  before text collate "C",
  primary key (import_id, link_id)
);

create table import_problems (
  import_id text collate "C" not null references imports (id) on delete cascade,
  "row" bigint not null,
  code text collate "C" not null,
  path text collate "C" not null,
  message text collate "C" not null,
  primary key (import_id, "row")
);

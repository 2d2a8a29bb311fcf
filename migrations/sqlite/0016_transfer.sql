-- Files of links: made to be taken away, and brought to be taken in.
create table exports (
  id text not null primary key,
  workspace_id text not null references workspaces (id) on delete cascade,
  job_id text not null,
  format text not null,
  filters text not null,
  columns text not null,
  state text not null,
  rows integer not null,
  bytes integer not null,
  error text,
  created_by text not null,
  created_at integer not null,
  completed_at integer,
  expires_at integer
) strict;
create index exports_workspace on exports (workspace_id, id);
create index exports_expires on exports (expires_at) where expires_at is not null;

create table imports (
  id text not null primary key,
  workspace_id text not null references workspaces (id) on delete cascade,
  job_id text not null,
  file_hash text not null,
  bytes integer not null,
  format text not null,
  options text not null,
  state text not null,
  rows_read integer not null,
  rows_made integer not null,
  rows_changed integer not null,
  rows_skipped integer not null,
  rows_refused integer not null,
  undone integer not null,
  error text,
  created_by text not null,
  created_at integer not null,
  ended_at integer
) strict;
create index imports_workspace on imports (workspace_id, id);
create index imports_hash on imports (workspace_id, file_hash);

-- What an import made or changed, and how that was before.
create table import_links (
  import_id text not null references imports (id) on delete cascade,
  link_id text not null,
  before text,
  primary key (import_id, link_id)
) strict, without rowid;

create table import_problems (
  import_id text not null references imports (id) on delete cascade,
  row integer not null,
  code text not null,
  path text not null,
  message text not null,
  primary key (import_id, row)
) strict, without rowid;

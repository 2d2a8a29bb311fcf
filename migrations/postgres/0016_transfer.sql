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

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

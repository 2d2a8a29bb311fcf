create table qr_templates (
  id text not null primary key,
  workspace_id text not null references workspaces (id) on delete cascade,
  name text not null,
  name_key text not null,
  style text not null,
  is_default integer not null,
  created_by text not null,
  created_at integer not null,
  updated_at integer not null
) strict;
create unique index qr_templates_name on qr_templates (workspace_id, name_key);
create unique index qr_templates_default on qr_templates (workspace_id) where is_default;

create table qr_logos (
  id text not null primary key,
  workspace_id text not null references workspaces (id) on delete cascade,
  domain_id text references domains (id) on delete cascade,
  png text not null,
  hash text not null,
  width integer not null,
  height integer not null,
  created_at integer not null,
  updated_at integer not null
) strict;
create unique index qr_logos_workspace on qr_logos (workspace_id) where domain_id is null;
create unique index qr_logos_domain on qr_logos (domain_id, workspace_id) where domain_id is not null;

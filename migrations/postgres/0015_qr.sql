create table qr_templates (
  id text collate "C" not null primary key,
  workspace_id text collate "C" not null references workspaces (id) on delete cascade,
  name text collate "C" not null,
  name_key text collate "C" not null,
  style text collate "C" not null,
  is_default boolean not null,
  created_by text collate "C" not null,
  created_at bigint not null,
  updated_at bigint not null
);
create unique index qr_templates_name on qr_templates (workspace_id, name_key);
create unique index qr_templates_default on qr_templates (workspace_id) where is_default;

create table qr_logos (
  id text collate "C" not null primary key,
  workspace_id text collate "C" not null references workspaces (id) on delete cascade,
  domain_id text collate "C" references domains (id) on delete cascade,
  png text collate "C" not null,
  hash text collate "C" not null,
  width bigint not null,
  height bigint not null,
  created_at bigint not null,
  updated_at bigint not null
);
create unique index qr_logos_workspace on qr_logos (workspace_id) where domain_id is null;
create unique index qr_logos_domain on qr_logos (domain_id, workspace_id) where domain_id is not null;

alter table workspaces add column slug text collate "C";
alter table workspaces add column test_of text collate "C" references workspaces (id) on delete cascade;
alter table workspaces add column personal_of text collate "C" references users (id) on delete set null;
alter table workspaces add column time_zone text collate "C" not null default 'UTC';
alter table workspaces add column locale text collate "C" not null default 'en';
alter table workspaces add column brand text collate "C" not null default '{}';
alter table workspaces add column link_defaults text collate "C" not null default '{}';
alter table workspaces add column created_by text collate "C";
alter table workspaces add column deleted_at bigint;
alter table workspaces add column purge_at bigint;
create unique index workspaces_slug on workspaces (slug) where slug is not null;
create unique index workspaces_test_of on workspaces (test_of) where test_of is not null;
create unique index workspaces_personal_of on workspaces (personal_of) where personal_of is not null;
create index workspaces_purge on workspaces (purge_at) where purge_at is not null;

create table roles (
  id text collate "C" not null primary key,
  workspace_id text collate "C" not null references workspaces (id) on delete cascade,
  name text collate "C" not null,
  name_key text collate "C" not null,
  permissions text collate "C" not null,
  created_at bigint not null,
  updated_at bigint not null
);
create unique index roles_name on roles (workspace_id, name_key);

create table invites (
  id text collate "C" not null primary key,
  workspace_id text collate "C" not null references workspaces (id) on delete cascade,
  email text collate "C" not null,
  email_key text collate "C" not null,
  role text collate "C" not null,
  token_hash text collate "C" not null,
  invited_by text collate "C" not null,
  created_at bigint not null,
  sent_at bigint not null,
  expires_at bigint not null,
  ended_at bigint,
  ended_as text collate "C" check (ended_as in ('accepted', 'declined', 'revoked')),
  accepted_by text collate "C"
);
create unique index invites_token on invites (token_hash);
create unique index invites_open on invites (workspace_id, email_key) where ended_at is null;
create index invites_workspace on invites (workspace_id, id);
create index invites_email on invites (email_key) where ended_at is null;

create table transfers (
  workspace_id text collate "C" not null primary key references workspaces (id) on delete cascade,
  from_user_id text collate "C" not null references users (id) on delete cascade,
  to_user_id text collate "C" not null references users (id) on delete cascade,
  created_at bigint not null,
  expires_at bigint not null
);

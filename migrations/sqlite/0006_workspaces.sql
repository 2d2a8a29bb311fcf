alter table workspaces add column slug text;
alter table workspaces add column test_of text references workspaces (id) on delete cascade;
alter table workspaces add column personal_of text references users (id) on delete set null;
alter table workspaces add column time_zone text not null default 'UTC';
alter table workspaces add column locale text not null default 'en';
alter table workspaces add column brand text not null default '{}';
alter table workspaces add column link_defaults text not null default '{}';
alter table workspaces add column created_by text;
alter table workspaces add column deleted_at integer;
alter table workspaces add column purge_at integer;
create unique index workspaces_slug on workspaces (slug) where slug is not null;
create unique index workspaces_test_of on workspaces (test_of) where test_of is not null;
create unique index workspaces_personal_of on workspaces (personal_of) where personal_of is not null;
create index workspaces_purge on workspaces (purge_at) where purge_at is not null;

create table roles (
  id text not null primary key,
  workspace_id text not null references workspaces (id) on delete cascade,
  name text not null,
  name_key text not null,
  permissions text not null,
  created_at integer not null,
  updated_at integer not null
) strict;
create unique index roles_name on roles (workspace_id, name_key);

create table invites (
  id text not null primary key,
  workspace_id text not null references workspaces (id) on delete cascade,
  email text not null,
  email_key text not null,
  role text not null,
  token_hash text not null,
  invited_by text not null,
  created_at integer not null,
  sent_at integer not null,
  expires_at integer not null,
  ended_at integer,
  ended_as text check (ended_as in ('accepted', 'declined', 'revoked')),
  accepted_by text
) strict;
create unique index invites_token on invites (token_hash);
create unique index invites_open on invites (workspace_id, email_key) where ended_at is null;
create index invites_workspace on invites (workspace_id, id);
create index invites_email on invites (email_key) where ended_at is null;

create table transfers (
  workspace_id text not null primary key references workspaces (id) on delete cascade,
  from_user_id text not null references users (id) on delete cascade,
  to_user_id text not null references users (id) on delete cascade,
  created_at integer not null,
  expires_at integer not null
) strict;

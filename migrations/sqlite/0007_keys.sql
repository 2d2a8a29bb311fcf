create table tiers (
  name text not null primary key,
  about text not null,
  per_minute integer,
  per_hour integer,
  per_day integer,
  created_at integer not null,
  updated_at integer not null
) strict;

create table rate_windows (
  subject text not null,
  seconds integer not null,
  started_at integer not null,
  used integer not null,
  primary key (subject, seconds)
) strict;
create index rate_windows_started on rate_windows (seconds, started_at);

create table extensions (
  id text not null primary key,
  workspace_id text not null references workspaces (id) on delete cascade,
  name text not null,
  app_id text not null,
  store_url text,
  enabled integer not null,
  created_by text not null,
  created_at integer not null,
  updated_at integer not null
) strict;
create unique index extensions_app on extensions (workspace_id, app_id);
create index extensions_workspace on extensions (workspace_id, id);

alter table keys add column kind text not null default 'secret' check (kind in ('secret', 'publishable', 'extension', 'personal'));
alter table keys add column user_id text references users (id) on delete cascade;
alter table keys add column maker_id text;
alter table keys add column confirmed_by text;
alter table keys add column extension_id text references extensions (id);
alter table keys add column origins text;
alter table keys add column networks text;
alter table keys add column tier text;
alter table keys add column previous_hash text;
alter table keys add column previous_until integer;
alter table keys add column rotated_at integer;
alter table keys add column last_used_country text;
alter table keys add column updated_at integer not null default 0;
update keys set
  updated_at = created_at,
  maker_id = case when created_by like 'usr\_%' escape '\' then created_by end,
  confirmed_by = case when created_by like 'usr\_%' escape '\' then created_by else 'operator' end;
create unique index keys_previous_hash on keys (previous_hash);
create index keys_user on keys (user_id, id);
create index keys_extension on keys (extension_id);
create index keys_tier on keys (tier);

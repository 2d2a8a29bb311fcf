create table tiers (
  name text collate "C" not null primary key,
  about text collate "C" not null,
  per_minute bigint,
  per_hour bigint,
  per_day bigint,
  created_at bigint not null,
  updated_at bigint not null
);

create table rate_windows (
  subject text collate "C" not null,
  seconds bigint not null,
  started_at bigint not null,
  used bigint not null,
  primary key (subject, seconds)
);
create index rate_windows_started on rate_windows (seconds, started_at);

create table extensions (
  id text collate "C" not null primary key,
  workspace_id text collate "C" not null references workspaces (id) on delete cascade,
  name text collate "C" not null,
  app_id text collate "C" not null,
  store_url text collate "C",
  enabled boolean not null,
  created_by text collate "C" not null,
  created_at bigint not null,
  updated_at bigint not null
);
create unique index extensions_app on extensions (workspace_id, app_id);
create index extensions_workspace on extensions (workspace_id, id);

alter table keys add column kind text collate "C" not null default 'secret' check (kind in ('secret', 'publishable', 'extension', 'personal'));
alter table keys add column user_id text collate "C" references users (id) on delete cascade;
alter table keys add column maker_id text collate "C";
alter table keys add column confirmed_by text collate "C";
alter table keys add column extension_id text collate "C" references extensions (id);
alter table keys add column origins text collate "C";
alter table keys add column networks text collate "C";
alter table keys add column tier text collate "C";
alter table keys add column previous_hash text collate "C";
alter table keys add column previous_until bigint;
alter table keys add column rotated_at bigint;
alter table keys add column last_used_country text collate "C";
alter table keys add column updated_at bigint not null default 0;
update keys set
  updated_at = created_at,
  maker_id = case when created_by like 'usr\_%' escape '\' then created_by end,
  confirmed_by = case when created_by like 'usr\_%' escape '\' then created_by else 'operator' end;
create unique index keys_previous_hash on keys (previous_hash);
create index keys_user on keys (user_id, id);
create index keys_extension on keys (extension_id);
create index keys_tier on keys (tier);

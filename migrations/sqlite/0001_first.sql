create table installation (
  id integer primary key check (id = 1),
  installation_id text not null,
  set_up_at integer,
  base_url text,
  created_at integer not null
) strict;

create table idempotency (
  id text not null primary key,
  request_hash text not null,
  status integer not null,
  body text not null,
  created_at integer not null,
  expires_at integer not null
) strict;
create index idempotency_expires on idempotency (expires_at);

create table events (
  id text not null primary key,
  workspace_id text,
  type text not null,
  actor_kind text not null,
  actor_id text not null,
  subject_id text not null,
  data text not null,
  origin text not null,
  created_at integer not null
) strict;
create index events_workspace on events (workspace_id, id);
create index events_subject on events (subject_id, id);

create table users (
  id text not null primary key,
  email text not null,
  email_key text not null,
  password_hash text,
  first_name text,
  last_name text,
  operator integer not null,
  created_at integer not null,
  updated_at integer not null
) strict;
create unique index users_email_key on users (email_key);

create table workspaces (
  id text not null primary key,
  name text not null,
  default_domain_id text,
  created_at integer not null,
  updated_at integer not null
) strict;

create table members (
  workspace_id text not null references workspaces (id) on delete cascade,
  user_id text not null references users (id) on delete cascade,
  role text not null,
  created_at integer not null,
  primary key (workspace_id, user_id)
) strict;
create index members_user on members (user_id);

create table keys (
  id text not null primary key,
  workspace_id text references workspaces (id) on delete cascade,
  name text not null,
  environment text not null,
  hash text not null,
  hint text not null,
  permissions text not null,
  created_by text not null,
  expires_at integer,
  last_used_at integer,
  revoked_at integer,
  created_at integer not null
) strict;
create unique index keys_hash on keys (hash);
create index keys_workspace on keys (workspace_id, id);

create table domains (
  id text not null primary key,
  workspace_id text references workspaces (id),
  host text not null,
  case_sensitive integer not null,
  slug_length integer not null,
  root_url text,
  not_found_url text,
  expired_url text,
  created_at integer not null,
  updated_at integer not null
) strict;
create unique index domains_host on domains (host);
create index domains_workspace on domains (workspace_id, id);

create table links (
  id text not null primary key,
  workspace_id text not null references workspaces (id),
  domain_id text not null references domains (id),
  slug text not null,
  slug_key text not null,
  destination_url text not null,
  destination_hash text not null,
  title text,
  description text,
  tags text not null,
  external_id text,
  redirect_status integer not null,
  forward_query integer not null,
  expires_at integer,
  expired_url text,
  clicks_limit integer,
  search_text text not null,
  version integer not null,
  created_by text not null,
  archived_at integer,
  deleted_at integer,
  created_at integer not null,
  updated_at integer not null
) strict;
create unique index links_slug on links (domain_id, slug_key);
create unique index links_external_id on links (workspace_id, external_id) where external_id is not null;
create index links_created on links (workspace_id, deleted_at, archived_at, created_at, id);
create index links_destination on links (workspace_id, destination_hash);

create table link_tags (
  link_id text not null references links (id) on delete cascade,
  workspace_id text not null,
  tag text not null,
  primary key (link_id, tag)
) strict;
create index link_tags_tag on link_tags (workspace_id, tag, link_id);

create table link_totals (
  link_id text not null primary key,
  clicks integer not null,
  unique_clicks integer not null,
  bot_clicks integer not null,
  last_clicked_at integer,
  sequence integer not null
) strict;
create index link_totals_sequence on link_totals (sequence);

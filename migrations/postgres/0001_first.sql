create table installation (
  id bigint primary key check (id = 1),
  installation_id text collate "C" not null,
  set_up_at bigint,
  base_url text collate "C",
  created_at bigint not null
);

create table idempotency (
  id text collate "C" primary key,
  request_hash text collate "C" not null,
  status bigint not null,
  body text collate "C" not null,
  created_at bigint not null,
  expires_at bigint not null
);
create index idempotency_expires on idempotency (expires_at);

create table events (
  id text collate "C" primary key,
  workspace_id text collate "C",
  type text collate "C" not null,
  actor_kind text collate "C" not null,
  actor_id text collate "C" not null,
  subject_id text collate "C" not null,
  data text collate "C" not null,
  origin text collate "C" not null,
  created_at bigint not null
);
create index events_workspace on events (workspace_id, id);
create index events_subject on events (subject_id, id);

create table users (
  id text collate "C" primary key,
  email text collate "C" not null,
  email_key text collate "C" not null,
  password_hash text collate "C",
  first_name text collate "C",
  last_name text collate "C",
  operator boolean not null,
  created_at bigint not null,
  updated_at bigint not null
);
create unique index users_email_key on users (email_key);

create table workspaces (
  id text collate "C" primary key,
  name text collate "C" not null,
  default_domain_id text collate "C",
  created_at bigint not null,
  updated_at bigint not null
);

create table members (
  workspace_id text collate "C" not null references workspaces (id) on delete cascade,
  user_id text collate "C" not null references users (id) on delete cascade,
  role text collate "C" not null,
  created_at bigint not null,
  primary key (workspace_id, user_id)
);
create index members_user on members (user_id);

create table keys (
  id text collate "C" primary key,
  workspace_id text collate "C" references workspaces (id) on delete cascade,
  name text collate "C" not null,
  environment text collate "C" not null,
  hash text collate "C" not null,
  hint text collate "C" not null,
  permissions text collate "C" not null,
  created_by text collate "C" not null,
  expires_at bigint,
  last_used_at bigint,
  revoked_at bigint,
  created_at bigint not null
);
create unique index keys_hash on keys (hash);
create index keys_workspace on keys (workspace_id, id);

create table domains (
  id text collate "C" primary key,
  workspace_id text collate "C" references workspaces (id),
  host text collate "C" not null,
  case_sensitive boolean not null,
  slug_length bigint not null,
  root_url text collate "C",
  not_found_url text collate "C",
  expired_url text collate "C",
  created_at bigint not null,
  updated_at bigint not null
);
create unique index domains_host on domains (host);
create index domains_workspace on domains (workspace_id, id);

create table links (
  id text collate "C" primary key,
  workspace_id text collate "C" not null references workspaces (id),
  domain_id text collate "C" not null references domains (id),
  slug text collate "C" not null,
  slug_key text collate "C" not null,
  destination_url text collate "C" not null,
  destination_hash text collate "C" not null,
  title text collate "C",
  description text collate "C",
  tags text collate "C" not null,
  external_id text collate "C",
  redirect_status bigint not null,
  forward_query boolean not null,
  expires_at bigint,
  expired_url text collate "C",
  clicks_limit bigint,
  search_text text collate "C" not null,
  version bigint not null,
  created_by text collate "C" not null,
  archived_at bigint,
  deleted_at bigint,
  created_at bigint not null,
  updated_at bigint not null
);
create unique index links_slug on links (domain_id, slug_key);
create unique index links_external_id on links (workspace_id, external_id) where external_id is not null;
create index links_created on links (workspace_id, deleted_at, archived_at, created_at, id);
create index links_destination on links (workspace_id, destination_hash);

create table link_tags (
  link_id text collate "C" not null references links (id) on delete cascade,
  workspace_id text collate "C" not null,
  tag text collate "C" not null,
  primary key (link_id, tag)
);
create index link_tags_tag on link_tags (workspace_id, tag, link_id);

create table link_totals (
  link_id text collate "C" primary key,
  clicks bigint not null,
  unique_clicks bigint not null,
  bot_clicks bigint not null,
  last_clicked_at bigint,
  sequence bigint not null
);
create index link_totals_sequence on link_totals (sequence);

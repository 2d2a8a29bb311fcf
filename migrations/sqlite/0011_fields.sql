-- A column for what queries look into; all else that may hang on a link stands in `options`.
alter table links add column enabled integer not null default 1;
alter table links add column notes text;
alter table links add column starts_at integer;
alter table links add column folder_id text;
alter table links add column campaign_id text;
alter table links add column password_hash text;
alter table links add column forward_path integer not null default 0;
alter table links add column options text;
-- Few links are in these, and the others pay nothing for them.
create index links_disabled on links (workspace_id, created_at, id) where not enabled;
create index links_forward_path on links (domain_id) where forward_path;

create table link_comments (
  id text not null primary key,
  workspace_id text not null,
  link_id text not null references links (id) on delete cascade,
  text text not null,
  created_by text not null,
  created_at integer not null
) strict;
create index link_comments_link on link_comments (link_id, id);

-- A column for what queries look into; all else that may hang on a link stands in `options`.
alter table links add column enabled boolean not null default true;
alter table links add column notes text collate "C";
alter table links add column starts_at bigint;
alter table links add column folder_id text collate "C";
alter table links add column campaign_id text collate "C";
alter table links add column password_hash text collate "C";
alter table links add column forward_path boolean not null default false;
alter table links add column options text collate "C";
-- Few links are in these, and the others pay nothing for them.
create index links_disabled on links (workspace_id, created_at, id) where not enabled;
create index links_forward_path on links (domain_id) where forward_path;

create table link_comments (
  id text collate "C" not null primary key,
  workspace_id text collate "C" not null,
  link_id text collate "C" not null references links (id) on delete cascade,
  text text collate "C" not null,
  created_by text collate "C" not null,
  created_at bigint not null
);
create index link_comments_link on link_comments (link_id, id);

create table tags (
  id text not null primary key,
  workspace_id text not null references workspaces (id) on delete cascade,
  name text not null,
  name_key text not null,
  color text not null,
  merged_into text,
  gone_at integer,
  created_by text not null,
  created_at integer not null,
  updated_at integer not null
) strict;
create unique index tags_name on tags (workspace_id, name_key);
create index tags_gone on tags (gone_at) where gone_at is not null;

create table folders (
  id text not null primary key,
  workspace_id text not null references workspaces (id) on delete cascade,
  parent_id text references folders (id) on delete cascade,
  name text not null,
  name_key text not null,
  access text,
  created_by text not null,
  created_at integer not null,
  updated_at integer not null
) strict;
create unique index folders_name on folders (workspace_id, coalesce(parent_id, ''), name_key);
create index folders_parent on folders (parent_id);

create table folder_members (
  folder_id text not null references folders (id) on delete cascade,
  workspace_id text not null references workspaces (id) on delete cascade,
  user_id text not null references users (id) on delete cascade,
  access text not null,
  created_at integer not null,
  primary key (folder_id, user_id)
) strict;
create index folder_members_user on folder_members (workspace_id, user_id);
create index folder_members_users on folder_members (user_id);

create table campaigns (
  id text not null primary key,
  workspace_id text not null references workspaces (id) on delete cascade,
  name text not null,
  name_key text not null,
  description text,
  status text not null,
  cost_model text,
  cost_amount integer,
  currency text,
  daily_budget integer,
  total_budget integer,
  thresholds text not null,
  goals text not null,
  created_by text not null,
  created_at integer not null,
  updated_at integer not null
) strict;
create unique index campaigns_name on campaigns (workspace_id, name_key);

create table utm_templates (
  id text not null primary key,
  workspace_id text not null references workspaces (id) on delete cascade,
  name text not null,
  name_key text not null,
  source text,
  medium text,
  campaign text,
  term text,
  content text,
  created_by text not null,
  created_at integer not null,
  updated_at integer not null
) strict;
create unique index utm_templates_name on utm_templates (workspace_id, name_key);

create table views (
  id text not null primary key,
  workspace_id text not null references workspaces (id) on delete cascade,
  owner_id text not null,
  name text not null,
  name_key text not null,
  shared integer not null,
  query text not null,
  columns text not null,
  created_at integer not null,
  updated_at integer not null
) strict;
create unique index views_name on views (workspace_id, owner_id, name_key);
create index views_shared on views (workspace_id) where shared;

-- Few links stand in a folder or a campaign, and the others pay nothing for it.
create index links_folder on links (workspace_id, folder_id, created_at, id, deleted_at, archived_at) where folder_id is not null;
create index links_campaign on links (workspace_id, campaign_id, created_at, id, deleted_at, archived_at) where campaign_id is not null;

-- Tags were words that stood on links; they become things of their own. Names that differ by case alone are one tag. What
-- SQLite cannot fold (`Ä`) is folded by the job `tags.settle`.
insert into tags (id, workspace_id, name, name_key, color, created_by, created_at, updated_at)
  select 'tag_' || '0' || substr(lower(hex(randomblob(13))), 1, 25),
    workspace_id, min(tag), lower(tag), 'gray', 'migration', unixepoch() * 1000, unixepoch() * 1000
  from link_tags group by workspace_id, lower(tag);
create table link_tags_now (
  link_id text not null references links (id) on delete cascade,
  tag_id text not null references tags (id),
  workspace_id text not null,
  position integer not null,
  shelf integer not null,
  primary key (link_id, tag_id)
) strict;
insert or ignore into link_tags_now (link_id, tag_id, workspace_id, position, shelf)
  select links.id, tags.id, links.workspace_id, one.key,
    case when links.deleted_at is not null then 2 when links.archived_at is not null then 1 else 0 end
  from link_tags
  join links on links.id = link_tags.link_id
  join tags on tags.workspace_id = links.workspace_id and tags.name_key = lower(link_tags.tag)
  left join json_each(links.tags) as one on one.value = link_tags.tag
  order by links.id, one.key;
drop table link_tags;
alter table link_tags_now rename to link_tags;
create index link_tags_tag on link_tags (tag_id, shelf, link_id);
alter table links drop column tags;

-- What search looks into: words with a space before each, and the ids of tags.
update links set search_text = ' ' || trim(
  replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(search_text, char(10), ' '), char(9), ' '), '!', ' '), '"', ' '), '#', ' '), '$', ' '), '%', ' '), '&', ' '), '''', ' '), '(', ' '), ')', ' '), '*', ' '), '+', ' '), ',', ' '), '-', ' '), '.', ' '), '/', ' '), ':', ' '), ';', ' '), '<', ' '), '=', ' '), '>', ' '), '?', ' '), '@', ' '), '[', ' '), '\', ' '), ']', ' '), '^', ' '), '_', ' '), '`', ' '), '{', ' '), '|', ' '), '}', ' '), '~', ' ')
) || coalesce((select string_agg(' ' || tag_id, '') from link_tags where link_id = links.id), '');

-- The index of words. Each stands with the end of the workspace's id before it, so that nobody's search ever reads the words
-- of others. Nothing but the index is kept, and triggers write it: whoever writes links has written it, too. Rows are known
-- by the number SQLite gives them, which stays the same for as long as the table has an index.
create virtual table link_search using fts5 (
  words, content = '', contentless_delete = 1, detail = none, prefix = '9', tokenize = "ascii tokenchars '_'"
);
insert into link_search (link_search, rank) values ('automerge', 16);
insert into link_search (link_search, rank) values ('usermerge', 8);
insert into link_search (rowid, words)
  select rowid, replace(search_text, ' ', ' ' || substr(workspace_id, -6)) from links;
create trigger links_search_insert after insert on links begin
  insert into link_search (rowid, words)
    values (new.rowid, replace(new.search_text, ' ', ' ' || substr(new.workspace_id, -6))); end;
create trigger links_search_update after update of search_text, workspace_id on links
when new.search_text <> old.search_text or new.workspace_id <> old.workspace_id begin
  update link_search set words = replace(new.search_text, ' ', ' ' || substr(new.workspace_id, -6)) where rowid = old.rowid; end;
create trigger links_search_delete after delete on links begin
  delete from link_search where rowid = old.rowid; end;

create table tags (
  id text collate "C" primary key,
  workspace_id text collate "C" not null references workspaces (id) on delete cascade,
  name text collate "C" not null,
  name_key text collate "C" not null,
  color text collate "C" not null,
  merged_into text collate "C",
  gone_at bigint,
  created_by text collate "C" not null,
  created_at bigint not null,
  updated_at bigint not null
);
create unique index tags_name on tags (workspace_id, name_key);
create index tags_gone on tags (gone_at) where gone_at is not null;

create table folders (
  id text collate "C" primary key,
  workspace_id text collate "C" not null references workspaces (id) on delete cascade,
  parent_id text collate "C" references folders (id) on delete cascade,
  name text collate "C" not null,
  name_key text collate "C" not null,
  access text collate "C",
  created_by text collate "C" not null,
  created_at bigint not null,
  updated_at bigint not null
);
create unique index folders_name on folders (workspace_id, coalesce(parent_id, ''), name_key);
create index folders_parent on folders (parent_id);

create table folder_members (
  folder_id text collate "C" not null references folders (id) on delete cascade,
  workspace_id text collate "C" not null references workspaces (id) on delete cascade,
  user_id text collate "C" not null references users (id) on delete cascade,
  access text collate "C" not null,
  created_at bigint not null,
  primary key (folder_id, user_id)
);
create index folder_members_user on folder_members (workspace_id, user_id);
create index folder_members_users on folder_members (user_id);

create table campaigns (
  id text collate "C" primary key,
  workspace_id text collate "C" not null references workspaces (id) on delete cascade,
  name text collate "C" not null,
  name_key text collate "C" not null,
  description text collate "C",
  status text collate "C" not null,
  cost_model text collate "C",
  cost_amount bigint,
  currency text collate "C",
  daily_budget bigint,
  total_budget bigint,
  thresholds text collate "C" not null,
  goals text collate "C" not null,
  created_by text collate "C" not null,
  created_at bigint not null,
  updated_at bigint not null
);
create unique index campaigns_name on campaigns (workspace_id, name_key);

create table utm_templates (
  id text collate "C" primary key,
  workspace_id text collate "C" not null references workspaces (id) on delete cascade,
  name text collate "C" not null,
  name_key text collate "C" not null,
  source text collate "C",
  medium text collate "C",
  campaign text collate "C",
  term text collate "C",
  content text collate "C",
  created_by text collate "C" not null,
  created_at bigint not null,
  updated_at bigint not null
);
create unique index utm_templates_name on utm_templates (workspace_id, name_key);

create table views (
  id text collate "C" primary key,
  workspace_id text collate "C" not null references workspaces (id) on delete cascade,
  owner_id text collate "C" not null,
  name text collate "C" not null,
  name_key text collate "C" not null,
  shared boolean not null,
  query text collate "C" not null,
  columns text collate "C" not null,
  created_at bigint not null,
  updated_at bigint not null
);
create unique index views_name on views (workspace_id, owner_id, name_key);
create index views_shared on views (workspace_id) where shared;

-- Few links stand in a folder or a campaign, and the others pay nothing for it.
create index links_folder on links (workspace_id, folder_id, created_at, id, deleted_at, archived_at) where folder_id is not null;
create index links_campaign on links (workspace_id, campaign_id, created_at, id, deleted_at, archived_at) where campaign_id is not null;

-- Tags were words that stood on links; they become things of their own. Names that differ by case alone are one tag.
insert into tags (id, workspace_id, name, name_key, color, created_by, created_at, updated_at)
  select 'tag_0' || substr(md5(random()::text) , 1, 25), workspace_id, min(tag), lower(tag), 'gray', 'migration',
    (extract(epoch from now()) * 1000)::bigint, (extract(epoch from now()) * 1000)::bigint
  from link_tags group by workspace_id, lower(tag);
create table link_tags_now (
  link_id text collate "C" not null references links (id) on delete cascade,
  tag_id text collate "C" not null references tags (id),
  workspace_id text collate "C" not null,
  position bigint not null,
  shelf bigint not null,
  constraint link_tags_now_pkey primary key (link_id, tag_id)
);
insert into link_tags_now (link_id, tag_id, workspace_id, position, shelf)
  select links.id, tags.id, links.workspace_id, one.place - 1,
    case when links.deleted_at is not null then 2 when links.archived_at is not null then 1 else 0 end
  from links
  cross join json_array_elements_text(links.tags::json) with ordinality as one (tag, place)
  join tags on tags.workspace_id = links.workspace_id and tags.name_key = lower(one.tag collate "C")
  order by links.id, one.place
  on conflict do nothing;
drop table link_tags;
alter table link_tags_now rename to link_tags;
alter index link_tags_now_pkey rename to link_tags_pkey;
alter table link_tags rename constraint link_tags_now_link_id_fkey to link_tags_link_id_fkey;
alter table link_tags rename constraint link_tags_now_tag_id_fkey to link_tags_tag_id_fkey;
create index link_tags_tag on link_tags (tag_id, shelf, link_id);
alter table links drop column tags;

-- What search looks into: words with a space before each, and the ids of tags.
update links set search_text = ' ' || trim(regexp_replace(
  regexp_replace(search_text, '[\x01-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]+', ' ', 'g'), '([^ ]{40})[^ ]+', '\1', 'g'
)) || coalesce((select string_agg(' ' || tag_id, '') from link_tags where link_id = links.id), '');

-- The index of words. Each stands with the end of the workspace's id before it, so that nobody's search ever reads the words
-- of others.
create index links_search on links using gin (
  array_to_tsvector(string_to_array(ltrim(replace(search_text, ' ', ' ' || right(workspace_id, 6)), ' '), ' '))
);

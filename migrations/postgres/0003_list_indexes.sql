-- An index for every order of a list. What a list filters by stands at its end, so that links which are passed over
-- are not looked up one by one.
drop index links_created;
create index links_by_updated on links (workspace_id, updated_at, id, deleted_at, archived_at);
create index links_by_expires on links (workspace_id, coalesce(expires_at, 0), id, deleted_at, archived_at);
create index links_by_slug on links (workspace_id, slug_key, id, deleted_at, archived_at);
create index links_by_title on links (workspace_id, coalesce(title, ''), id, deleted_at, archived_at);
create index links_by_created on links (workspace_id, created_at, id, deleted_at, archived_at);

-- Every link has its row of totals from now on, with all that a list sorted by them filters by.
alter table link_totals add column workspace_id text collate "C" not null default '';
alter table link_totals add column shelf bigint not null default 0;
insert into link_totals (link_id, clicks, unique_clicks, bot_clicks, last_clicked_at, sequence)
  select id, 0, 0, 0, null, 0 from links where id not in (select link_id from link_totals);
delete from link_totals where link_id not in (select id from links);
update link_totals set (workspace_id, shelf) = (
  select workspace_id, case when deleted_at is not null then 2 when archived_at is not null then 1 else 0 end
  from links where links.id = link_totals.link_id);
create index link_totals_by_clicks on link_totals (workspace_id, clicks, link_id, shelf);
create index link_totals_by_unique_clicks on link_totals (workspace_id, unique_clicks, link_id, shelf);
create index link_totals_by_bot_clicks on link_totals (workspace_id, bot_clicks, link_id, shelf);
create index link_totals_by_last_clicked on link_totals (workspace_id, coalesce(last_clicked_at, 0), link_id, shelf);

alter table domains add column slug_alphabet text collate "C";
alter table domains add column branding text collate "C";
alter table domains add column archived_at bigint;
-- Null for hosts that were never shown to be the workspace's. They are served as before, unless the operator asks for it.
alter table domains add column verified_at bigint;
alter table domains add column checked_at bigint;
alter table domains add column last_check text collate "C";

-- Texts for programs, up to 64 kB: apart, because each link that is looked up reads the row of its domain.
create table domain_files (
  domain_id text collate "C" not null primary key references domains (id) on delete cascade,
  apple_app_site_association text collate "C",
  asset_links text collate "C",
  robots text collate "C",
  updated_at bigint not null
);

alter table domains add column slug_alphabet text;
alter table domains add column branding text;
alter table domains add column archived_at integer;
-- Null for hosts that were never shown to be the workspace's. They are served as before, unless the operator asks for it.
alter table domains add column verified_at integer;
alter table domains add column checked_at integer;
alter table domains add column last_check text;

-- Texts for programs, up to 64 kB: apart, because each link that is looked up reads the row of its domain.
create table domain_files (
  domain_id text not null primary key references domains (id) on delete cascade,
  apple_app_site_association text,
  asset_links text,
  robots text,
  updated_at integer not null
) strict;

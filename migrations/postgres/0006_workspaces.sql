alter table workspaces add column test_of text collate "C" references workspaces (id) on delete cascade;
create unique index workspaces_test_of on workspaces (test_of) where test_of is not null;

-- Where a link leads instead, and for whom. A rule hangs on a link or on a campaign.
create table rules (
  id text collate "C" not null primary key,
  workspace_id text collate "C" not null references workspaces (id),
  parent_id text collate "C" not null,
  link_id text collate "C" references links (id) on delete cascade,
  position bigint not null,
  name text collate "C" not null,
  description text collate "C",
  enabled boolean not null,
  conditions text collate "C" not null,
  destination_url text collate "C" not null,
  options text collate "C",
  version bigint not null,
  created_by text collate "C" not null,
  created_at bigint not null,
  updated_at bigint not null
);
create index rules_parent on rules (parent_id, position, id);
create index rules_workspace on rules (workspace_id, id);
create index rules_link on rules (link_id);

-- Weighted destinations of a link or of a rule.
create table splits (
  parent_id text collate "C" not null primary key,
  workspace_id text collate "C" not null references workspaces (id),
  link_id text collate "C" references links (id) on delete cascade,
  rule_id text collate "C" references rules (id) on delete cascade,
  variants text collate "C" not null,
  winner_by text collate "C" not null,
  finishes_at bigint,
  finished_at bigint,
  winner_id text collate "C",
  version bigint not null,
  created_by text collate "C" not null,
  created_at bigint not null,
  updated_at bigint not null
);
create index splits_workspace on splits (workspace_id);
create index splits_link on splits (link_id);
create index splits_rule on splits (rule_id);
create index splits_due on splits (finishes_at) where finished_at is null and finishes_at is not null;

-- All rules and splits of a parent as the redirect reads them: one row, found with the link.
create table rule_sets (
  parent_id text collate "C" not null primary key,
  workspace_id text collate "C" not null references workspaces (id),
  link_id text collate "C" references links (id) on delete cascade,
  rules text collate "C" not null,
  split text collate "C"
);
create index rule_sets_workspace on rule_sets (workspace_id);
create index rule_sets_link on rule_sets (link_id);

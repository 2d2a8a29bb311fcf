-- Where a link leads instead, and for whom. A rule hangs on a link or on a campaign.
create table rules (
  id text not null primary key,
  workspace_id text not null references workspaces (id),
  parent_id text not null,
  link_id text references links (id) on delete cascade,
  position integer not null,
  name text not null,
  description text,
  enabled integer not null,
  conditions text not null,
  destination_url text not null,
  options text,
  version integer not null,
  created_by text not null,
  created_at integer not null,
  updated_at integer not null
) strict;
create index rules_parent on rules (parent_id, position, id);
create index rules_workspace on rules (workspace_id, id);
create index rules_link on rules (link_id);

-- Weighted destinations of a link or of a rule.
create table splits (
  parent_id text not null primary key,
  workspace_id text not null references workspaces (id),
  link_id text references links (id) on delete cascade,
  rule_id text references rules (id) on delete cascade,
  variants text not null,
  winner_by text not null,
  finishes_at integer,
  finished_at integer,
  winner_id text,
  version integer not null,
  created_by text not null,
  created_at integer not null,
  updated_at integer not null
) strict;
create index splits_workspace on splits (workspace_id);
create index splits_link on splits (link_id);
create index splits_rule on splits (rule_id);
create index splits_due on splits (finishes_at) where finished_at is null and finishes_at is not null;

-- All rules and splits of a parent as the redirect reads them: one row, found with the link.
create table rule_sets (
  parent_id text not null primary key,
  workspace_id text not null references workspaces (id),
  link_id text references links (id) on delete cascade,
  rules text not null,
  split text
) strict;
create index rule_sets_workspace on rule_sets (workspace_id);
create index rule_sets_link on rule_sets (link_id);

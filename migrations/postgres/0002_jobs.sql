create table jobs (
  id text collate "C" primary key,
  workspace_id text collate "C",
  name text collate "C" not null,
  queue text collate "C" not null,
  lane text collate "C" not null,
  unique_key text collate "C",
  state text collate "C" not null,
  priority bigint not null,
  run_at bigint not null,
  args text collate "C" not null,
  attempts bigint not null,
  attempts_max bigint not null,
  losses bigint not null,
  owner text collate "C",
  lease_until bigint,
  cancel_asked boolean not null,
  progress bigint,
  progress_message text collate "C",
  errors text collate "C" not null,
  created_by text collate "C" not null,
  created_at bigint not null,
  started_at bigint,
  ended_at bigint
);
-- A queue leaves many dead rows behind; they are taken away before they make claims slow.
alter table jobs set (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 10000, fillfactor = 70);

create index jobs_waiting on jobs (queue, lane, priority, id) where state = 'waiting';
create index jobs_scheduled on jobs (run_at, id) where state = 'scheduled';
create index jobs_running on jobs (queue, lane, owner) where state = 'running';
create unique index jobs_unique on jobs (unique_key)
  where unique_key is not null and state in ('scheduled', 'waiting', 'running');
create index jobs_name on jobs (name, state, id);
create index jobs_workspace on jobs (workspace_id, name, state, id);
create index jobs_ended on jobs (state, ended_at) where ended_at is not null;

create index links_trash on links (deleted_at, id) where deleted_at is not null;

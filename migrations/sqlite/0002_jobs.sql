create table jobs (
  id text not null primary key,
  workspace_id text,
  name text not null,
  queue text not null,
  lane text not null,
  unique_key text,
  state text not null,
  priority integer not null,
  run_at integer not null,
  args text not null,
  attempts integer not null,
  attempts_max integer not null,
  losses integer not null,
  owner text,
  lease_until integer,
  cancel_asked integer not null,
  progress integer,
  progress_message text,
  errors text not null,
  created_by text not null,
  created_at integer not null,
  started_at integer,
  ended_at integer
) strict;
create index jobs_waiting on jobs (queue, lane, priority, id) where state = 'waiting';
create index jobs_scheduled on jobs (run_at, id) where state = 'scheduled';
create index jobs_running on jobs (queue, lane, owner) where state = 'running';
create unique index jobs_unique on jobs (unique_key)
  where unique_key is not null and state in ('scheduled', 'waiting', 'running');
create index jobs_name on jobs (name, state, id);
create index jobs_workspace on jobs (workspace_id, name, state, id);
create index jobs_ended on jobs (state, ended_at) where ended_at is not null;

create index links_trash on links (deleted_at, id) where deleted_at is not null;

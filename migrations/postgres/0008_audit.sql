alter table events add column key_id text collate "C";
alter table events add column request_id text collate "C";
alter table events add column data_proof text collate "C";
alter table events add column origin_proof text collate "C";
alter table events add column seal bigint;
create index events_seal on events (seal);
create index events_actor on events (actor_id, id);
create index events_type on events (workspace_id, type, id);
create index events_key on events (key_id, id) where key_id is not null;
create index events_request on events (request_id) where request_id is not null;

create table audit_seals (
  sequence bigint not null primary key,
  events bigint not null,
  entries text collate "C" not null,
  previous text collate "C" not null,
  hash text collate "C" not null,
  created_at bigint not null
);

create table sealing_keys (
  id text collate "C" not null primary key,
  proof text collate "C" not null,
  created_at bigint not null
);

alter table events add column key_id text;
alter table events add column request_id text;
alter table events add column data_proof text;
alter table events add column origin_proof text;
alter table events add column seal integer;
create index events_seal on events (seal);
create index events_actor on events (actor_id, id);
create index events_type on events (workspace_id, type, id);
create index events_key on events (key_id, id) where key_id is not null;
create index events_request on events (request_id) where request_id is not null;

create table audit_seals (
  sequence integer not null primary key,
  events integer not null,
  entries text not null,
  previous text not null,
  hash text not null,
  created_at integer not null
) strict;

create table sealing_keys (
  id text not null primary key,
  proof text not null,
  created_at integer not null
) strict;

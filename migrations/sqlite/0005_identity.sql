alter table users add column email_verified_at integer;
alter table users add column locale text;
alter table users add column time_zone text;
alter table users add column avatar_url text;
alter table users add column notifications text;
alter table users add column disabled_at integer;
alter table users add column totp_secret text;
alter table users add column totp_enabled_at integer;
alter table users add column totp_last_step integer;

create table sessions (
  id text not null primary key,
  user_id text not null references users (id) on delete cascade,
  kind text not null check (kind in ('tokens', 'cookie')),
  secret_hash text,
  method text not null,
  platform text,
  device text,
  network text,
  user_agent text,
  generation integer not null,
  rotated_at integer not null,
  proved_at integer not null,
  used_at integer not null,
  expires_at integer not null,
  ended_at integer,
  ended_by text,
  created_at integer not null
) strict;
create unique index sessions_secret on sessions (secret_hash) where secret_hash is not null;
create index sessions_user on sessions (user_id, id);
create index sessions_expires on sessions (expires_at);

create table refresh_tokens (
  hash text not null primary key,
  session_id text not null references sessions (id) on delete cascade,
  generation integer not null,
  created_at integer not null
) strict;
create index refresh_tokens_session on refresh_tokens (session_id, generation);

create table proofs (
  id text not null primary key,
  kind text not null,
  user_id text references users (id) on delete cascade,
  hash text,
  data text not null,
  tries integer not null,
  expires_at integer not null,
  created_at integer not null
) strict;
create unique index proofs_hash on proofs (hash) where hash is not null;
create index proofs_user on proofs (user_id, kind);
create index proofs_expires on proofs (expires_at);

create table throttles (
  id text not null primary key,
  tries integer not null,
  blocked_until integer not null,
  resets_at integer not null
) strict;
create index throttles_resets on throttles (resets_at);

create table recovery_codes (
  user_id text not null references users (id) on delete cascade,
  hash text not null,
  created_at integer not null,
  primary key (user_id, hash)
) strict;

create table passkeys (
  id text not null primary key,
  user_id text not null references users (id) on delete cascade,
  credential_id text not null,
  public_key text not null,
  counter integer not null,
  transports text not null,
  name text not null,
  backed_up integer not null,
  used_at integer,
  created_at integer not null
) strict;
create unique index passkeys_credential on passkeys (credential_id);
create index passkeys_user on passkeys (user_id, id);

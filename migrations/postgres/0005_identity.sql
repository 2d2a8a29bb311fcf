alter table users add column email_verified_at bigint;
alter table users add column locale text collate "C";
alter table users add column time_zone text collate "C";
alter table users add column avatar_url text collate "C";
alter table users add column notifications text collate "C";
alter table users add column disabled_at bigint;
alter table users add column totp_secret text collate "C";
alter table users add column totp_enabled_at bigint;
alter table users add column totp_last_step bigint;

create table sessions (
  id text collate "C" not null primary key,
  user_id text collate "C" not null references users (id) on delete cascade,
  kind text collate "C" not null check (kind in ('tokens', 'cookie')),
  secret_hash text collate "C",
  method text collate "C" not null,
  platform text collate "C",
  device text collate "C",
  network text collate "C",
  user_agent text collate "C",
  generation bigint not null,
  rotated_at bigint not null,
  proved_at bigint not null,
  used_at bigint not null,
  expires_at bigint not null,
  ended_at bigint,
  ended_by text collate "C",
  created_at bigint not null
);
create unique index sessions_secret on sessions (secret_hash) where secret_hash is not null;
create index sessions_user on sessions (user_id, id);
create index sessions_expires on sessions (expires_at);

create table refresh_tokens (
  hash text collate "C" not null primary key,
  session_id text collate "C" not null references sessions (id) on delete cascade,
  generation bigint not null,
  created_at bigint not null
);
create index refresh_tokens_session on refresh_tokens (session_id, generation);

create table proofs (
  id text collate "C" not null primary key,
  kind text collate "C" not null,
  user_id text collate "C" references users (id) on delete cascade,
  hash text collate "C",
  data text collate "C" not null,
  tries bigint not null,
  expires_at bigint not null,
  created_at bigint not null
);
create unique index proofs_hash on proofs (hash) where hash is not null;
create index proofs_user on proofs (user_id, kind);
create index proofs_expires on proofs (expires_at);

create table throttles (
  id text collate "C" not null primary key,
  tries bigint not null,
  blocked_until bigint not null,
  resets_at bigint not null
);
create index throttles_resets on throttles (resets_at);

create table recovery_codes (
  user_id text collate "C" not null references users (id) on delete cascade,
  hash text collate "C" not null,
  created_at bigint not null,
  primary key (user_id, hash)
);

create table passkeys (
  id text collate "C" not null primary key,
  user_id text collate "C" not null references users (id) on delete cascade,
  credential_id text collate "C" not null,
  public_key text collate "C" not null,
  counter bigint not null,
  transports text collate "C" not null,
  name text collate "C" not null,
  backed_up boolean not null,
  used_at bigint,
  created_at bigint not null
);
create unique index passkeys_credential on passkeys (credential_id);
create index passkeys_user on passkeys (user_id, id);

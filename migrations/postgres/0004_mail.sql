create table mails (
  id text collate "C" not null primary key,
  workspace_id text collate "C",
  type text collate "C" not null,
  topic text collate "C",
  recipient text collate "C" not null,
  recipient_name text collate "C",
  recipient_key text collate "C" not null,
  from_name text collate "C" not null,
  subject text collate "C" not null,
  body text collate "C",
  unsubscribe_url text collate "C",
  secret_until bigint,
  status text collate "C" not null check (status in ('waiting', 'queued', 'sent', 'failed', 'suppressed', 'expired')),
  attempts bigint not null,
  log text collate "C" not null,
  created_at bigint not null,
  updated_at bigint not null,
  sent_at bigint
);
create index mails_workspace on mails (workspace_id, id);
create index mails_status on mails (status, id);
create index mails_recipient on mails (recipient_key, id);
create index mails_created on mails (created_at);
create index mails_secret on mails (secret_until) where secret_until is not null and body is not null;

create table mail_suppressions (
  address_key text collate "C" not null,
  topic text collate "C" not null,
  reason text collate "C" not null check (reason in ('bounced', 'complained', 'unsubscribed', 'manual')),
  detail text collate "C" not null,
  created_at bigint not null,
  primary key (address_key, topic)
);

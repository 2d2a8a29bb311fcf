create table mails (
  id text not null primary key,
  workspace_id text,
  type text not null,
  topic text,
  recipient text not null,
  recipient_name text,
  recipient_key text not null,
  from_name text not null,
  subject text not null,
  body text,
  unsubscribe_url text,
  secret_until integer,
  status text not null check (status in ('waiting', 'queued', 'sent', 'failed', 'suppressed', 'expired')),
  attempts integer not null,
  log text not null,
  created_at integer not null,
  updated_at integer not null,
  sent_at integer
) strict;
create index mails_workspace on mails (workspace_id, id);
create index mails_status on mails (status, id);
create index mails_recipient on mails (recipient_key, id);
create index mails_created on mails (created_at);
create index mails_secret on mails (secret_until) where secret_until is not null and body is not null;

create table mail_suppressions (
  address_key text not null,
  topic text not null,
  reason text not null check (reason in ('bounced', 'complained', 'unsubscribed', 'manual')),
  detail text not null,
  created_at integer not null,
  primary key (address_key, topic)
) strict;

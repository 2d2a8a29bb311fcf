-- Clicks as rows. Texts that come again are numbers: 0 is the empty text, all others are in `texts`.
create table texts (
  id   integer primary key,
  text text not null unique
) strict;

-- What user agents say, each combination once. Columns are ids of texts.
create table agents (
  id              integer primary key,
  device          integer not null,
  browser         integer not null,
  browser_version integer not null,
  os              integer not null,
  os_version      integer not null,
  engine          integer not null,
  unique (device, browser, browser_version, os, os_version, engine)
) strict;

create table referrers (
  id   integer primary key,
  host integer not null,
  url  integer not null,
  unique (host, url)
) strict;

create table campaigns (
  id       integer primary key,
  source   integer not null,
  medium   integer not null,
  campaign integer not null,
  term     integer not null,
  content  integer not null,
  unique (source, medium, campaign, term, content)
) strict;

-- Number 0 everywhere: nothing known.
insert into referrers values (0, 0, 0);
insert into campaigns values (0, 0, 0, 0, 0, 0);

create table links (
  id        integer primary key,
  link      text not null unique,
  workspace text not null
) strict;

-- Totals of a link over all time. Apart from its texts: they change with every click, and short rows are
-- many on a page. `sequence` grows with every change of any of them.
create table totals (
  link            integer primary key,
  clicks          integer not null,
  unique_clicks   integer not null,
  bot_clicks      integer not null,
  last_clicked_at integer,
  sequence        integer not null
) strict;

create table clicks (
  at           integer not null,
  -- The sixteen digits of the click id behind its time.
  chance       text    not null,
  workspace    integer not null,
  domain       integer not null,
  -- 0 when no link was found.
  link         integer not null,
  link_version integer not null,
  outcome      integer not null,
  "trigger"    integer not null,
  rule         integer not null,
  variant      integer not null,
  verdict      integer not null,
  reason       integer not null,
  -- 1 in `clicks`, 2 in `botClicks`, 0 in neither.
  counted_as   integer not null,
  -- The visitor's hash mixed with the day, so that one number is one visitor of one day. Null for nobody.
  visitor      integer,
  network      integer not null,
  agent        integer not null,
  referrer     integer not null,
  language     integer not null,
  campaign     integer not null
) strict;
create index clicks_by_workspace on clicks (workspace, at);
create index clicks_by_link on clicks (link, at);

-- Who was already counted as a unique click of a link on a day. Only the newest days are kept.
create table seen (
  day     integer not null,
  link    integer not null,
  visitor integer not null,
  primary key (day, link, visitor)
) strict, without rowid;

-- How far the journal is folded, in the same transaction as what was folded.
create table position (
  only     integer primary key check (only = 1),
  segment  integer not null,
  "offset" integer not null,
  sequence integer not null
) strict;
insert into position values (1, 0, 0, 0);

-- Clicks in columns. A block holds up to 65,536 clicks of one workspace, ordered by link.
create table blocks (
  id        integer primary key,
  workspace integer not null,
  -- Times of its first and its last click.
  first     integer not null,
  last      integer not null,
  clicks    integer not null,
  -- 1: it could not be read, and is left out of all answers.
  damaged   integer not null default 0
) strict;
create index blocks_by_workspace on blocks (workspace, first);

-- One column of one block: `id` is 32 times the block's number, and the column's own.
create table columns (
  id         integer primary key,
  -- The least and the greatest number in `dictionary`.
  least      integer not null,
  most       integer not null,
  -- The different numbers of the column, ascending. Empty for a column without any.
  dictionary blob    not null,
  -- A place in `dictionary` for each click; the values themselves where there is none.
  data       blob    not null
) strict;

-- Clicks that are in no block yet, a batch or several in a row.
create table tail (
  id      integer primary key,
  clicks  integer not null,
  data    blob    not null,
  damaged integer not null default 0
) strict;

drop table seen;

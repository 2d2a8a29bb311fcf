-- How many visits a workspace had on a day, and what became of them as records: `recorded` grows in the same
-- transaction as the clicks; every other row is what one run of the program could not record, and why.
create table ledger (
  -- Empty for domains without a workspace.
  workspace text    not null,
  -- Days since 1970, UTC.
  day       integer not null,
  reason    text    not null,
  -- Empty for `recorded`.
  run       text    not null,
  count     integer not null,
  primary key (workspace, day, reason, run)
) strict, without rowid;
insert into ledger
  select coalesce(texts.text, ''), at / 86400000, 'recorded', '', count(*)
  from clicks left join texts on texts.id = clicks.workspace group by 1, 2;

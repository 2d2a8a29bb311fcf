-- Lists of mail are filtered in an index: the rows hold whole letters, and looking at each takes long.
drop index mails_workspace;
create index mails_by_workspace on mails (workspace_id, id, status, type);
create index mails_by_type on mails (type, status, id);

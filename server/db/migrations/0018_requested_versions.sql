-- The version of an officer that the claims were made from; an item whose officer still has it is as it was requested.
alter table request_items add column officer_version integer;

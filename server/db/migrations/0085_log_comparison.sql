-- What the log was last compared with. The database counts as another one each time it was started, promoted, or put back from elsewhere:
-- until it was compared with what is public, and while it is behind that, the log takes no entries.
create table log_comparison (
  only_row boolean primary key default true check (only_row),
  incarnation text, -- of the database as it was compared; null before the first time
  compared_at timestamptz,
  -- What the log does not lead to, and who says so, while it is closed for that.
  behind_by text check (behind_by in ('checkpoint', 'seen', 'witness', 'contract')),
  behind_size bigint,
  behind_root bytea check (octet_length(behind_root) = 32)
);
insert into log_comparison default values;

-- Another text whenever this may be another database than before: a start of the postmaster, a promotion (timeline), a database or a
-- table of entries made anew.
create function database_incarnation() returns text language sql stable as $$
  select concat_ws('/', extract(epoch from pg_postmaster_start_time()),
    case when pg_is_in_recovery() then 'standby' else left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) end,
    (select oid from pg_database where datname = current_database()), pg_relation_filenode('log_entries'))
$$;

-- Why the log takes no entries now; null when it does.
create function log_closed(closed text) returns text language sql stable as $$
  select coalesce(closed, (
    select 'The database was started, promoted or put back; the log is being compared with what is public'
    from log_comparison c where c.incarnation <> database_incarnation()))
$$;

create or replace function lock_log_head() returns table (size bigint, at bigint, hashes bytea, closed text, now bigint) language plpgsql as $$
begin
  perform set_config('lock_timeout', '2s', true);
  return query select h.size, h.at, h.hashes, log_closed(h.closed), floor(extract(epoch from clock_timestamp()))::bigint from log_head h for update;
end $$;

-- A data key is known to every process before the first one seals with it.
alter table data_keys add column seals_from timestamptz not null default now();

-- The audit keeps 24 months whatever happens; older lines go only where the retention job says so for its own transaction.
create function keep_audit() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' and old.at < now() - interval '24 months' and current_setting('antin.retention', true) = 'on' then
    return old;
  end if;
  raise exception 'append only: audit';
end $$;
drop trigger audit_append_only on audit;
create trigger audit_append_only before update or delete on audit for each row execute function keep_audit();
create trigger audit_no_truncate before truncate on audit for each statement execute function forbid_change();

-- A key that was brought in as PKCS#12 and waits for a second administrator: an encrypted PKCS#8 file of ours, sealed once more. It
-- goes, in the same transaction, with the request that it belongs to.
create table pending_keys (
  request_id uuid primary key references requests,
  sealed bytea not null
);
create function drop_pending_key() returns trigger language plpgsql as $$
begin
  delete from pending_keys where request_id = new.id;
  return null;
end $$;
create trigger requests_ended after update of status on requests for each row
  when (new.status in ('done', 'refused', 'void', 'cancelled')) execute function drop_pending_key();

-- The card template that an agency prints with unless somebody chooses another; agencies without a row follow the one above them.
create table agency_templates (
  agency_code text not null references agencies,
  use text not null check (use in ('card', 'diploma', 'certificate', 'extract', 'attestation')),
  template text not null,
  changed_at timestamptz not null default now(),
  primary key (agency_code, use)
);

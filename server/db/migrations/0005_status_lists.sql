-- Status lists (formats 3). The counter of a list and its bits are rows apart, so that reserving indices never waits for a
-- transaction that changes statuses.
create table status_lists (
  number integer primary key generated always as identity (start with 1),
  agency_code text not null references agencies, -- the agency whose key signs the credentials of this list
  size integer not null check (size > 0 and size % 4 = 0),
  reserved integer not null default 0 check (reserved between 0 and size), -- how many indices were handed out, in the secret order
  order_key bytea not null check (octet_length(order_key) = 32), -- secret: the order in which indices are handed out is drawn from it
  created_at timestamptz not null default now()
);
create index status_lists_open on status_lists (agency_code, number) where reserved < size;

create table status_list_bits (
  number integer primary key references status_lists,
  bits bytea not null, -- two bits an entry, least significant first
  version bigint not null default 0, -- rises with every change of the bits
  changed_at timestamptz not null default now()
);
alter table status_list_bits alter column bits set storage external;

-- The newest token of each list, shared by all processes so that iat never goes backwards for a verifier.
create table status_list_tokens (
  number integer primary key references status_lists,
  version bigint not null, -- of the bits that were signed
  iat bigint not null, -- seconds
  kid bytea not null check (octet_length(kid) = 8),
  token text not null
);

create function keep_status_list() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then raise exception 'append only: status_lists'; end if;
  if new.reserved < old.reserved or (old.number, old.agency_code, old.size) is distinct from (new.number, new.agency_code, new.size) then
    raise exception 'an index is never handed out twice: status_lists';
  end if;
  return new;
end $$;
create trigger status_lists_keep before update or delete on status_lists for each row execute function keep_status_list();

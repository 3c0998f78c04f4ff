-- Agencies, people, requests, cards, diplomas and the audit. Names and posts are in clear (cards show them, search needs
-- them); every `sealed` or `private` column is AES-256-GCM ciphertext of server/keys/fieldCipher.ts.
create extension if not exists pg_trgm;

create table data_keys (
  id integer primary key,
  wrapped bytea not null,
  created_at timestamptz not null default now(),
  retired_at timestamptz
);

create table agencies (
  code text primary key check (length(code) <= 35),
  old_code text,
  name_vi text not null,
  name_en text,
  valid_from timestamptz not null,
  valid_to timestamptz,
  successor_code text references agencies,
  successor_from timestamptz,
  restricted boolean not null default false,
  coverage jsonb not null default '[]',
  created_at timestamptz not null default now(),
  check ((successor_code is null) = (successor_from is null))
);

create table agency_parents (
  code text not null references agencies,
  parent_code text not null references agencies,
  valid_from timestamptz not null,
  valid_to timestamptz,
  primary key (code, valid_from),
  check (code <> parent_code)
);
create index agency_parents_parent on agency_parents (parent_code);

create table photos (
  digest bytea primary key check (octet_length(digest) = 32), -- SHA-256 of the shown JPEG (<= 12 kB)
  shown bytea not null,
  printed bytea not null,
  created_at timestamptz not null default now()
);
create unique index photos_prefix on photos (substring(digest from 1 for 16));

create table officers (
  id uuid primary key,
  agency_code text not null references agencies,
  personal_number_index bytea not null unique check (octet_length(personal_number_index) = 32),
  private bytea not null, -- {personalNumber, birthDate, gender, email, soHieu, maNgach, contractEnd}
  full_name text not null,
  search_name text not null, -- lower case, no diacritics, one space between words
  position text not null default '',
  title text not null default '',
  category text not null,
  photo_digest bytea references photos,
  warnings jsonb not null default '[]',
  version integer not null default 1,
  left_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index officers_agency on officers (agency_code, search_name);
create index officers_search on officers using gin (search_name gin_trgm_ops);

-- Everything that needs two people. `detail` holds no personal data; the real reason is in `reason`.
create table requests (
  id uuid primary key,
  kind text not null,
  agency_code text not null references agencies,
  maker text not null,
  maker_name text not null,
  approver text,
  approver_name text,
  status text not null default 'pending'
    check (status in ('pending', 'approved', 'running', 'done', 'refused', 'void', 'cancelled')),
  detail jsonb not null default '{}',
  reason bytea,
  refusal bytea,
  total integer not null default 0,
  done integer not null default 0,
  failed integer not null default 0,
  approved_digest bytea check (octet_length(approved_digest) = 32), -- over the claims that the approver was shown
  created_at timestamptz not null default now(),
  decided_at timestamptz,
  finished_at timestamptz,
  check (approver is null or approver <> maker),
  check (status not in ('approved', 'running', 'done', 'refused') or approver is not null)
);
create index requests_waiting on requests (agency_code, created_at) where status = 'pending';
create index requests_created on requests (created_at desc, id);

create table request_items (
  request_id uuid not null references requests,
  seq integer not null,
  officer_id uuid references officers,
  person_index bytea, -- HMAC of the personal number of whom the claims name as a diploma's holder
  subject_ref bytea, -- the card or diploma that the item is about
  claims bytea not null, -- sealed canonical JSON of what approvers are shown
  claims_digest bytea not null check (octet_length(claims_digest) = 32),
  warnings jsonb not null default '[]',
  state text not null default 'pending'
    check (state in ('pending', 'approved', 'held', 'refused', 'void', 'done', 'failed')),
  outcome text not null default '',
  ref bytea, -- what was issued
  primary key (request_id, seq)
);
create index request_items_officer on request_items (officer_id);
create index request_items_person on request_items (person_index) where person_index is not null;
create index request_items_todo on request_items (request_id, seq) where state = 'approved';

create table serial_counters (
  level_one text not null,
  year integer not null,
  next integer not null default 1,
  primary key (level_one, year)
);

create table cards (
  ref bytea primary key check (octet_length(ref) = 16),
  serial text not null unique,
  officer_id uuid not null references officers,
  issuer_code text not null references agencies,
  using_code text not null references agencies,
  full_name text not null,
  position text not null,
  category text not null,
  kid bytea not null,
  sealed bytea not null, -- the COSE_Sign1 and the short QR's token
  token_hash bytea not null unique check (octet_length(token_hash) = 32),
  photo_digest bytea,
  list integer not null,
  idx integer not null,
  status smallint not null default 0 check (status in (0, 1, 2)),
  ended_as text check (ended_as in ('ended', 'replaced', 'error', 'expired')),
  ended_at timestamptz,
  successor bytea references cards deferrable initially deferred,
  issued_at timestamptz not null,
  expires_at timestamptz not null,
  leaf_index bigint not null unique,
  request_id uuid not null,
  request_seq integer not null,
  unique (list, idx),
  unique (request_id, request_seq),
  check ((status = 1) <= (ended_as is not null))
);
create unique index cards_one_valid on cards (officer_id) where ended_as is null;
create index cards_officer on cards (officer_id);
create index cards_expiry on cards (expires_at) where ended_as is null;
create index cards_issued on cards (issued_at desc);

create table diplomas (
  ref bytea primary key check (octet_length(ref) = 16),
  issuer_code text not null references agencies,
  number text,
  register_number text,
  holder_name text not null,
  search_name text not null,
  title text not null,
  field text,
  awarded text not null,
  expires_at timestamptz, -- last second of a certificate that expires
  classification text,
  basis smallint not null,
  number_index bytea not null, -- HMAC of issuer, title, year of award, number or register number
  lookup_index bytea not null, -- HMAC of issuer and number (or register number)
  kid bytea not null,
  sealed bytea not null, -- the COSE_Sign1 and the reason where one is kept
  document_digest bytea check (octet_length(document_digest) = 32),
  list integer not null,
  idx integer not null,
  status smallint not null default 0 check (status in (0, 1, 2)),
  ended_as text check (ended_as in ('ended', 'replaced', 'error', 'corrected')),
  ended_at timestamptz,
  successor bytea references diplomas deferrable initially deferred,
  decision text, -- number and date of the decision that ended or corrected it
  duplicate_of bytea references diplomas, -- a flagged and approved duplicate
  issued_at timestamptz not null,
  leaf_index bigint not null unique,
  request_id uuid not null,
  request_seq integer not null,
  unique (list, idx),
  unique (request_id, request_seq)
);
create unique index diplomas_number on diplomas (number_index) where ended_as is null and duplicate_of is null;
create index diplomas_lookup on diplomas (lookup_index);
create index diplomas_document on diplomas (document_digest) where document_digest is not null;
create index diplomas_search on diplomas using gin (search_name gin_trgm_ops);
create index diplomas_request on diplomas (request_id);

-- SHA-256 of each signed PDF that was made of a diploma: no two are alike, and any of them may be shown to a checker.
create table diploma_files (
  digest bytea primary key check (octet_length(digest) = 32),
  ref bytea not null references diplomas
);

-- The reason behind a commitment in the log: salt (16 bytes) and text, sealed.
create table log_reasons (
  leaf_index bigint primary key,
  sealed bytea not null
);

create table audit (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  actor text not null,
  actor_name text not null,
  action text not null,
  agency_code text,
  subject text, -- 'card:SERIAL', 'officer:UUID', 'request:UUID', 'diploma:REF' …
  detail jsonb not null default '{}',
  leaf_index bigint
);
create index audit_at on audit (at desc);
create index audit_subject on audit (subject, at desc);

create function forbid_change() returns trigger language plpgsql as $$
begin
  raise exception 'append only: %', tg_table_name;
end $$;
create trigger audit_append_only before update or delete on audit for each row execute function forbid_change();
create trigger cards_keep before delete on cards for each row execute function forbid_change();
create trigger diplomas_keep before delete on diplomas for each row execute function forbid_change();

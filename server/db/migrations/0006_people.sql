-- People: the agency tree's revision, search by name, imports, the history of what changed about a person.

-- One row; every change of agencies or their parents raises it, so that a tree held in memory knows when to load again.
create table agency_revision (
  one boolean primary key default true check (one),
  revision bigint not null default 0
);
insert into agency_revision default values;

create function raise_agency_revision() returns trigger language plpgsql as $$
begin
  update agency_revision set revision = revision + 1;
  return null;
end $$;
create trigger agencies_revision after insert or update or delete on agencies
  for each statement execute function raise_agency_revision();
create trigger agency_parents_revision after insert or update or delete on agency_parents
  for each statement execute function raise_agency_revision();

-- Since when the trust list calls the agency restricted: before, no verifier accepts an entry that leaves it out.
alter table agencies add column restricted_served_at timestamptz check (restricted_served_at is null or restricted);

-- An agency has at most one parent at a time.
create unique index agency_parents_current on agency_parents (code) where valid_to is null;

-- Search by name. Every tail of a search name that begins at a word ("nguyen thi thao", "thi thao", "thao"): any run of whole
-- words, the last one perhaps unfinished, is the beginning of a tail, so a page of results is a short range of one index
-- however many people share the name. A trigram index reads every posting of a common name first.
drop index officers_search;
create table officer_tails (
  tail text collate "C" not null,
  officer_id uuid not null,
  agency_code text not null,
  primary key (tail, officer_id)
);
create index officer_tails_officer on officer_tails (officer_id);
create index officers_name on officers (search_name collate "C", id);

create function tails_of(search_name text) returns setof text language sql immutable strict parallel safe as $$
  select array_to_string(words[i:], ' ')
  from (select string_to_array(search_name, ' ') as words) split, generate_series(1, least(cardinality(words), 8)) as i
$$;

create function add_officer_tails() returns trigger language plpgsql as $$
begin
  insert into officer_tails (tail, officer_id, agency_code)
  select distinct tail, id, agency_code from added, tails_of(search_name) as tail where search_name <> '';
  return null;
end $$;
create trigger officers_tails_insert after insert on officers referencing new table as added
  for each statement execute function add_officer_tails();

create function move_officer_tails() returns trigger language plpgsql as $$
begin
  if not exists (select 1 from before join added using (id)
                 where before.search_name <> added.search_name or before.agency_code <> added.agency_code) then
    return null;
  end if;
  delete from officer_tails where officer_id in
    (select id from before join added using (id)
     where before.search_name <> added.search_name or before.agency_code <> added.agency_code);
  insert into officer_tails (tail, officer_id, agency_code)
  select distinct tail, added.id, added.agency_code
  from added join before using (id), tails_of(added.search_name) as tail
  where (before.search_name <> added.search_name or before.agency_code <> added.agency_code) and added.search_name <> '';
  return null;
end $$;
create trigger officers_tails_update after update on officers referencing old table as before new table as added
  for each statement execute function move_officer_tails();

create function drop_officer_tails() returns trigger language plpgsql as $$
begin
  delete from officer_tails where officer_id in (select id from before);
  return null;
end $$;
create trigger officers_tails_delete after delete on officers referencing old table as before
  for each statement execute function drop_officer_tails();

-- What changed about a person, by version: {field: [before, after]}.
create table officer_changes (
  officer_id uuid not null references officers on delete cascade,
  version integer not null,
  at timestamptz not null default now(),
  actor text not null,
  actor_name text not null,
  import_id uuid,
  sealed bytea not null,
  primary key (officer_id, version)
);

create table imports (
  id uuid primary key,
  kind text not null default 'officers' check (kind in ('officers', 'agencies')),
  agency_code text not null, -- the maker's scope: rows of this agency and below; it may not exist yet
  maker text not null,
  maker_name text not null,
  may text[] not null, -- kinds that the maker may import
  file_name text not null,
  photos_name text,
  state text not null default 'uploading'
    check (state in ('uploading', 'reading', 'preview', 'committing', 'done', 'failed', 'cancelled')),
  progress integer not null default 0,
  total integer not null default 0, -- 0 while unknown
  mapping jsonb, -- {column: header text} that a person chose
  columns jsonb, -- how the headers were understood
  counts jsonb not null default '{}',
  only_good boolean,
  failure_code text,
  failure_detail text,
  request_id uuid, -- of agencies: the request in which what it would change waits for a second administrator
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  finished_at timestamptz
);
create index imports_agency on imports (agency_code, created_at desc);
create index imports_swept on imports (updated_at);

-- The uploaded files in sealed chunks of 1 MiB, gone once the import has ended.
create table import_files (
  import_id uuid not null references imports on delete cascade,
  part text not null check (part in ('table', 'photos')),
  seq integer not null,
  sealed bytea not null,
  primary key (import_id, part, seq)
);
alter table import_files alter column sealed set storage external;

create table import_rows (
  import_id uuid not null references imports on delete cascade,
  seq integer not null,
  outcome text not null check (outcome in ('new', 'changed', 'unchanged', 'repeated', 'refused', 'foreign')),
  warnings integer not null default 0,
  repairs integer not null default 0,
  agency_code text, -- as the row says, where it can be read
  person_index bytea, -- personal_number_index of the person, where it can be read
  officer_id uuid,
  officer_version integer,
  photo text not null default 'none' check (photo in ('none', 'kept', 'same', 'new', 'missing', 'refused')),
  sealed bytea not null, -- {sheet, row, cells, values, findings, changes}
  primary key (import_id, seq)
);
create index import_rows_outcome on import_rows (import_id, outcome, seq);
create index import_rows_person on import_rows (import_id, person_index);

create table import_photos (
  import_id uuid not null references imports on delete cascade,
  seq integer not null,
  row_seq integer, -- the row it belongs to; null when nothing matched
  officer_id uuid, -- a person who is not in the sheet
  digest bytea, -- of the shown JPEG; null when refused
  refusal text,
  name bytea not null, -- sealed
  sealed bytea, -- length of shown (4 bytes, big-endian), shown, printed
  primary key (import_id, seq)
);
create index import_photos_row on import_photos (import_id, row_seq);
alter table import_photos alter column sealed set storage external;

-- Column mappings that a person corrected, by agency and header row.
create table import_mappings (
  agency_code text not null,
  kind text not null,
  headers bytea not null check (octet_length(headers) = 32), -- SHA-256 of the header texts
  mapping jsonb not null,
  updated_at timestamptz not null default now(),
  primary key (agency_code, kind, headers)
);

-- Print runs, and the plastic's own life beside the legal status of the card.
create table print_jobs (
  id uuid primary key,
  agency_code text not null references agencies,
  layout text not null check (layout in ('card', 'a4', 'bureau')),
  template text not null,
  maker text not null,
  maker_name text not null,
  reason bytea, -- sealed; of a reprint
  total integer not null,
  created_at timestamptz not null default now(),
  fetched_at timestamptz
);
create index print_jobs_created on print_jobs (created_at desc);

create table plastics (
  id uuid primary key,
  card_ref bytea not null references cards,
  job_id uuid not null references print_jobs,
  seq integer not null,
  state text not null default 'waiting'
    check (state in ('waiting', 'printed', 'spoilt', 'delivered', 'returned', 'destroyed', 'lost')),
  blank_number text,
  note bytea, -- sealed
  printed_at timestamptz,
  delivered_at timestamptz,
  changed_at timestamptz not null default now(),
  unique (job_id, seq)
);
create index plastics_card on plastics (card_ref);
-- A card has one piece of plastic in the world, or on its way.
create unique index plastics_one on plastics (card_ref) where state in ('waiting', 'printed', 'delivered');
create unique index plastics_blank on plastics (blank_number) where blank_number is not null;

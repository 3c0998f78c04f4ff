-- What the overview counted where counting is slow; each row is replaced by the next count.
create table overview_counts (
  agency_code text primary key,
  counts jsonb not null,
  counted_at timestamptz not null,
  cost_ms float8 not null
);

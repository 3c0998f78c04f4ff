-- Webhooks: who wants to hear of what, what happened, and what became of each delivery.
create table webhooks (
  id uuid primary key,
  agency_code text not null references agencies, -- hears of this agency and those below it
  url text not null,
  events text[] not null,
  description text not null default '',
  created_by text not null,
  created_at timestamptz not null default now(),
  disabled_at timestamptz
);
create index webhooks_agency on webhooks (agency_code) where disabled_at is null;

create table webhook_events (
  id uuid primary key,
  type text not null,
  agency_code text not null,
  body jsonb not null, -- as it is sent: refs, serials and states; nothing personal
  created_at timestamptz not null default now()
);
create index webhook_events_age on webhook_events (created_at);

create table webhook_deliveries (
  event_id uuid not null references webhook_events,
  webhook_id uuid not null references webhooks,
  state text not null default 'pending' check (state in ('pending', 'delivered', 'dead')),
  attempts integer not null default 0,
  next_at timestamptz not null default now(),
  last_status integer,
  last_error text,
  delivered_at timestamptz,
  primary key (event_id, webhook_id)
);
create index webhook_deliveries_due on webhook_deliveries (next_at) where state = 'pending';
create index webhook_deliveries_dead on webhook_deliveries (webhook_id, event_id) where state = 'dead';

-- How far the log was read for events: entries below `leaf_index`, anchors up to `anchored_size`.
create table webhook_cursor (
  one boolean primary key default true check (one),
  leaf_index bigint not null default 0,
  anchored_size bigint not null default 0
);
insert into webhook_cursor default values;

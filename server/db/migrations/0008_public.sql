-- What anyone may ask without signing in, and how often; idempotent requests; live cards.

-- Look-ups counted by day, shared by all processes. `key` is an HMAC of an address (IPv6: its /64) or of a diploma's number.
create table lookup_counts (
  key bytea not null check (octet_length(key) = 32),
  day date not null,
  count integer not null default 0,
  primary key (key, day)
);
create index lookup_counts_day on lookup_counts (day);

-- Requests of signed-in callers by window, shared by all processes, in blocks. `key` is the policy and the provider's subject.
create table request_counts (
  key text not null,
  starts_at timestamptz not null,
  count integer not null,
  primary key (key, starts_at)
);
create index request_counts_age on request_counts (starts_at);

-- Answers to requests that carried an Idempotency-Key, for a day.
create table idempotency_keys (
  owner text not null, -- who asked: the provider's subject
  key text not null,
  request_digest bytea not null check (octet_length(request_digest) = 32), -- of method, address and body
  answer bytea, -- sealed; null while the first request runs
  created_at timestamptz not null default now(),
  primary key (owner, key)
);
create index idempotency_keys_age on idempotency_keys (created_at);

-- One-time links with which a signed-in holder takes the live card to a phone.
create table live_links (
  token_hash bytea primary key check (octet_length(token_hash) = 32),
  card_ref bytea not null references cards,
  created_by text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz
);
create index live_links_card on live_links (card_ref);

-- The phone that shows a card live; one at a time.
create table live_bindings (
  thumbprint bytea primary key check (octet_length(thumbprint) = 32), -- SHA-256 of the phone's public JWK (RFC 7638)
  card_ref bytea not null references cards,
  binding bytea not null, -- COSE_Sign1 of the agency (formats 10)
  bound_at timestamptz not null default now(),
  expires_at timestamptz not null,
  leaf_index bigint not null unique,
  unbound_at timestamptz,
  unbound_leaf_index bigint unique,
  check ((unbound_at is null) = (unbound_leaf_index is null))
);
create unique index live_bindings_one on live_bindings (card_ref) where unbound_at is null;
create trigger live_bindings_keep before delete on live_bindings for each row execute function forbid_change();

-- Ed25519 keys of this service itself: webhooks and result sheets. The private part is sealed by the field cipher.
create table service_keys (
  use text primary key check (use in ('webhook', 'result-sheet')),
  private bytea not null,
  public bytea not null check (octet_length(public) = 32),
  created_at timestamptz not null default now()
);

-- A photo is served while a card that has not ended has it.
create index cards_photo on cards (photo_digest) where ended_as is null;

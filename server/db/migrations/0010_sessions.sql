-- Staff sessions and what they keep for a person who must prove again who they are. The cookie holds the identifier, the row
-- only its SHA-256; id_token and form are sealed by server/keys/fieldCipher.ts.
create table sessions (
  id_hash bytea primary key check (octet_length(id_hash) = 32),
  sub text not null,
  name text not null,
  roles text[] not null,
  agency_code text not null,
  officer_id uuid,
  csrf text not null,
  id_token bytea not null,
  flash jsonb,
  stepped_up_at timestamptz,
  created_at timestamptz not null default now(),
  last_seen_at timestamptz not null,
  locked_at timestamptz,
  expires_at timestamptz not null
);
create index sessions_sub on sessions (sub, created_at desc);
create index sessions_expiry on sessions (expires_at);

-- A form that was sent while the session was locked or a fresher proof of identity was needed.
create table kept_forms (
  id uuid primary key,
  sub text not null,
  path text not null,
  form bytea not null,
  created_at timestamptz not null
);
create index kept_forms_created on kept_forms (created_at);

-- Who has signed in and as what, as the identity provider said it last: the page "Người dùng".
create table staff (
  sub text primary key,
  name text not null,
  search_name text not null default '', -- as officers have it
  roles text[] not null,
  agency_code text not null,
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  barred_at timestamptz,
  barred_by text
);
create index staff_agency on staff (agency_code, name);

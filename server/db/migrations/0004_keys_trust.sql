-- Agency keys, their endorsements, and what the trust office has published. Private keys are never here: `location` names a
-- file below ANTIN_HOME/keys or a PKCS#11 object.
create table signing_keys (
  kid bytea primary key check (octet_length(kid) = 8),
  thumbprint bytea not null unique check (octet_length(thumbprint) = 32 and substring(thumbprint from 1 for 8) = kid),
  agency_code text not null references agencies,
  use text not null check (use in ('card', 'diploma', 'status', 'document')),
  jwk jsonb not null,
  form text not null check (form in ('file', 'pkcs11')),
  location text not null unique,
  x5c jsonb not null default '[]', -- base64 of DER, leaf first, no root
  not_before timestamptz not null,
  not_after timestamptz not null check (not_after > not_before),
  served_at timestamptz, -- first publication of a trust slice that names the key
  retired_at timestamptz,
  compromise jsonb, -- {at, origin, logSize, rootHash} as the trust slice says it
  created_at timestamptz not null default now()
);
create index signing_keys_agency on signing_keys (agency_code, use);

-- Rises with every change, so that each process sees within a second which keys may sign.
create table signing_key_revision (
  only_row boolean primary key default true check (only_row),
  revision bigint not null default 1
);
insert into signing_key_revision default values;
create function raise_signing_key_revision() returns trigger language plpgsql as $$
begin
  update signing_key_revision set revision = revision + 1;
  return null;
end $$;
create trigger signing_keys_changed after insert or update or delete on signing_keys
  for each statement execute function raise_signing_key_revision();

-- A key's identity, window, retirement and compromise are history that cards depend on.
create function keep_signing_key() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then raise exception 'append only: signing_keys'; end if;
  if (old.kid, old.thumbprint, old.agency_code, old.use, old.jwk, old.not_before, old.not_after)
     is distinct from (new.kid, new.thumbprint, new.agency_code, new.use, new.jwk, new.not_before, new.not_after)
     or (old.served_at is not null and new.served_at is distinct from old.served_at)
     or (old.retired_at is not null and new.retired_at is distinct from old.retired_at)
     or (old.compromise is not null and new.compromise is null) then
    raise exception 'a key cannot become another one: signing_keys';
  end if;
  return new;
end $$;
create trigger signing_keys_keep before update or delete on signing_keys for each row execute function keep_signing_key();

create table endorsements (
  digest bytea primary key check (octet_length(digest) = 32), -- SHA-256 of the payload
  kid bytea not null references signing_keys,
  jws text not null,
  created_at timestamptz not null default now()
);
create index endorsements_kid on endorsements (kid, created_at);

create table trust_roots (
  epoch integer primary key check (epoch >= 1),
  body text not null,
  digest bytea not null check (octet_length(digest) = 32), -- of the payload; that of epoch 1 is what verifiers pin
  published_at timestamptz not null default now()
);
create trigger trust_roots_append_only before update or delete on trust_roots for each row execute function forbid_change();

-- One row a publication of index and slices; (epoch, seq) only rises.
create table trust_publications (
  seq bigint primary key,
  epoch integer not null references trust_roots,
  iat timestamptz not null,
  digest bytea not null check (octet_length(digest) = 32), -- of the index's payload
  facts bytea not null check (octet_length(facts) = 32), -- SHA-256 of what was said, apart from times and numbers
  leaf_index bigint not null
);
create trigger trust_publications_append_only before update or delete on trust_publications for each row execute function forbid_change();

-- What is served now: 'trust-list', 'trust/CODE', 'agency-ca'.
create table trust_documents (
  path text primary key,
  body text not null,
  digest bytea not null check (octet_length(digest) = 32),
  seq bigint not null,
  published_at timestamptz not null
);

-- Logs and witnesses that the next publication names; two people see every change before they sign it.
create table trust_logs (
  origin text not null,
  vkey text not null,
  url text not null,
  valid_from timestamptz not null,
  valid_until timestamptz,
  primary key (origin, vkey)
);

create table trust_witnesses (
  vkey text primary key,
  added_at timestamptz not null default now()
);

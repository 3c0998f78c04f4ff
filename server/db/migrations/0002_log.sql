-- The transparency log (formats 5). Every row here is written once; only the head row changes, and its lock is the last one a
-- transaction takes. Tiles are ranges of these rows: level 0 and bundles of log_entries, higher levels of log_nodes.
create table log_entries (
  leaf_index bigint primary key check (leaf_index >= 0),
  entry bytea not null check (octet_length(entry) <= 65535),
  leaf_hash bytea not null check (octet_length(leaf_hash) = 32),
  ref bytea check (octet_length(ref) = 16),
  type text not null
);
create index log_entries_ref on log_entries (ref, leaf_index) where ref is not null;
-- An SD-JWT VC names no ref: who checks one looks for the digest of its payload.
create index log_entries_sd_jwts on log_entries (substring(encode(entry, 'escape') from '"digest":"([A-Za-z0-9_-]{43})"'))
  where type = 'sd-jwt.issued';
create index log_entries_lists on log_entries (leaf_index) where type = 'status-list.changed';

-- Hashes of the full subtrees of 256^level leaves: what tiles of level 1 and up are made of.
create table log_nodes (
  level smallint not null check (level between 1 and 5),
  index bigint not null check (index >= 0),
  hash bytea not null check (octet_length(hash) = 32),
  primary key (level, index)
);

create table log_head (
  only_row boolean primary key default true check (only_row),
  size bigint not null default 0,
  at bigint not null default 0, -- seconds, of the newest entry
  hashes bytea not null default '', -- of the perfect subtrees of the tree, left to right, 32 bytes each
  closed text -- why nothing may be appended, while the log is known to be behind or unsound
);
insert into log_head default values;

-- Takes the head's lock, waiting 2 s at most.
create function lock_log_head() returns table (size bigint, at bigint, hashes bytea, closed text, now bigint) language plpgsql as $$
begin
  perform set_config('lock_timeout', '2s', true);
  return query select h.size, h.at, h.hashes, h.closed, floor(extract(epoch from clock_timestamp()))::bigint from log_head h for update;
end $$;

create function keep_log_head() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' or new.size < old.size or new.at < old.at then raise exception 'append only: log_head'; end if;
  return new;
end $$;

-- A row without a note is a size whose entries are about to be known durable; only rows with a note are served.
create table log_checkpoints (
  tree_size bigint primary key check (tree_size >= 0),
  root_hash bytea not null check (octet_length(root_hash) = 32),
  note text, -- the text and the log's own signature line
  signed_at timestamptz not null default now()
);
create index log_checkpoints_signed on log_checkpoints (tree_size) where note is not null;

create function keep_log_checkpoint() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' or new.tree_size <> old.tree_size or new.root_hash <> old.root_hash or old.note is not null then
    raise exception 'append only: log_checkpoints';
  end if;
  return new;
end $$;

-- One cosignature a witness and checkpoint, its newest.
create table log_cosignatures (
  tree_size bigint not null references log_checkpoints,
  witness text not null,
  key_id bytea not null check (octet_length(key_id) = 4),
  signature bytea not null check (octet_length(signature) = 72),
  time bigint not null,
  primary key (tree_size, witness, key_id)
);

-- Checkpoints that a contract holds beyond reorganisation.
create table log_anchors (
  chain_id bigint not null,
  contract text not null,
  tree_size bigint not null,
  root_hash bytea not null check (octet_length(root_hash) = 32),
  transaction text not null,
  block bigint not null,
  time bigint not null, -- seconds, of the block
  primary key (chain_id, contract, tree_size)
);
create index log_anchors_size on log_anchors (tree_size);

-- Entries whose rows a restored database lost for good, accepted by an operator.
create table log_lost (
  leaf_index bigint primary key,
  ref bytea not null,
  type text not null,
  accepted_at timestamptz not null default now()
);

create trigger log_entries_append_only before update or delete on log_entries for each row execute function forbid_change();
create trigger log_nodes_append_only before update or delete on log_nodes for each row execute function forbid_change();
create trigger log_head_keep before update or delete on log_head for each row execute function keep_log_head();
create trigger log_checkpoints_keep before update or delete on log_checkpoints for each row execute function keep_log_checkpoint();
create trigger log_entries_no_truncate before truncate on log_entries for each statement execute function forbid_change();
create trigger log_nodes_no_truncate before truncate on log_nodes for each statement execute function forbid_change();
create trigger log_checkpoints_no_truncate before truncate on log_checkpoints for each statement execute function forbid_change();

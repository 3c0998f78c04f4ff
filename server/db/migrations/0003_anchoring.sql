-- Transactions that anchor checkpoints (formats 6). A row exists before its transaction is broadcast; `raw` can be sent again.
create table anchor_transactions (
  hash text primary key,
  chain_id bigint not null,
  contract text not null,
  payer text not null,
  nonce bigint not null,
  tree_size bigint not null,
  root_hash bytea not null check (octet_length(root_hash) = 32),
  raw text not null,
  max_fee numeric not null, -- wei a gas
  priority_fee numeric not null, -- wei a gas; equal to max_fee where the chain has no EIP-1559
  state text not null default 'open' check (state in ('open', 'mined', 'final', 'failed', 'void')),
  stored_at timestamptz not null default now(),
  sent_at timestamptz, -- last broadcast that a node took
  block bigint,
  block_hash text
);
create index anchor_transactions_unsettled on anchor_transactions (chain_id, payer, nonce) where state in ('open', 'mined');

-- What the last run found, for all processes: health, metrics and the console read it.
create table anchor_state (
  only_row boolean primary key default true check (only_row),
  state text not null,
  detail text not null,
  since timestamptz not null,
  checked_at timestamptz not null,
  nodes jsonb not null default '[]',
  contract_size bigint,
  reorganisations bigint not null default 0,
  fee_bumps bigint not null default 0
);

-- Contracts that this log was anchored in; the newest row is the one in use. Trust publications name them.
create table anchor_contracts (
  id integer generated always as identity primary key,
  chain_id bigint not null,
  address text not null,
  code_hash text not null, -- 0x hex, keccak-256 of the runtime code
  deploy_block bigint not null,
  from_size bigint not null,
  until_size bigint,
  created_at timestamptz not null default now()
);

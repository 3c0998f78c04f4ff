column agencies.code text not null
column agencies.old_code text
column agencies.name_vi text not null
column agencies.name_en text
column agencies.valid_from timestamp with time zone not null
column agencies.valid_to timestamp with time zone
column agencies.successor_code text
column agencies.successor_from timestamp with time zone
column agencies.restricted boolean not null default false
column agencies.coverage jsonb not null default '[]'::jsonb
column agencies.created_at timestamp with time zone not null default now()
column agencies.restricted_served_at timestamp with time zone
column agency_parents.code text not null
column agency_parents.parent_code text not null
column agency_parents.valid_from timestamp with time zone not null
column agency_parents.valid_to timestamp with time zone
column agency_revision.one boolean not null default true
column agency_revision.revision bigint not null default 0
column agency_templates.agency_code text not null
column agency_templates.use text not null
column agency_templates.template text not null
column agency_templates.changed_at timestamp with time zone not null default now()
column anchor_contracts.id integer not null identity
column anchor_contracts.chain_id bigint not null
column anchor_contracts.address text not null
column anchor_contracts.code_hash text not null
column anchor_contracts.deploy_block bigint not null
column anchor_contracts.from_size bigint not null
column anchor_contracts.until_size bigint
column anchor_contracts.created_at timestamp with time zone not null default now()
column anchor_state.only_row boolean not null default true
column anchor_state.state text not null
column anchor_state.detail text not null
column anchor_state.since timestamp with time zone not null
column anchor_state.checked_at timestamp with time zone not null
column anchor_state.nodes jsonb not null default '[]'::jsonb
column anchor_state.contract_size bigint
column anchor_state.reorganisations bigint not null default 0
column anchor_state.fee_bumps bigint not null default 0
column anchor_transactions.hash text not null
column anchor_transactions.chain_id bigint not null
column anchor_transactions.contract text not null
column anchor_transactions.payer text not null
column anchor_transactions.nonce bigint not null
column anchor_transactions.tree_size bigint not null
column anchor_transactions.root_hash bytea not null
column anchor_transactions.raw text not null
column anchor_transactions.max_fee numeric not null
column anchor_transactions.priority_fee numeric not null
column anchor_transactions.state text not null default 'open'::text
column anchor_transactions.stored_at timestamp with time zone not null default now()
column anchor_transactions.sent_at timestamp with time zone
column anchor_transactions.block bigint
column anchor_transactions.block_hash text
column audit.id bigint not null identity
column audit.at timestamp with time zone not null default now()
column audit.actor text not null
column audit.actor_name text not null
column audit.action text not null
column audit.agency_code text
column audit.subject text
column audit.detail jsonb not null default '{}'::jsonb
column audit.leaf_index bigint
column cards.ref bytea not null
column cards.serial text not null
column cards.officer_id uuid not null
column cards.issuer_code text not null
column cards.using_code text not null
column cards.full_name text not null
column cards.position text not null
column cards.category text not null
column cards.kid bytea not null
column cards.sealed bytea not null
column cards.token_hash bytea not null
column cards.photo_digest bytea
column cards.list integer not null
column cards.idx integer not null
column cards.status smallint not null default 0
column cards.ended_as text
column cards.ended_at timestamp with time zone
column cards.successor bytea
column cards.issued_at timestamp with time zone not null
column cards.expires_at timestamp with time zone not null
column cards.leaf_index bigint not null
column cards.request_id uuid not null
column cards.request_seq integer not null
column data_keys.id integer not null
column data_keys.wrapped bytea not null
column data_keys.created_at timestamp with time zone not null default now()
column data_keys.retired_at timestamp with time zone
column data_keys.seals_from timestamp with time zone not null default now()
column diploma_files.digest bytea not null
column diploma_files.ref bytea not null
column diplomas.ref bytea not null
column diplomas.issuer_code text not null
column diplomas.number text
column diplomas.register_number text
column diplomas.holder_name text not null
column diplomas.search_name text not null
column diplomas.title text not null
column diplomas.field text
column diplomas.awarded text not null
column diplomas.expires_at timestamp with time zone
column diplomas.classification text
column diplomas.basis smallint not null
column diplomas.number_index bytea not null
column diplomas.lookup_index bytea not null
column diplomas.kid bytea not null
column diplomas.sealed bytea not null
column diplomas.document_digest bytea
column diplomas.list integer not null
column diplomas.idx integer not null
column diplomas.status smallint not null default 0
column diplomas.ended_as text
column diplomas.ended_at timestamp with time zone
column diplomas.successor bytea
column diplomas.decision text
column diplomas.duplicate_of bytea
column diplomas.issued_at timestamp with time zone not null
column diplomas.leaf_index bigint not null
column diplomas.request_id uuid not null
column diplomas.request_seq integer not null
column diplomas.holder_number bytea
column diplomas.holder_index bytea
column endorsements.digest bytea not null
column endorsements.kid bytea not null
column endorsements.jws text not null
column endorsements.created_at timestamp with time zone not null default now()
column idempotency_keys.owner text not null
column idempotency_keys.key text not null
column idempotency_keys.request_digest bytea not null
column idempotency_keys.answer bytea
column idempotency_keys.created_at timestamp with time zone not null default now()
column import_files.import_id uuid not null
column import_files.part text not null
column import_files.seq integer not null
column import_files.sealed bytea not null
column import_mappings.agency_code text not null
column import_mappings.kind text not null
column import_mappings.headers bytea not null
column import_mappings.mapping jsonb not null
column import_mappings.updated_at timestamp with time zone not null default now()
column import_photos.import_id uuid not null
column import_photos.seq integer not null
column import_photos.row_seq integer
column import_photos.officer_id uuid
column import_photos.digest bytea
column import_photos.refusal text
column import_photos.name bytea not null
column import_photos.sealed bytea
column import_rows.import_id uuid not null
column import_rows.seq integer not null
column import_rows.outcome text not null
column import_rows.warnings integer not null default 0
column import_rows.repairs integer not null default 0
column import_rows.agency_code text
column import_rows.person_index bytea
column import_rows.officer_id uuid
column import_rows.officer_version integer
column import_rows.photo text not null default 'none'::text
column import_rows.sealed bytea not null
column imports.id uuid not null
column imports.kind text not null default 'officers'::text
column imports.agency_code text not null
column imports.maker text not null
column imports.maker_name text not null
column imports.may text[] not null
column imports.file_name text not null
column imports.photos_name text
column imports.state text not null default 'uploading'::text
column imports.progress integer not null default 0
column imports.total integer not null default 0
column imports.mapping jsonb
column imports.columns jsonb
column imports.counts jsonb not null default '{}'::jsonb
column imports.only_good boolean
column imports.failure_code text
column imports.failure_detail text
column imports.request_id uuid
column imports.created_at timestamp with time zone not null default now()
column imports.updated_at timestamp with time zone not null default now()
column imports.finished_at timestamp with time zone
column kept_forms.id uuid not null
column kept_forms.sub text not null
column kept_forms.path text not null
column kept_forms.form bytea not null
column kept_forms.created_at timestamp with time zone not null
column live_bindings.thumbprint bytea not null
column live_bindings.card_ref bytea not null
column live_bindings.binding bytea not null
column live_bindings.bound_at timestamp with time zone not null default now()
column live_bindings.expires_at timestamp with time zone not null
column live_bindings.leaf_index bigint not null
column live_bindings.unbound_at timestamp with time zone
column live_bindings.unbound_leaf_index bigint
column live_links.token_hash bytea not null
column live_links.card_ref bytea not null
column live_links.created_by text not null
column live_links.created_at timestamp with time zone not null default now()
column live_links.expires_at timestamp with time zone not null
column live_links.used_at timestamp with time zone
column log_anchors.chain_id bigint not null
column log_anchors.contract text not null
column log_anchors.tree_size bigint not null
column log_anchors.root_hash bytea not null
column log_anchors.transaction text not null
column log_anchors.block bigint not null
column log_anchors.time bigint not null
column log_checkpoints.tree_size bigint not null
column log_checkpoints.root_hash bytea not null
column log_checkpoints.note text
column log_checkpoints.signed_at timestamp with time zone not null default now()
column log_comparison.only_row boolean not null default true
column log_comparison.incarnation text
column log_comparison.compared_at timestamp with time zone
column log_comparison.behind_by text
column log_comparison.behind_size bigint
column log_comparison.behind_root bytea
column log_cosignatures.tree_size bigint not null
column log_cosignatures.witness text not null
column log_cosignatures.key_id bytea not null
column log_cosignatures.signature bytea not null
column log_cosignatures.time bigint not null
column log_entries.leaf_index bigint not null
column log_entries.entry bytea not null
column log_entries.leaf_hash bytea not null
column log_entries.ref bytea
column log_entries.type text not null
column log_head.only_row boolean not null default true
column log_head.size bigint not null default 0
column log_head.at bigint not null default 0
column log_head.hashes bytea not null default '\x'::bytea
column log_head.closed text
column log_lost.leaf_index bigint not null
column log_lost.ref bytea not null
column log_lost.type text not null
column log_lost.accepted_at timestamp with time zone not null default now()
column log_nodes.level smallint not null
column log_nodes.index bigint not null
column log_nodes.hash bytea not null
column log_reasons.leaf_index bigint not null
column log_reasons.sealed bytea not null
column lookup_counts.key bytea not null
column lookup_counts.day date not null
column lookup_counts.count integer not null default 0
column migrations.name text not null
column migrations.at timestamp with time zone not null default now()
column migrations.digest bytea
column officer_changes.officer_id uuid not null
column officer_changes.version integer not null
column officer_changes.at timestamp with time zone not null default now()
column officer_changes.actor text not null
column officer_changes.actor_name text not null
column officer_changes.import_id uuid
column officer_changes.sealed bytea not null
column officer_tails.tail text not null
column officer_tails.officer_id uuid not null
column officer_tails.agency_code text not null
column officer_tails.head text not null
column officers.id uuid not null
column officers.agency_code text not null
column officers.personal_number_index bytea not null
column officers.private bytea not null
column officers.full_name text not null
column officers.search_name text not null
column officers.position text not null default ''::text
column officers.title text not null default ''::text
column officers.category text not null
column officers.photo_digest bytea
column officers.warnings jsonb not null default '[]'::jsonb
column officers.version integer not null default 1
column officers.left_at timestamp with time zone
column officers.created_at timestamp with time zone not null default now()
column officers.updated_at timestamp with time zone not null default now()
column overview_counts.agency_code text not null
column overview_counts.counts jsonb not null
column overview_counts.counted_at timestamp with time zone not null
column overview_counts.cost_ms double precision not null
column pending_keys.request_id uuid not null
column pending_keys.sealed bytea not null
column photos.digest bytea not null
column photos.shown bytea not null
column photos.printed bytea not null
column photos.created_at timestamp with time zone not null default now()
column plastics.id uuid not null
column plastics.card_ref bytea not null
column plastics.job_id uuid not null
column plastics.seq integer not null
column plastics.state text not null default 'waiting'::text
column plastics.blank_number text
column plastics.note bytea
column plastics.printed_at timestamp with time zone
column plastics.delivered_at timestamp with time zone
column plastics.changed_at timestamp with time zone not null default now()
column print_jobs.id uuid not null
column print_jobs.agency_code text not null
column print_jobs.layout text not null
column print_jobs.template text not null
column print_jobs.maker text not null
column print_jobs.maker_name text not null
column print_jobs.reason bytea
column print_jobs.total integer not null
column print_jobs.created_at timestamp with time zone not null default now()
column print_jobs.fetched_at timestamp with time zone
column request_counts.key text not null
column request_counts.starts_at timestamp with time zone not null
column request_counts.count integer not null
column request_items.request_id uuid not null
column request_items.seq integer not null
column request_items.officer_id uuid
column request_items.person_index bytea
column request_items.subject_ref bytea
column request_items.claims bytea not null
column request_items.claims_digest bytea not null
column request_items.warnings jsonb not null default '[]'::jsonb
column request_items.state text not null default 'pending'::text
column request_items.outcome text not null default ''::text
column request_items.ref bytea
column request_items.officer_version integer
column requests.id uuid not null
column requests.kind text not null
column requests.agency_code text not null
column requests.maker text not null
column requests.maker_name text not null
column requests.approver text
column requests.approver_name text
column requests.status text not null default 'pending'::text
column requests.detail jsonb not null default '{}'::jsonb
column requests.reason bytea
column requests.refusal bytea
column requests.total integer not null default 0
column requests.done integer not null default 0
column requests.failed integer not null default 0
column requests.approved_digest bytea
column requests.created_at timestamp with time zone not null default now()
column requests.decided_at timestamp with time zone
column requests.finished_at timestamp with time zone
column serial_counters.level_one text not null
column serial_counters.year integer not null
column serial_counters.next integer not null default 1
column service_keys.use text not null
column service_keys.private bytea not null
column service_keys.public bytea not null
column service_keys.created_at timestamp with time zone not null default now()
column sessions.id_hash bytea not null
column sessions.sub text not null
column sessions.name text not null
column sessions.roles text[] not null
column sessions.agency_code text not null
column sessions.officer_id uuid
column sessions.csrf text not null
column sessions.flash jsonb
column sessions.stepped_up_at timestamp with time zone
column sessions.created_at timestamp with time zone not null default now()
column sessions.last_seen_at timestamp with time zone not null
column sessions.locked_at timestamp with time zone
column sessions.expires_at timestamp with time zone not null
column sessions.person_index bytea
column signing_key_revision.only_row boolean not null default true
column signing_key_revision.revision bigint not null default 1
column signing_keys.kid bytea not null
column signing_keys.thumbprint bytea not null
column signing_keys.agency_code text not null
column signing_keys.use text not null
column signing_keys.jwk jsonb not null
column signing_keys.form text not null
column signing_keys.location text not null
column signing_keys.x5c jsonb not null default '[]'::jsonb
column signing_keys.not_before timestamp with time zone not null
column signing_keys.not_after timestamp with time zone not null
column signing_keys.served_at timestamp with time zone
column signing_keys.retired_at timestamp with time zone
column signing_keys.compromise jsonb
column signing_keys.created_at timestamp with time zone not null default now()
column staff.sub text not null
column staff.name text not null
column staff.search_name text not null default ''::text
column staff.roles text[] not null
column staff.agency_code text not null
column staff.first_seen_at timestamp with time zone not null
column staff.last_seen_at timestamp with time zone not null
column staff.barred_at timestamp with time zone
column staff.barred_by text
column status_list_bits.number integer not null
column status_list_bits.bits bytea not null
column status_list_bits.version bigint not null default 0
column status_list_bits.changed_at timestamp with time zone not null default now()
column status_list_tokens.number integer not null
column status_list_tokens.version bigint not null
column status_list_tokens.iat bigint not null
column status_list_tokens.kid bytea not null
column status_list_tokens.token text not null
column status_lists.number integer not null identity
column status_lists.agency_code text not null
column status_lists.size integer not null
column status_lists.reserved integer not null default 0
column status_lists.order_key bytea not null
column status_lists.created_at timestamp with time zone not null default now()
column trust_documents.path text not null
column trust_documents.body text not null
column trust_documents.digest bytea not null
column trust_documents.seq bigint not null
column trust_documents.published_at timestamp with time zone not null
column trust_logs.origin text not null
column trust_logs.vkey text not null
column trust_logs.url text not null
column trust_logs.valid_from timestamp with time zone not null
column trust_logs.valid_until timestamp with time zone
column trust_publications.seq bigint not null
column trust_publications.epoch integer not null
column trust_publications.iat timestamp with time zone not null
column trust_publications.digest bytea not null
column trust_publications.facts bytea not null
column trust_publications.leaf_index bigint not null
column trust_roots.epoch integer not null
column trust_roots.body text not null
column trust_roots.digest bytea not null
column trust_roots.published_at timestamp with time zone not null default now()
column trust_witnesses.vkey text not null
column trust_witnesses.added_at timestamp with time zone not null default now()
column webhook_cursor.one boolean not null default true
column webhook_cursor.leaf_index bigint not null default 0
column webhook_cursor.anchored_size bigint not null default 0
column webhook_deliveries.event_id uuid not null
column webhook_deliveries.webhook_id uuid not null
column webhook_deliveries.state text not null default 'pending'::text
column webhook_deliveries.attempts integer not null default 0
column webhook_deliveries.next_at timestamp with time zone not null default now()
column webhook_deliveries.last_status integer
column webhook_deliveries.last_error text
column webhook_deliveries.delivered_at timestamp with time zone
column webhook_events.id uuid not null
column webhook_events.type text not null
column webhook_events.agency_code text not null
column webhook_events.body jsonb not null
column webhook_events.created_at timestamp with time zone not null default now()
column webhooks.id uuid not null
column webhooks.agency_code text not null
column webhooks.url text not null
column webhooks.events text[] not null
column webhooks.description text not null default ''::text
column webhooks.created_by text not null
column webhooks.created_at timestamp with time zone not null default now()
column webhooks.disabled_at timestamp with time zone
constraint agencies.agencies_check CHECK (((successor_code IS NULL) = (successor_from IS NULL)))
constraint agencies.agencies_check1 CHECK (((restricted_served_at IS NULL) OR restricted))
constraint agencies.agencies_code_check CHECK ((length(code) <= 35))
constraint agencies.agencies_pkey PRIMARY KEY (code)
constraint agencies.agencies_successor_code_fkey FOREIGN KEY (successor_code) REFERENCES agencies(code)
constraint agency_parents.agency_parents_check CHECK ((code <> parent_code))
constraint agency_parents.agency_parents_code_fkey FOREIGN KEY (code) REFERENCES agencies(code)
constraint agency_parents.agency_parents_parent_code_fkey FOREIGN KEY (parent_code) REFERENCES agencies(code)
constraint agency_parents.agency_parents_pkey PRIMARY KEY (code, valid_from)
constraint agency_revision.agency_revision_one_check CHECK (one)
constraint agency_revision.agency_revision_pkey PRIMARY KEY (one)
constraint agency_templates.agency_templates_agency_code_fkey FOREIGN KEY (agency_code) REFERENCES agencies(code)
constraint agency_templates.agency_templates_pkey PRIMARY KEY (agency_code, use)
constraint agency_templates.agency_templates_use_check CHECK ((use = ANY (ARRAY['card'::text, 'diploma'::text, 'certificate'::text, 'extract'::text, 'attestation'::text])))
constraint anchor_contracts.anchor_contracts_pkey PRIMARY KEY (id)
constraint anchor_state.anchor_state_only_row_check CHECK (only_row)
constraint anchor_state.anchor_state_pkey PRIMARY KEY (only_row)
constraint anchor_transactions.anchor_transactions_pkey PRIMARY KEY (hash)
constraint anchor_transactions.anchor_transactions_root_hash_check CHECK ((octet_length(root_hash) = 32))
constraint anchor_transactions.anchor_transactions_state_check CHECK ((state = ANY (ARRAY['open'::text, 'mined'::text, 'final'::text, 'failed'::text, 'void'::text])))
constraint audit.audit_pkey PRIMARY KEY (id)
constraint cards.cards_check CHECK (((status = 1) <= (ended_as IS NOT NULL)))
constraint cards.cards_ended_as_check CHECK ((ended_as = ANY (ARRAY['ended'::text, 'replaced'::text, 'error'::text, 'expired'::text])))
constraint cards.cards_issuer_code_fkey FOREIGN KEY (issuer_code) REFERENCES agencies(code)
constraint cards.cards_leaf_index_key UNIQUE (leaf_index)
constraint cards.cards_list_idx_key UNIQUE (list, idx)
constraint cards.cards_officer_id_fkey FOREIGN KEY (officer_id) REFERENCES officers(id)
constraint cards.cards_pkey PRIMARY KEY (ref)
constraint cards.cards_ref_check CHECK ((octet_length(ref) = 16))
constraint cards.cards_request_id_request_seq_key UNIQUE (request_id, request_seq)
constraint cards.cards_serial_key UNIQUE (serial)
constraint cards.cards_status_check CHECK ((status = ANY (ARRAY[0, 1, 2])))
constraint cards.cards_successor_fkey FOREIGN KEY (successor) REFERENCES cards(ref) DEFERRABLE INITIALLY DEFERRED
constraint cards.cards_token_hash_check CHECK ((octet_length(token_hash) = 32))
constraint cards.cards_token_hash_key UNIQUE (token_hash)
constraint cards.cards_using_code_fkey FOREIGN KEY (using_code) REFERENCES agencies(code)
constraint data_keys.data_keys_pkey PRIMARY KEY (id)
constraint diploma_files.diploma_files_digest_check CHECK ((octet_length(digest) = 32))
constraint diploma_files.diploma_files_pkey PRIMARY KEY (digest)
constraint diploma_files.diploma_files_ref_fkey FOREIGN KEY (ref) REFERENCES diplomas(ref)
constraint diplomas.diplomas_check CHECK (((holder_number IS NULL) = (holder_index IS NULL)))
constraint diplomas.diplomas_document_digest_check CHECK ((octet_length(document_digest) = 32))
constraint diplomas.diplomas_duplicate_of_fkey FOREIGN KEY (duplicate_of) REFERENCES diplomas(ref)
constraint diplomas.diplomas_ended_as_check CHECK ((ended_as = ANY (ARRAY['ended'::text, 'replaced'::text, 'error'::text, 'corrected'::text])))
constraint diplomas.diplomas_holder_index_check CHECK ((octet_length(holder_index) = 32))
constraint diplomas.diplomas_issuer_code_fkey FOREIGN KEY (issuer_code) REFERENCES agencies(code)
constraint diplomas.diplomas_leaf_index_key UNIQUE (leaf_index)
constraint diplomas.diplomas_list_idx_key UNIQUE (list, idx)
constraint diplomas.diplomas_pkey PRIMARY KEY (ref)
constraint diplomas.diplomas_ref_check CHECK ((octet_length(ref) = 16))
constraint diplomas.diplomas_request_id_request_seq_key UNIQUE (request_id, request_seq)
constraint diplomas.diplomas_status_check CHECK ((status = ANY (ARRAY[0, 1, 2])))
constraint diplomas.diplomas_successor_fkey FOREIGN KEY (successor) REFERENCES diplomas(ref) DEFERRABLE INITIALLY DEFERRED
constraint endorsements.endorsements_digest_check CHECK ((octet_length(digest) = 32))
constraint endorsements.endorsements_kid_fkey FOREIGN KEY (kid) REFERENCES signing_keys(kid)
constraint endorsements.endorsements_pkey PRIMARY KEY (digest)
constraint idempotency_keys.idempotency_keys_pkey PRIMARY KEY (owner, key)
constraint idempotency_keys.idempotency_keys_request_digest_check CHECK ((octet_length(request_digest) = 32))
constraint import_files.import_files_import_id_fkey FOREIGN KEY (import_id) REFERENCES imports(id) ON DELETE CASCADE
constraint import_files.import_files_part_check CHECK ((part = ANY (ARRAY['table'::text, 'photos'::text])))
constraint import_files.import_files_pkey PRIMARY KEY (import_id, part, seq)
constraint import_mappings.import_mappings_headers_check CHECK ((octet_length(headers) = 32))
constraint import_mappings.import_mappings_pkey PRIMARY KEY (agency_code, kind, headers)
constraint import_photos.import_photos_import_id_fkey FOREIGN KEY (import_id) REFERENCES imports(id) ON DELETE CASCADE
constraint import_photos.import_photos_pkey PRIMARY KEY (import_id, seq)
constraint import_rows.import_rows_import_id_fkey FOREIGN KEY (import_id) REFERENCES imports(id) ON DELETE CASCADE
constraint import_rows.import_rows_outcome_check CHECK ((outcome = ANY (ARRAY['new'::text, 'changed'::text, 'unchanged'::text, 'repeated'::text, 'refused'::text, 'foreign'::text])))
constraint import_rows.import_rows_photo_check CHECK ((photo = ANY (ARRAY['none'::text, 'kept'::text, 'same'::text, 'new'::text, 'missing'::text, 'refused'::text])))
constraint import_rows.import_rows_pkey PRIMARY KEY (import_id, seq)
constraint imports.imports_kind_check CHECK ((kind = ANY (ARRAY['officers'::text, 'agencies'::text])))
constraint imports.imports_pkey PRIMARY KEY (id)
constraint imports.imports_state_check CHECK ((state = ANY (ARRAY['uploading'::text, 'reading'::text, 'preview'::text, 'committing'::text, 'done'::text, 'failed'::text, 'cancelled'::text])))
constraint kept_forms.kept_forms_pkey PRIMARY KEY (id)
constraint live_bindings.live_bindings_card_ref_fkey FOREIGN KEY (card_ref) REFERENCES cards(ref)
constraint live_bindings.live_bindings_check CHECK (((unbound_at IS NULL) = (unbound_leaf_index IS NULL)))
constraint live_bindings.live_bindings_leaf_index_key UNIQUE (leaf_index)
constraint live_bindings.live_bindings_pkey PRIMARY KEY (thumbprint)
constraint live_bindings.live_bindings_thumbprint_check CHECK ((octet_length(thumbprint) = 32))
constraint live_bindings.live_bindings_unbound_leaf_index_key UNIQUE (unbound_leaf_index)
constraint live_links.live_links_card_ref_fkey FOREIGN KEY (card_ref) REFERENCES cards(ref)
constraint live_links.live_links_pkey PRIMARY KEY (token_hash)
constraint live_links.live_links_token_hash_check CHECK ((octet_length(token_hash) = 32))
constraint log_anchors.log_anchors_pkey PRIMARY KEY (chain_id, contract, tree_size)
constraint log_anchors.log_anchors_root_hash_check CHECK ((octet_length(root_hash) = 32))
constraint log_checkpoints.log_checkpoints_pkey PRIMARY KEY (tree_size)
constraint log_checkpoints.log_checkpoints_root_hash_check CHECK ((octet_length(root_hash) = 32))
constraint log_checkpoints.log_checkpoints_tree_size_check CHECK ((tree_size >= 0))
constraint log_comparison.log_comparison_behind_by_check CHECK ((behind_by = ANY (ARRAY['checkpoint'::text, 'seen'::text, 'witness'::text, 'contract'::text])))
constraint log_comparison.log_comparison_behind_root_check CHECK ((octet_length(behind_root) = 32))
constraint log_comparison.log_comparison_only_row_check CHECK (only_row)
constraint log_comparison.log_comparison_pkey PRIMARY KEY (only_row)
constraint log_cosignatures.log_cosignatures_key_id_check CHECK ((octet_length(key_id) = 4))
constraint log_cosignatures.log_cosignatures_pkey PRIMARY KEY (tree_size, witness, key_id)
constraint log_cosignatures.log_cosignatures_signature_check CHECK ((octet_length(signature) = 72))
constraint log_cosignatures.log_cosignatures_tree_size_fkey FOREIGN KEY (tree_size) REFERENCES log_checkpoints(tree_size)
constraint log_entries.log_entries_entry_check CHECK ((octet_length(entry) <= 65535))
constraint log_entries.log_entries_leaf_hash_check CHECK ((octet_length(leaf_hash) = 32))
constraint log_entries.log_entries_leaf_index_check CHECK ((leaf_index >= 0))
constraint log_entries.log_entries_pkey PRIMARY KEY (leaf_index)
constraint log_entries.log_entries_ref_check CHECK ((octet_length(ref) = 16))
constraint log_head.log_head_only_row_check CHECK (only_row)
constraint log_head.log_head_pkey PRIMARY KEY (only_row)
constraint log_lost.log_lost_pkey PRIMARY KEY (leaf_index)
constraint log_nodes.log_nodes_hash_check CHECK ((octet_length(hash) = 32))
constraint log_nodes.log_nodes_index_check CHECK ((index >= 0))
constraint log_nodes.log_nodes_level_check CHECK (((level >= 1) AND (level <= 5)))
constraint log_nodes.log_nodes_pkey PRIMARY KEY (level, index)
constraint log_reasons.log_reasons_pkey PRIMARY KEY (leaf_index)
constraint lookup_counts.lookup_counts_key_check CHECK ((octet_length(key) = 32))
constraint lookup_counts.lookup_counts_pkey PRIMARY KEY (key, day)
constraint migrations.migrations_pkey PRIMARY KEY (name)
constraint officer_changes.officer_changes_officer_id_fkey FOREIGN KEY (officer_id) REFERENCES officers(id) ON DELETE CASCADE
constraint officer_changes.officer_changes_pkey PRIMARY KEY (officer_id, version)
constraint officer_tails.officer_tails_pkey PRIMARY KEY (tail, officer_id) INCLUDE (agency_code, head)
constraint officers.officers_agency_code_fkey FOREIGN KEY (agency_code) REFERENCES agencies(code)
constraint officers.officers_personal_number_index_check CHECK ((octet_length(personal_number_index) = 32))
constraint officers.officers_personal_number_index_key UNIQUE (personal_number_index)
constraint officers.officers_photo_digest_fkey FOREIGN KEY (photo_digest) REFERENCES photos(digest)
constraint officers.officers_pkey PRIMARY KEY (id)
constraint overview_counts.overview_counts_pkey PRIMARY KEY (agency_code)
constraint pending_keys.pending_keys_pkey PRIMARY KEY (request_id)
constraint pending_keys.pending_keys_request_id_fkey FOREIGN KEY (request_id) REFERENCES requests(id)
constraint photos.photos_digest_check CHECK ((octet_length(digest) = 32))
constraint photos.photos_pkey PRIMARY KEY (digest)
constraint plastics.plastics_card_ref_fkey FOREIGN KEY (card_ref) REFERENCES cards(ref)
constraint plastics.plastics_job_id_fkey FOREIGN KEY (job_id) REFERENCES print_jobs(id)
constraint plastics.plastics_job_id_seq_key UNIQUE (job_id, seq)
constraint plastics.plastics_pkey PRIMARY KEY (id)
constraint plastics.plastics_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'printed'::text, 'spoilt'::text, 'delivered'::text, 'returned'::text, 'destroyed'::text, 'lost'::text])))
constraint print_jobs.print_jobs_agency_code_fkey FOREIGN KEY (agency_code) REFERENCES agencies(code)
constraint print_jobs.print_jobs_layout_check CHECK ((layout = ANY (ARRAY['card'::text, 'a4'::text, 'bureau'::text])))
constraint print_jobs.print_jobs_pkey PRIMARY KEY (id)
constraint request_counts.request_counts_pkey PRIMARY KEY (key, starts_at)
constraint request_items.request_items_claims_digest_check CHECK ((octet_length(claims_digest) = 32))
constraint request_items.request_items_officer_id_fkey FOREIGN KEY (officer_id) REFERENCES officers(id)
constraint request_items.request_items_pkey PRIMARY KEY (request_id, seq)
constraint request_items.request_items_request_id_fkey FOREIGN KEY (request_id) REFERENCES requests(id)
constraint request_items.request_items_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'approved'::text, 'held'::text, 'refused'::text, 'void'::text, 'done'::text, 'failed'::text])))
constraint requests.requests_agency_code_fkey FOREIGN KEY (agency_code) REFERENCES agencies(code)
constraint requests.requests_approved_digest_check CHECK ((octet_length(approved_digest) = 32))
constraint requests.requests_check CHECK (((approver IS NULL) OR (approver <> maker)))
constraint requests.requests_check1 CHECK (((status <> ALL (ARRAY['approved'::text, 'running'::text, 'done'::text, 'refused'::text])) OR (approver IS NOT NULL)))
constraint requests.requests_pkey PRIMARY KEY (id)
constraint requests.requests_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'approved'::text, 'running'::text, 'done'::text, 'refused'::text, 'void'::text, 'cancelled'::text])))
constraint serial_counters.serial_counters_pkey PRIMARY KEY (level_one, year)
constraint service_keys.service_keys_pkey PRIMARY KEY (use)
constraint service_keys.service_keys_public_check CHECK ((octet_length(public) = 32))
constraint service_keys.service_keys_use_check CHECK ((use = ANY (ARRAY['webhook'::text, 'result-sheet'::text])))
constraint sessions.sessions_id_hash_check CHECK ((octet_length(id_hash) = 32))
constraint sessions.sessions_person_index_check CHECK ((octet_length(person_index) = 32))
constraint sessions.sessions_pkey PRIMARY KEY (id_hash)
constraint signing_key_revision.signing_key_revision_only_row_check CHECK (only_row)
constraint signing_key_revision.signing_key_revision_pkey PRIMARY KEY (only_row)
constraint signing_keys.signing_keys_agency_code_fkey FOREIGN KEY (agency_code) REFERENCES agencies(code)
constraint signing_keys.signing_keys_check CHECK (((octet_length(thumbprint) = 32) AND (SUBSTRING(thumbprint FROM 1 FOR 8) = kid)))
constraint signing_keys.signing_keys_check1 CHECK ((not_after > not_before))
constraint signing_keys.signing_keys_form_check CHECK ((form = ANY (ARRAY['file'::text, 'pkcs11'::text])))
constraint signing_keys.signing_keys_kid_check CHECK ((octet_length(kid) = 8))
constraint signing_keys.signing_keys_location_key UNIQUE (location)
constraint signing_keys.signing_keys_pkey PRIMARY KEY (kid)
constraint signing_keys.signing_keys_thumbprint_key UNIQUE (thumbprint)
constraint signing_keys.signing_keys_use_check CHECK ((use = ANY (ARRAY['card'::text, 'diploma'::text, 'status'::text, 'document'::text])))
constraint staff.staff_pkey PRIMARY KEY (sub)
constraint status_list_bits.status_list_bits_number_fkey FOREIGN KEY (number) REFERENCES status_lists(number)
constraint status_list_bits.status_list_bits_pkey PRIMARY KEY (number)
constraint status_list_tokens.status_list_tokens_kid_check CHECK ((octet_length(kid) = 8))
constraint status_list_tokens.status_list_tokens_number_fkey FOREIGN KEY (number) REFERENCES status_lists(number)
constraint status_list_tokens.status_list_tokens_pkey PRIMARY KEY (number)
constraint status_lists.status_lists_agency_code_fkey FOREIGN KEY (agency_code) REFERENCES agencies(code)
constraint status_lists.status_lists_check CHECK (((reserved >= 0) AND (reserved <= size)))
constraint status_lists.status_lists_order_key_check CHECK ((octet_length(order_key) = 32))
constraint status_lists.status_lists_pkey PRIMARY KEY (number)
constraint status_lists.status_lists_size_check CHECK (((size > 0) AND ((size % 4) = 0)))
constraint trust_documents.trust_documents_digest_check CHECK ((octet_length(digest) = 32))
constraint trust_documents.trust_documents_pkey PRIMARY KEY (path)
constraint trust_logs.trust_logs_pkey PRIMARY KEY (origin, vkey)
constraint trust_publications.trust_publications_digest_check CHECK ((octet_length(digest) = 32))
constraint trust_publications.trust_publications_epoch_fkey FOREIGN KEY (epoch) REFERENCES trust_roots(epoch)
constraint trust_publications.trust_publications_facts_check CHECK ((octet_length(facts) = 32))
constraint trust_publications.trust_publications_pkey PRIMARY KEY (seq)
constraint trust_roots.trust_roots_digest_check CHECK ((octet_length(digest) = 32))
constraint trust_roots.trust_roots_epoch_check CHECK ((epoch >= 1))
constraint trust_roots.trust_roots_pkey PRIMARY KEY (epoch)
constraint trust_witnesses.trust_witnesses_pkey PRIMARY KEY (vkey)
constraint webhook_cursor.webhook_cursor_one_check CHECK (one)
constraint webhook_cursor.webhook_cursor_pkey PRIMARY KEY (one)
constraint webhook_deliveries.webhook_deliveries_event_id_fkey FOREIGN KEY (event_id) REFERENCES webhook_events(id)
constraint webhook_deliveries.webhook_deliveries_pkey PRIMARY KEY (event_id, webhook_id)
constraint webhook_deliveries.webhook_deliveries_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'delivered'::text, 'dead'::text])))
constraint webhook_deliveries.webhook_deliveries_webhook_id_fkey FOREIGN KEY (webhook_id) REFERENCES webhooks(id)
constraint webhook_events.webhook_events_pkey PRIMARY KEY (id)
constraint webhooks.webhooks_agency_code_fkey FOREIGN KEY (agency_code) REFERENCES agencies(code)
constraint webhooks.webhooks_pkey PRIMARY KEY (id)
CREATE UNIQUE INDEX agencies_pkey ON public.agencies USING btree (code)
CREATE UNIQUE INDEX agency_parents_current ON public.agency_parents USING btree (code) WHERE (valid_to IS NULL)
CREATE INDEX agency_parents_parent ON public.agency_parents USING btree (parent_code)
CREATE UNIQUE INDEX agency_parents_pkey ON public.agency_parents USING btree (code, valid_from)
CREATE UNIQUE INDEX agency_revision_pkey ON public.agency_revision USING btree (one)
CREATE UNIQUE INDEX agency_templates_pkey ON public.agency_templates USING btree (agency_code, use)
CREATE UNIQUE INDEX anchor_contracts_pkey ON public.anchor_contracts USING btree (id)
CREATE UNIQUE INDEX anchor_state_pkey ON public.anchor_state USING btree (only_row)
CREATE UNIQUE INDEX anchor_transactions_pkey ON public.anchor_transactions USING btree (hash)
CREATE INDEX anchor_transactions_unsettled ON public.anchor_transactions USING btree (chain_id, payer, nonce) WHERE (state = ANY (ARRAY['open'::text, 'mined'::text]))
CREATE INDEX audit_at ON public.audit USING btree (at DESC)
CREATE UNIQUE INDEX audit_pkey ON public.audit USING btree (id)
CREATE INDEX audit_subject ON public.audit USING btree (subject, at DESC)
CREATE INDEX cards_expiry ON public.cards USING btree (expires_at) WHERE (ended_as IS NULL)
CREATE INDEX cards_issued ON public.cards USING btree (issued_at DESC)
CREATE UNIQUE INDEX cards_leaf_index_key ON public.cards USING btree (leaf_index)
CREATE UNIQUE INDEX cards_list_idx_key ON public.cards USING btree (list, idx)
CREATE INDEX cards_officer ON public.cards USING btree (officer_id)
CREATE UNIQUE INDEX cards_one_valid ON public.cards USING btree (officer_id) WHERE (ended_as IS NULL)
CREATE INDEX cards_photo ON public.cards USING btree (photo_digest) WHERE (ended_as IS NULL)
CREATE UNIQUE INDEX cards_pkey ON public.cards USING btree (ref)
CREATE UNIQUE INDEX cards_request_id_request_seq_key ON public.cards USING btree (request_id, request_seq)
CREATE UNIQUE INDEX cards_serial_key ON public.cards USING btree (serial)
CREATE UNIQUE INDEX cards_token_hash_key ON public.cards USING btree (token_hash)
CREATE UNIQUE INDEX data_keys_pkey ON public.data_keys USING btree (id)
CREATE UNIQUE INDEX diploma_files_pkey ON public.diploma_files USING btree (digest)
CREATE INDEX diplomas_document ON public.diplomas USING btree (document_digest) WHERE (document_digest IS NOT NULL)
CREATE INDEX diplomas_holder ON public.diplomas USING btree (holder_index) WHERE (holder_index IS NOT NULL)
CREATE INDEX diplomas_issued ON public.diplomas USING btree (issued_at DESC, ref DESC)
CREATE UNIQUE INDEX diplomas_leaf_index_key ON public.diplomas USING btree (leaf_index)
CREATE UNIQUE INDEX diplomas_list_idx_key ON public.diplomas USING btree (list, idx)
CREATE INDEX diplomas_lookup ON public.diplomas USING btree (lookup_index)
CREATE UNIQUE INDEX diplomas_number ON public.diplomas USING btree (number_index) WHERE ((ended_as IS NULL) AND (duplicate_of IS NULL))
CREATE UNIQUE INDEX diplomas_pkey ON public.diplomas USING btree (ref)
CREATE INDEX diplomas_request ON public.diplomas USING btree (request_id)
CREATE UNIQUE INDEX diplomas_request_id_request_seq_key ON public.diplomas USING btree (request_id, request_seq)
CREATE INDEX diplomas_search ON public.diplomas USING gin (search_name gin_trgm_ops)
CREATE INDEX endorsements_kid ON public.endorsements USING btree (kid, created_at)
CREATE UNIQUE INDEX endorsements_pkey ON public.endorsements USING btree (digest)
CREATE INDEX idempotency_keys_age ON public.idempotency_keys USING btree (created_at)
CREATE UNIQUE INDEX idempotency_keys_pkey ON public.idempotency_keys USING btree (owner, key)
CREATE UNIQUE INDEX import_files_pkey ON public.import_files USING btree (import_id, part, seq)
CREATE UNIQUE INDEX import_mappings_pkey ON public.import_mappings USING btree (agency_code, kind, headers)
CREATE UNIQUE INDEX import_photos_pkey ON public.import_photos USING btree (import_id, seq)
CREATE INDEX import_photos_row ON public.import_photos USING btree (import_id, row_seq)
CREATE INDEX import_rows_outcome ON public.import_rows USING btree (import_id, outcome, seq)
CREATE INDEX import_rows_person ON public.import_rows USING btree (import_id, person_index)
CREATE UNIQUE INDEX import_rows_pkey ON public.import_rows USING btree (import_id, seq)
CREATE INDEX imports_agency ON public.imports USING btree (agency_code, created_at DESC)
CREATE UNIQUE INDEX imports_pkey ON public.imports USING btree (id)
CREATE INDEX imports_swept ON public.imports USING btree (updated_at)
CREATE INDEX kept_forms_created ON public.kept_forms USING btree (created_at)
CREATE UNIQUE INDEX kept_forms_pkey ON public.kept_forms USING btree (id)
CREATE UNIQUE INDEX live_bindings_leaf_index_key ON public.live_bindings USING btree (leaf_index)
CREATE UNIQUE INDEX live_bindings_one ON public.live_bindings USING btree (card_ref) WHERE (unbound_at IS NULL)
CREATE UNIQUE INDEX live_bindings_pkey ON public.live_bindings USING btree (thumbprint)
CREATE UNIQUE INDEX live_bindings_unbound_leaf_index_key ON public.live_bindings USING btree (unbound_leaf_index)
CREATE INDEX live_links_card ON public.live_links USING btree (card_ref)
CREATE UNIQUE INDEX live_links_pkey ON public.live_links USING btree (token_hash)
CREATE UNIQUE INDEX log_anchors_pkey ON public.log_anchors USING btree (chain_id, contract, tree_size)
CREATE INDEX log_anchors_size ON public.log_anchors USING btree (tree_size)
CREATE UNIQUE INDEX log_checkpoints_pkey ON public.log_checkpoints USING btree (tree_size)
CREATE INDEX log_checkpoints_signed ON public.log_checkpoints USING btree (tree_size) WHERE (note IS NOT NULL)
CREATE UNIQUE INDEX log_comparison_pkey ON public.log_comparison USING btree (only_row)
CREATE UNIQUE INDEX log_cosignatures_pkey ON public.log_cosignatures USING btree (tree_size, witness, key_id)
CREATE INDEX log_entries_lists ON public.log_entries USING btree (leaf_index) WHERE (type = 'status-list.changed'::text)
CREATE UNIQUE INDEX log_entries_pkey ON public.log_entries USING btree (leaf_index)
CREATE INDEX log_entries_ref ON public.log_entries USING btree (ref, leaf_index) WHERE (ref IS NOT NULL)
CREATE INDEX log_entries_sd_jwts ON public.log_entries USING btree ("substring"(encode(entry, 'escape'::text), '"digest":"([A-Za-z0-9_-]{43})"'::text)) WHERE (type = 'sd-jwt.issued'::text)
CREATE UNIQUE INDEX log_head_pkey ON public.log_head USING btree (only_row)
CREATE UNIQUE INDEX log_lost_pkey ON public.log_lost USING btree (leaf_index)
CREATE UNIQUE INDEX log_nodes_pkey ON public.log_nodes USING btree (level, index)
CREATE UNIQUE INDEX log_reasons_pkey ON public.log_reasons USING btree (leaf_index)
CREATE INDEX lookup_counts_day ON public.lookup_counts USING btree (day)
CREATE UNIQUE INDEX lookup_counts_pkey ON public.lookup_counts USING btree (key, day)
CREATE UNIQUE INDEX migrations_pkey ON public.migrations USING btree (name)
CREATE UNIQUE INDEX officer_changes_pkey ON public.officer_changes USING btree (officer_id, version)
CREATE UNIQUE INDEX officer_tails_pkey ON public.officer_tails USING btree (tail, officer_id) INCLUDE (agency_code, head)
CREATE INDEX officers_agency ON public.officers USING btree (agency_code, search_name)
CREATE INDEX officers_name ON public.officers USING btree (search_name COLLATE "C", id) INCLUDE (agency_code)
CREATE UNIQUE INDEX officers_personal_number_index_key ON public.officers USING btree (personal_number_index)
CREATE UNIQUE INDEX officers_pkey ON public.officers USING btree (id)
CREATE UNIQUE INDEX overview_counts_pkey ON public.overview_counts USING btree (agency_code)
CREATE UNIQUE INDEX pending_keys_pkey ON public.pending_keys USING btree (request_id)
CREATE UNIQUE INDEX photos_pkey ON public.photos USING btree (digest)
CREATE UNIQUE INDEX photos_prefix ON public.photos USING btree (SUBSTRING(digest FROM 1 FOR 16))
CREATE UNIQUE INDEX plastics_blank ON public.plastics USING btree (blank_number) WHERE (blank_number IS NOT NULL)
CREATE INDEX plastics_card ON public.plastics USING btree (card_ref)
CREATE UNIQUE INDEX plastics_job_id_seq_key ON public.plastics USING btree (job_id, seq)
CREATE UNIQUE INDEX plastics_one ON public.plastics USING btree (card_ref) WHERE (state = ANY (ARRAY['waiting'::text, 'printed'::text, 'delivered'::text]))
CREATE UNIQUE INDEX plastics_pkey ON public.plastics USING btree (id)
CREATE INDEX print_jobs_created ON public.print_jobs USING btree (created_at DESC)
CREATE UNIQUE INDEX print_jobs_pkey ON public.print_jobs USING btree (id)
CREATE INDEX request_counts_age ON public.request_counts USING btree (starts_at)
CREATE UNIQUE INDEX request_counts_pkey ON public.request_counts USING btree (key, starts_at)
CREATE INDEX request_items_officer ON public.request_items USING btree (officer_id)
CREATE INDEX request_items_person ON public.request_items USING btree (person_index) WHERE (person_index IS NOT NULL)
CREATE UNIQUE INDEX request_items_pkey ON public.request_items USING btree (request_id, seq)
CREATE INDEX request_items_todo ON public.request_items USING btree (request_id, seq) WHERE (state = 'approved'::text)
CREATE INDEX requests_created ON public.requests USING btree (created_at DESC, id)
CREATE UNIQUE INDEX requests_pkey ON public.requests USING btree (id)
CREATE INDEX requests_waiting ON public.requests USING btree (agency_code, created_at) WHERE (status = 'pending'::text)
CREATE UNIQUE INDEX serial_counters_pkey ON public.serial_counters USING btree (level_one, year)
CREATE UNIQUE INDEX service_keys_pkey ON public.service_keys USING btree (use)
CREATE INDEX sessions_expiry ON public.sessions USING btree (expires_at)
CREATE UNIQUE INDEX sessions_pkey ON public.sessions USING btree (id_hash)
CREATE INDEX sessions_sub ON public.sessions USING btree (sub, created_at DESC)
CREATE UNIQUE INDEX signing_key_revision_pkey ON public.signing_key_revision USING btree (only_row)
CREATE INDEX signing_keys_agency ON public.signing_keys USING btree (agency_code, use)
CREATE UNIQUE INDEX signing_keys_location_key ON public.signing_keys USING btree (location)
CREATE UNIQUE INDEX signing_keys_pkey ON public.signing_keys USING btree (kid)
CREATE UNIQUE INDEX signing_keys_thumbprint_key ON public.signing_keys USING btree (thumbprint)
CREATE INDEX staff_agency ON public.staff USING btree (agency_code, name)
CREATE UNIQUE INDEX staff_pkey ON public.staff USING btree (sub)
CREATE UNIQUE INDEX status_list_bits_pkey ON public.status_list_bits USING btree (number)
CREATE UNIQUE INDEX status_list_tokens_pkey ON public.status_list_tokens USING btree (number)
CREATE INDEX status_lists_open ON public.status_lists USING btree (agency_code, number) WHERE (reserved < size)
CREATE UNIQUE INDEX status_lists_pkey ON public.status_lists USING btree (number)
CREATE UNIQUE INDEX trust_documents_pkey ON public.trust_documents USING btree (path)
CREATE UNIQUE INDEX trust_logs_pkey ON public.trust_logs USING btree (origin, vkey)
CREATE UNIQUE INDEX trust_publications_pkey ON public.trust_publications USING btree (seq)
CREATE UNIQUE INDEX trust_roots_pkey ON public.trust_roots USING btree (epoch)
CREATE UNIQUE INDEX trust_witnesses_pkey ON public.trust_witnesses USING btree (vkey)
CREATE UNIQUE INDEX webhook_cursor_pkey ON public.webhook_cursor USING btree (one)
CREATE INDEX webhook_deliveries_dead ON public.webhook_deliveries USING btree (webhook_id, event_id) WHERE (state = 'dead'::text)
CREATE INDEX webhook_deliveries_due ON public.webhook_deliveries USING btree (next_at) WHERE (state = 'pending'::text)
CREATE UNIQUE INDEX webhook_deliveries_pkey ON public.webhook_deliveries USING btree (event_id, webhook_id)
CREATE INDEX webhook_events_age ON public.webhook_events USING btree (created_at)
CREATE UNIQUE INDEX webhook_events_pkey ON public.webhook_events USING btree (id)
CREATE INDEX webhooks_agency ON public.webhooks USING btree (agency_code) WHERE (disabled_at IS NULL)
CREATE UNIQUE INDEX webhooks_pkey ON public.webhooks USING btree (id)
CREATE OR REPLACE FUNCTION public.add_officer_tails()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  insert into officer_tails (tail, officer_id, agency_code, head)
  select t.tail, id, agency_code, t.head from added, tails_of(search_name) as t where search_name <> ''
  on conflict do nothing;
  return null;
end $function$

CREATE OR REPLACE FUNCTION public.database_incarnation()
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
  select concat_ws('/', extract(epoch from pg_postmaster_start_time()),
    case when pg_is_in_recovery() then 'standby' else left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) end,
    (select oid from pg_database where datname = current_database()), pg_relation_filenode('log_entries'))
$function$

CREATE OR REPLACE FUNCTION public.drop_officer_tails()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  delete from officer_tails t using before, tails_of(before.search_name) as past where t.tail = past.tail and t.officer_id = before.id;
  return null;
end $function$

CREATE OR REPLACE FUNCTION public.drop_pending_key()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  delete from pending_keys where request_id = new.id;
  return null;
end $function$

CREATE OR REPLACE FUNCTION public.forbid_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  raise exception 'append only: %', tg_table_name;
end $function$

CREATE OR REPLACE FUNCTION public.keep_audit()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if tg_op = 'DELETE' and old.at < now() - interval '24 months' and current_setting('antin.retention', true) = 'on' then
    return old;
  end if;
  raise exception 'append only: audit';
end $function$

CREATE OR REPLACE FUNCTION public.keep_log_checkpoint()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if tg_op = 'DELETE' or new.tree_size <> old.tree_size or new.root_hash <> old.root_hash or old.note is not null then
    raise exception 'append only: log_checkpoints';
  end if;
  return new;
end $function$

CREATE OR REPLACE FUNCTION public.keep_log_head()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if tg_op = 'DELETE' or new.size < old.size or new.at < old.at then raise exception 'append only: log_head'; end if;
  return new;
end $function$

CREATE OR REPLACE FUNCTION public.keep_signing_key()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
end $function$

CREATE OR REPLACE FUNCTION public.keep_status_list()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if tg_op = 'DELETE' then raise exception 'append only: status_lists'; end if;
  if new.reserved < old.reserved or (old.number, old.agency_code, old.size) is distinct from (new.number, new.agency_code, new.size) then
    raise exception 'an index is never handed out twice: status_lists';
  end if;
  return new;
end $function$

CREATE OR REPLACE FUNCTION public.lock_log_head()
 RETURNS TABLE(size bigint, at bigint, hashes bytea, closed text, now bigint)
 LANGUAGE plpgsql
AS $function$
begin
  perform set_config('lock_timeout', '2s', true);
  return query select h.size, h.at, h.hashes, log_closed(h.closed), floor(extract(epoch from clock_timestamp()))::bigint from log_head h for update;
end $function$

CREATE OR REPLACE FUNCTION public.log_closed(closed text)
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
  select coalesce(closed, (
    select 'The database was started, promoted or put back; the log is being compared with what is public'
    from log_comparison c where c.incarnation <> database_incarnation()))
$function$

CREATE OR REPLACE FUNCTION public.move_officer_tails()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if not exists (select 1 from before join added using (id)
                 where before.search_name <> added.search_name or before.agency_code <> added.agency_code) then
    return null;
  end if;
  delete from officer_tails t using before join added using (id), tails_of(before.search_name) as past
  where t.tail = past.tail and t.officer_id = before.id
    and (before.search_name <> added.search_name or before.agency_code <> added.agency_code);
  insert into officer_tails (tail, officer_id, agency_code, head)
  select t.tail, added.id, added.agency_code, t.head
  from added join before using (id), tails_of(added.search_name) as t
  where (before.search_name <> added.search_name or before.agency_code <> added.agency_code) and added.search_name <> ''
  on conflict do nothing;
  return null;
end $function$

CREATE OR REPLACE FUNCTION public.raise_agency_revision()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  update agency_revision set revision = revision + 1;
  return null;
end $function$

CREATE OR REPLACE FUNCTION public.raise_signing_key_revision()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  update signing_key_revision set revision = revision + 1;
  return null;
end $function$

CREATE OR REPLACE FUNCTION public.tails_of(search_name text)
 RETURNS TABLE(head text, tail text)
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
AS $function$
  select array_to_string(words[:i - 1], ' '), array_to_string(words[i:], ' ')
  from (select string_to_array(search_name, ' ') as words) split, generate_series(1, least(cardinality(words), 8)) as i
$function$

CREATE TRIGGER agencies_revision AFTER INSERT OR DELETE OR UPDATE ON public.agencies FOR EACH STATEMENT EXECUTE FUNCTION raise_agency_revision()
CREATE TRIGGER agency_parents_revision AFTER INSERT OR DELETE OR UPDATE ON public.agency_parents FOR EACH STATEMENT EXECUTE FUNCTION raise_agency_revision()
CREATE TRIGGER audit_append_only BEFORE DELETE OR UPDATE ON public.audit FOR EACH ROW EXECUTE FUNCTION keep_audit()
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON public.audit FOR EACH STATEMENT EXECUTE FUNCTION forbid_change()
CREATE TRIGGER cards_keep BEFORE DELETE ON public.cards FOR EACH ROW EXECUTE FUNCTION forbid_change()
CREATE TRIGGER cards_no_truncate BEFORE TRUNCATE ON public.cards FOR EACH STATEMENT EXECUTE FUNCTION forbid_change()
CREATE TRIGGER diplomas_keep BEFORE DELETE ON public.diplomas FOR EACH ROW EXECUTE FUNCTION forbid_change()
CREATE TRIGGER diplomas_no_truncate BEFORE TRUNCATE ON public.diplomas FOR EACH STATEMENT EXECUTE FUNCTION forbid_change()
CREATE TRIGGER live_bindings_keep BEFORE DELETE ON public.live_bindings FOR EACH ROW EXECUTE FUNCTION forbid_change()
CREATE TRIGGER log_checkpoints_keep BEFORE DELETE OR UPDATE ON public.log_checkpoints FOR EACH ROW EXECUTE FUNCTION keep_log_checkpoint()
CREATE TRIGGER log_checkpoints_no_truncate BEFORE TRUNCATE ON public.log_checkpoints FOR EACH STATEMENT EXECUTE FUNCTION forbid_change()
CREATE TRIGGER log_entries_append_only BEFORE DELETE OR UPDATE ON public.log_entries FOR EACH ROW EXECUTE FUNCTION forbid_change()
CREATE TRIGGER log_entries_no_truncate BEFORE TRUNCATE ON public.log_entries FOR EACH STATEMENT EXECUTE FUNCTION forbid_change()
CREATE TRIGGER log_head_keep BEFORE DELETE OR UPDATE ON public.log_head FOR EACH ROW EXECUTE FUNCTION keep_log_head()
CREATE TRIGGER log_head_no_truncate BEFORE TRUNCATE ON public.log_head FOR EACH STATEMENT EXECUTE FUNCTION forbid_change()
CREATE TRIGGER log_nodes_append_only BEFORE DELETE OR UPDATE ON public.log_nodes FOR EACH ROW EXECUTE FUNCTION forbid_change()
CREATE TRIGGER log_nodes_no_truncate BEFORE TRUNCATE ON public.log_nodes FOR EACH STATEMENT EXECUTE FUNCTION forbid_change()
CREATE TRIGGER officers_tails_delete AFTER DELETE ON public.officers REFERENCING OLD TABLE AS before FOR EACH STATEMENT EXECUTE FUNCTION drop_officer_tails()
CREATE TRIGGER officers_tails_insert AFTER INSERT ON public.officers REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION add_officer_tails()
CREATE TRIGGER officers_tails_update AFTER UPDATE ON public.officers REFERENCING OLD TABLE AS before NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION move_officer_tails()
CREATE TRIGGER requests_ended AFTER UPDATE OF status ON public.requests FOR EACH ROW WHEN ((new.status = ANY (ARRAY['done'::text, 'refused'::text, 'void'::text, 'cancelled'::text]))) EXECUTE FUNCTION drop_pending_key()
CREATE TRIGGER signing_keys_changed AFTER INSERT OR DELETE OR UPDATE ON public.signing_keys FOR EACH STATEMENT EXECUTE FUNCTION raise_signing_key_revision()
CREATE TRIGGER signing_keys_keep BEFORE DELETE OR UPDATE ON public.signing_keys FOR EACH ROW EXECUTE FUNCTION keep_signing_key()
CREATE TRIGGER signing_keys_no_truncate BEFORE TRUNCATE ON public.signing_keys FOR EACH STATEMENT EXECUTE FUNCTION forbid_change()
CREATE TRIGGER status_lists_keep BEFORE DELETE OR UPDATE ON public.status_lists FOR EACH ROW EXECUTE FUNCTION keep_status_list()
CREATE TRIGGER status_lists_no_truncate BEFORE TRUNCATE ON public.status_lists FOR EACH STATEMENT EXECUTE FUNCTION forbid_change()
CREATE TRIGGER trust_publications_append_only BEFORE DELETE OR UPDATE ON public.trust_publications FOR EACH ROW EXECUTE FUNCTION forbid_change()
CREATE TRIGGER trust_publications_no_truncate BEFORE TRUNCATE ON public.trust_publications FOR EACH STATEMENT EXECUTE FUNCTION forbid_change()
CREATE TRIGGER trust_roots_append_only BEFORE DELETE OR UPDATE ON public.trust_roots FOR EACH ROW EXECUTE FUNCTION forbid_change()
CREATE TRIGGER trust_roots_no_truncate BEFORE TRUNCATE ON public.trust_roots FOR EACH STATEMENT EXECUTE FUNCTION forbid_change()

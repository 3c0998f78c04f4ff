-- What proves something is not emptied either: `truncate officers cascade` took the cards with it, which the triggers of rows do not see.
create trigger cards_no_truncate before truncate on cards for each statement execute function forbid_change();
create trigger diplomas_no_truncate before truncate on diplomas for each statement execute function forbid_change();
create trigger log_head_no_truncate before truncate on log_head for each statement execute function forbid_change();
create trigger signing_keys_no_truncate before truncate on signing_keys for each statement execute function forbid_change();
create trigger status_lists_no_truncate before truncate on status_lists for each statement execute function forbid_change();
create trigger trust_roots_no_truncate before truncate on trust_roots for each statement execute function forbid_change();
create trigger trust_publications_no_truncate before truncate on trust_publications for each statement execute function forbid_change();

-- Signing out at the provider names the client, not the person, so that no ID token needs to be kept.
alter table sessions drop column id_token;

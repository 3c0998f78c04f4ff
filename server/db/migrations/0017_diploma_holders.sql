-- Whose a diploma is, where that is known: the holder's personal number, sealed, and its HMAC (the one that officers have). Public pages
-- and the credential itself never carry it.
alter table diplomas add column holder_number bytea, add column holder_index bytea check (octet_length(holder_index) = 32);
alter table diplomas add check ((holder_number is null) = (holder_index is null));
create index diplomas_holder on diplomas (holder_index) where holder_index is not null;

-- The HMAC of the personal number that a sign-in carries: what its person sees as their own.
alter table sessions add column person_index bytea check (octet_length(person_index) = 32);

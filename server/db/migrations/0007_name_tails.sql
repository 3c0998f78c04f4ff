-- A tail keeps the words before it too, and the index holds all a search filters by: agency and whole name. So a search
-- reads the index alone, a bounded run of it at a time, and people are fetched only once they are found.
drop table officer_tails;
create table officer_tails (
  tail text collate "C" not null,
  officer_id uuid not null,
  agency_code text not null,
  head text not null, -- head || ' ' || tail is the search name
  primary key (tail, officer_id) include (agency_code, head)
);
drop index officers_name;
create index officers_name on officers (search_name collate "C", id) include (agency_code);

drop function tails_of(text);
create function tails_of(search_name text) returns table (head text, tail text) language sql immutable strict parallel safe as $$
  select array_to_string(words[:i - 1], ' '), array_to_string(words[i:], ' ')
  from (select string_to_array(search_name, ' ') as words) split, generate_series(1, least(cardinality(words), 8)) as i
$$;

create or replace function add_officer_tails() returns trigger language plpgsql as $$
begin
  insert into officer_tails (tail, officer_id, agency_code, head)
  select t.tail, id, agency_code, t.head from added, tails_of(search_name) as t where search_name <> ''
  on conflict do nothing;
  return null;
end $$;

create or replace function move_officer_tails() returns trigger language plpgsql as $$
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
end $$;

create or replace function drop_officer_tails() returns trigger language plpgsql as $$
begin
  delete from officer_tails t using before, tails_of(before.search_name) as past where t.tail = past.tail and t.officer_id = before.id;
  return null;
end $$;

insert into officer_tails (tail, officer_id, agency_code, head)
select t.tail, id, agency_code, t.head from officers, tails_of(search_name) as t where search_name <> ''
on conflict do nothing;

import type { PoolClient } from 'pg'

/** Our tables and the job queue's, sorted by name; migrations' own books are left out. */
export async function copyOrder(client: PoolClient): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select format('%I', c.relname) as name from pg_class c
     where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname <> 'migrations' order by c.relname`,
  )
  return rows.map(row => row.name)
}

/**
 * Takes triggers and foreign keys off our tables, so that rows can be put back in any order as they were; what the tables' owner may do.
 * The answered function puts all of them on again in the same transaction: every foreign key is then checked over every row.
 */
export async function loosenTables(client: PoolClient, tables: readonly string[]): Promise<() => Promise<void>> {
  const { rows: keys } = await client.query<{ owner: string; name: string; definition: string }>(
    `select conrelid::regclass::text as owner, format('%I', conname) as name, pg_get_constraintdef(oid) as definition from pg_constraint
     where connamespace = 'public'::regnamespace and contype = 'f' order by 1, 2`,
  )
  for (const { owner, name } of keys) await client.query(`alter table ${owner} drop constraint ${name}`)
  for (const table of tables) await client.query(`alter table ${table} disable trigger user`)
  return async () => {
    for (const table of tables) await client.query(`alter table ${table} enable trigger user`)
    for (const { owner, name, definition } of keys) await client.query(`alter table ${owner} add constraint ${name} ${definition}`)
  }
}

/** The last value of each of our sequences. */
export async function readSequences(client: PoolClient): Promise<Record<string, number>> {
  const { rows } = await client.query<{ name: string; value: number | null }>(
    "select format('%I', sequencename) as name, last_value as value from pg_sequences where schemaname = 'public'",
  )
  return Object.fromEntries(rows.filter(row => row.value !== null).map(row => [row.name, row.value!]))
}

export async function setSequence(client: PoolClient, name: string, value: number): Promise<void> {
  await client.query('select setval($1::regclass, $2)', [name, value])
}

/** The schema as text: columns, constraints, indexes, functions, triggers of our own; for comparing with `schema.sql`. */
export async function schemaText(client: PoolClient): Promise<string> {
  const { rows } = await client.query<{ line: string }>(`select line from (
    select 1 as part, c.relname || '.' || lpad(a.attnum::text, 3, '0') as place,
      format('column %s.%s %s%s%s%s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), case when a.attnotnull then ' not null' else '' end,
        case when a.attidentity = '' then '' else ' identity' end, coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')) as line
      from pg_attribute a join pg_class c on c.oid = a.attrelid and c.relkind in ('r', 'p') left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
      where c.relnamespace = 'public'::regnamespace and a.attnum > 0 and not a.attisdropped
    union all select 2, conrelid::regclass || '.' || conname, format('constraint %s.%s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
      from pg_constraint where connamespace = 'public'::regnamespace and contype <> 'n'
    union all select 3, indexrelid::regclass::text, pg_get_indexdef(indexrelid) from pg_index i join pg_class c on c.oid = i.indexrelid
      where c.relnamespace = 'public'::regnamespace
    union all select 4, p.oid::regprocedure::text, pg_get_functiondef(p.oid) from pg_proc p where pronamespace = 'public'::regnamespace and prokind = 'f'
      and not exists (select from pg_depend where objid = p.oid and deptype = 'e')
    union all select 5, tgrelid::regclass || '.' || tgname, pg_get_triggerdef(t.oid) from pg_trigger t join pg_class c on c.oid = t.tgrelid
      where not tgisinternal and c.relnamespace = 'public'::regnamespace
  ) parts order by part, place collate "C"`)
  return `${rows.map(row => row.line).join('\n')}\n`
}

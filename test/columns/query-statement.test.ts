import { DuckDBInstance } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import { statementUses } from '../../src/columns/query-statement.ts';

/** Returns the syntax tree by DuckDB. */
async function treeOf(statement: string): Promise<unknown> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const sql =
    'SELECT json_serialize_sql($1::VARCHAR, skip_default := true, skip_empty := true, skip_null := true)';
  const [[json]] = (await connection.runAndReadAll(sql, [statement])).getRows();
  return JSON.parse(String(json)).statements[0];
}

/** Tables as `name`, with `*` if all columns may be used, and the maximum number of rows. */
async function tablesOf(statement: string): Promise<string> {
  const { tables } = statementUses(await treeOf(statement));
  return tables.map(({ name, all, rows }) => `${name}${all ? '*' : ''}${rows ?? ''}`).join(' ');
}

test.each([
  ["select a from 'x'", 'x'],
  ["select * from 'x'", 'x*'],
  ["select count(*) from 'x'", 'x'],
  ["select x.* from 'x' x join 'y' y using (id)", 'x* y*'],
  ["select (select max(a) from 'y') from 'x'", 'x y'],
  ["select a from (select * from 'y') join 'x' using (a)", 'y* x'],
  ["select a from 'x' natural join 'y'", 'x* y*'],
  ["select t from 'x' as t", 'x*'],
  ["select #1 from 'x'", 'x*'],
  ["select a from 'x' as t(b, a)", 'x*'],
  ["with c as (from 'x') select a from c, 'y'", 'y x*'],
  ['select a from s."x", "y"', 'y'],
  ["select a from 'x' where exists (from 'y' where y.b = x.c)", 'x y*'],
  ["select a, b from 'x' limit 5", 'x5'],
  ["select * from 'x' limit 5 offset 2", 'x*7'],
  ["select a from 'x' where b limit 5", 'x'],
  ["select max(a) from 'x' limit 5", 'x'],
  ["select distinct a from 'x' limit 5", 'x'],
  ["select a from 'x' order by b limit 5", 'x'],
  ["select a from 'x' limit 5 % ", 'x'],
  ["select a from 'x', 'y' limit 5", 'x y'],
  ["select unnest(a) from 'x' limit 5", 'x'],
  ["select a from 'x' using sample 3 limit 5", 'x'],
  ["select a from 'x' limit (select 3)", 'x'],
  ["select a from 'x' group by a limit 5", 'x'],
  ["describe 'x'", 'x*0'],
  ["summarize 'x'", 'x*'],
  ['select 1', ''],
])('%s', async (statement, tables) => {
  expect(await tablesOf(statement)).toBe(tables);
});

test('the words contain every name of a column, in lower case', async () => {
  const statement = `select "Image/Encoded", t.b[1], max(c) over (partition by d) from 'x' t join 'y' using (e) where f in (select g from 'z') order by h`;
  const { words } = statementUses(await treeOf(statement));
  for (const name of ['image/encoded', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) expect(words).toContain(name);
  expect(words).not.toContain('i');
});

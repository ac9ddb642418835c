import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  convertTable,
  openQuery,
  type Query,
  type QueryOptions,
  type QueryValue,
  writeQuery,
} from '../../src/columns/index.ts';
import { UsageError } from '../../src/errors.ts';
import { encodeRecordIO, encodeTFRecord } from '../../src/index.ts';
import { encodeExample, encodeSageMakerRecord, encodeSequenceExample } from '../../src/messages/index.ts';
import { failureOf } from '../records/write/written.ts';
import { Random } from '../support/random.ts';
import { openDescriptors, tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
const folder = process.cwd();
beforeAll(() => process.chdir(temp.path));
afterAll(() => process.chdir(folder));

const random = new Random(5);
const INT64S = [0n, -1n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)];
const FLOATS = [0, -0, 0.1, 1e-45, 3.4e38, Number.NaN, Infinity, -Infinity, 16_777_216];

/** Rows of the file `x.tfrecord`, by column. `null` is a missing feature. */
const ROWS = Array.from({ length: 300 }, (_, i) => ({
  'big/int': random.pick(INT64S),
  id: BigInt(i),
  image: random.bytes(random.below(40)),
  label: BigInt(i % 7),
  name: `n${i % 13} "é" 'x' ${'long '.repeat(random.below(4))}`,
  numbers: Float32Array.from({ length: random.below(4) }, () => random.pick(FLOATS)),
  optional: i % 3 === 0 ? null : Math.fround(i / 3),
  tags: i % 5 === 0 ? null : Array.from({ length: random.below(3) }, (_, k) => `t${k}`),
}));

const RECORDS = ROWS.map((row) =>
  encodeExample({
    'big/int': { kind: 'int64', value: [row['big/int']] },
    id: { kind: 'int64', value: [row.id] },
    image: { kind: 'bytes', value: [Buffer.concat([Buffer.of(0xff), row.image])] },
    label: { kind: 'int64', value: [row.label] },
    name: { kind: 'bytes', value: [row.name] },
    numbers: { kind: 'float', value: row.numbers },
    ...(row.optional !== null && { optional: { kind: 'float' as const, value: [row.optional] } }),
    ...(row.tags !== null && { tags: { kind: 'bytes' as const, value: row.tags } }),
  }),
);
temp.file('x.tfrecord', Buffer.concat(RECORDS.map((record) => encodeTFRecord(record))));
mkdirSync(temp.file('d'));
for (const i of [0, 1, 2])
  temp.file(
    `d/part ${i}.rec`,
    Buffer.concat(RECORDS.slice(100 * i, 100 * (i + 1)).map((record) => encodeRecordIO(record))),
  );
temp.file('names.csv', Buffer.from('id,title\n1,one\n2,two\n299,last\n'));

async function rowsOf(statement: string, options: Partial<QueryOptions> = {}): Promise<QueryValue[][]> {
  await using query = await openQuery(statement, options);
  const rows: QueryValue[][] = [];
  for await (const row of query) rows.push([...row]);
  return rows;
}

async function textOf(statement: string, format: 'csv' | 'json' | 'jsonl' = 'jsonl'): Promise<string> {
  await using query = await openQuery(statement);
  let text = '';
  for await (const piece of query.text(format)) text += piece;
  return text;
}

test('every value equals that of its record', async () => {
  const rows = await rowsOf("select * from 'x.tfrecord' order by id");
  expect(rows).toEqual(
    ROWS.map((row) => [
      row['big/int'],
      row.id,
      new Uint8Array([0xff, ...row.image]),
      row.label,
      row.name,
      [...row.numbers],
      row.optional,
      row.tags,
    ]).map((row) =>
      row.map((value) => (value instanceof Uint8Array ? expect.objectContaining(value) : value)),
    ),
  );
});

test('the columns have types of SQL', async () => {
  await using query = await openQuery("from 'x.tfrecord'");
  expect(query.columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
    'big/int BIGINT',
    'id BIGINT',
    'image BLOB',
    'label BIGINT',
    'name VARCHAR',
    'numbers FLOAT[]',
    'optional FLOAT',
    'tags VARCHAR[]',
  ]);
});

describe('a statement over records gives the result of DuckDB over the same rows in Parquet', () => {
  beforeAll(async () => {
    await using query = await openQuery("select * from 'x.tfrecord'");
    await writeQuery(query, 'x.parquet');
  });

  test.each([
    "select label, count(*) from 'x.tfrecord' group by label order by label",
    "select count(*) from 'x.tfrecord'",
    "select 1 from 'x.tfrecord'",
    "select LABEL, Name from 'x.tfrecord' where ID < 9 order by iD",
    "select * from 'x.tfrecord' order by id limit 3",
    "select * exclude (image, numbers) from 'x.tfrecord' where id between 3 and 6 order by all",
    "select * replace (label + 1 as label) from 'x.tfrecord' order by id limit 2",
    "select columns('^[in]') from 'x.tfrecord' order by id limit 4",
    "select t.* from 'x.tfrecord' as t order by t.id limit 1",
    "select t from 'x.tfrecord' t where t.id = 5",
    'select "x.tfrecord".label from \'x.tfrecord\' order by id limit 5',
    'select count(distinct "x.tfrecord") as c from \'x.tfrecord\'',
    "select a from 'x.tfrecord' as t(q, a) order by a limit 3",
    "select #2 from 'x.tfrecord' order by 1 limit 2",
    "with x as (select label l from 'x.tfrecord') select l, count(*) from x group by all order by all",
    'with "x.tfrecord" as (select 5 as v) select v from \'x.tfrecord\'',
    "select (select max(b.id) from 'x.tfrecord' b where b.label = a.label) as m from 'x.tfrecord' a order by a.id limit 9",
    "select id from 'x.tfrecord' where label in (select label from 'x.tfrecord' where id < 2) order by id",
    "select a.id, b.name from 'x.tfrecord' a join 'x.tfrecord' b using (id) order by id limit 3",
    "select count(*) from 'x.tfrecord' natural join (select id, label from 'x.tfrecord' where id < 50)",
    "select id from 'x.tfrecord' a where exists (from 'x.tfrecord' b where b.id = a.id + 290) order by 1",
    "select id, lag(label) over (order by id) from 'x.tfrecord' order by id",
    "select id from 'x.tfrecord' qualify row_number() over (partition by label order by id desc) = 1 order by id",
    "select tag, count(*) from (select unnest(tags) as tag from 'x.tfrecord') group by all order by all",
    "select id, list_transform(numbers, n -> n * 2) from 'x.tfrecord' order by id",
    'select sum(optional), avg(len(tags)), max("big/int"), min("big/int") from \'x.tfrecord\'',
    "select * from (select label, id from 'x.tfrecord') pivot (count(*) for label in (1, 2))",
    "select * exclude (image) from 'x.tfrecord' pivot (count(*) for label in (1, 2)) order by all limit 5",
    "select * from (unpivot (select id, label from 'x.tfrecord' where id < 3) on id, label) order by all",
    "from 'x.tfrecord' select label where id = 7",
    "table 'x.tfrecord' order by id limit 2",
    "(select id from 'x.tfrecord' where id < 2) union all by name (select label, id from 'x.tfrecord' where id = 9) order by id",
    "select x.id from 'x.tfrecord' x, lateral (select x.label + 1 as m) where m = 3 order by 1",
    "select d.title, x.name from 'x.tfrecord' x join 'names.csv' d on d.id = x.id order by x.id",
    "with recursive r as (select 0 as n union all select n + 1 from r where n < 5) select n, label from r join 'x.tfrecord' on id = n order by n",
    "select 'x.tfrecord' as text, octet_length(image) from 'x.tfrecord' where name like 'n1 %' order by id; -- done",
    "/* a 'comment' */ select id from 'x.tfrecord' where id = 3;",
    "summarize select id, label, optional from 'x.tfrecord'",
    "select max(id) filter (where label = 3), string_agg(name, ';' order by id) from 'x.tfrecord' where id < 20",
    "select id from 'x.tfrecord' order by abs(optional - 30) nulls last, id limit 4",
    "select name[2:3], label::varchar || '!' from 'x.tfrecord' order by id limit 3 offset 4",
    'values (1), (2)',
  ])('%s', async (statement) => {
    const oracle = statement.replaceAll(/(?<=[^']|^)'x\.tfrecord'(?! as text)/g, "'x.parquet'");
    const named = oracle.replaceAll('"x.tfrecord"', statement.startsWith('with "x') ? '"x.parquet"' : 'x');
    expect(await textOf(statement)).toBe(await textOf(named));
  });
});

describe('tables', () => {
  test('are files, directories, patterns, lists and names with quotes and spaces', async () => {
    const odd = `we"ird 'name; drop.tfrecord`;
    writeFileSync(odd, Buffer.concat(RECORDS.slice(0, 7).map((record) => encodeTFRecord(record))));
    writeFileSync('list.txt', 'd/part 0.rec\nd/part 2.rec\n');
    const counts: [string, bigint][] = [
      ["'d/'", 300n],
      ["'d'", 300n],
      ["'d/part [01].rec'", 200n],
      ['"d/*.rec"', 300n],
      ["'@list.txt'", 200n],
      [`"${odd.replaceAll('"', '""')}"`, 7n],
      [`'${odd.replaceAll("'", "''")}'`, 7n],
    ];
    for (const [name, count] of counts)
      expect(await rowsOf(`select count(*) from ${name}`)).toEqual([[count]]);
  });

  test('of several names are joined', async () => {
    const join = "select count(*) from 'x.tfrecord' a join 'd/*.rec' b on a.id = b.id and a.image = b.image";
    expect(await rowsOf(join)).toEqual([[300n]]);
  });

  test('contain SequenceExamples', async () => {
    const steps = [
      { kind: 'int64' as const, value: [1, 2] },
      { kind: 'int64' as const, value: [] },
    ];
    const sequence = encodeSequenceExample({
      context: { id: { kind: 'bytes', value: ['a'] } },
      featureLists: { frames: steps },
    });
    writeFileSync('s.tfrecord', encodeTFRecord(sequence));
    expect(await rowsOf("select frames, id from 's.tfrecord'")).toEqual([[[[1n, 2n], []], 'a']]);
  });

  test('contain Records', async () => {
    const record = encodeSageMakerRecord({
      features: { values: { kind: 'float32', values: [1.5, -2] } },
      label: { values: { kind: 'float32', values: [3] } },
    });
    writeFileSync('r.rec', Buffer.concat([encodeRecordIO(record), encodeRecordIO(record)]));
    const rows = await rowsOf("from 'r.rec'");
    expect(rows).toHaveLength(2);
    expect(rows[1].flat()).toEqual(expect.arrayContaining([1.5, -2, 3]));
  });

  test('a feature of several kinds is an error only if the statement uses it', async () => {
    const mixed = [
      { a: { kind: 'int64', value: [1] } },
      { a: { kind: 'bytes', value: ['x'] }, b: { kind: 'int64', value: [4] } },
    ];
    writeFileSync(
      'mixed.tfrecord',
      Buffer.concat(mixed.map((one) => encodeTFRecord(encodeExample(one as never)))),
    );
    expect(await rowsOf("select sum(b)::int from 'mixed.tfrecord'")).toEqual([[4]]);
    const failure = await failureOf(() => rowsOf("select * from 'mixed.tfrecord'"));
    expect(failure).toMatchObject({ code: 'schema-mismatch' });
    expect(failure.message).toContain('"a"');
  });

  test('columns that differ only in case are an error', async () => {
    const record = encodeExample({ A: { kind: 'int64', value: [1] }, a: { kind: 'int64', value: [2] } });
    writeFileSync('case.tfrecord', encodeTFRecord(record));
    await expect(rowsOf("select a from 'case.tfrecord'")).rejects.toThrow(
      /not case-sensitive, got "A" and "a"; convert the files to Parquet/,
    );
    await convertTable('case.tfrecord', 'case.parquet');
    expect(await rowsOf("select a, a_1 from 'case.parquet'")).toEqual([[1n, 2n]]);
  });

  test('columns that differ in the case of other letters than those of ASCII', async () => {
    const record = encodeExample({ Ä: { kind: 'int64', value: [1] }, ä: { kind: 'int64', value: [2] } });
    writeFileSync('umlauts.tfrecord', encodeTFRecord(record));
    expect(await rowsOf("select ä, Ä from 'umlauts.tfrecord'")).toEqual([[2n, 1n]]);
  });

  test('a LIMIT reads only the first records, and DESCRIBE the columns of all', async () => {
    const damaged = Buffer.concat(RECORDS.map((record) => encodeTFRecord(record)));
    damaged[damaged.length - 1] ^= 1;
    writeFileSync(
      'large.tfrecord',
      Buffer.concat([
        ...Array.from({ length: 300 }, () => Buffer.concat(RECORDS.map((record) => encodeTFRecord(record)))),
        damaged,
      ]),
    );
    expect(await rowsOf("select id from 'large.tfrecord' limit 2 offset 1")).toEqual([[1n], [2n]]);
    const failure = await failureOf(() => rowsOf("select count(*) from 'large.tfrecord'"));
    expect(failure).toMatchObject({ code: 'data-checksum' });
    const described = await rowsOf("describe 'x.tfrecord'");
    expect(described.map(([name]) => name)).toContain('optional');
  });
});

test('sums in Parquet are exact, or an error', async () => {
  const sum = (values: string): ReturnType<typeof openQuery> =>
    openQuery(`select sum(v) as s, [sum(v)] as l, 1 as s, 2 as "a""b" from (values ${values}) t(v) -- sums`);
  await using query = await sum('(9007199254740992), (1)');
  await writeQuery(query, 'sum.parquet');
  expect(await rowsOf("from 'sum.parquet'")).toEqual([[9007199254740993n, [9007199254740993n], 1, 2]]);
  await using large = await sum(`(${2n ** 63n - 1n}::bigint), (1)`);
  await expect(writeQuery(large, 'large.parquet')).rejects.toMatchObject({
    code: 'unrepresentable',
    message: expect.stringMatching(/9223372036854775808 exceeds 64 bits, .*; cast the column/),
  });
});

describe('text', () => {
  test('has all digits, base64 and the values that JSON lacks', async () => {
    const columns = `9007199254740993 as i, 0.1::float as f, 'nan'::double as n, '-0'::double as z, 12345678901234567890.12::decimal(30,2) as d,
      '\\xFF\\x00'::blob as b, {'a': 1, 'b': [null, 'x']} as s, map {'k': 1.5} as m, date '2024-02-29' as t, true as y, null as u, 'a"b' as q, 2::hugeint ** 100 as h`;
    const line = await textOf(`select ${columns}`);
    expect(line).toBe(
      '{"i":9007199254740993,"f":0.1,"n":"NaN","z":-0.0,"d":12345678901234567890.12,"b":"/wA=","s":{"a":1,"b":[null,"x"]},"m":[["k",1.5]],"t":"2024-02-29","y":true,"u":null,"q":"a\\"b","h":1.2676506002282294e+30}\n',
    );
    expect(await textOf('select 1 as a, 2 as a', 'json')).toBe('[\n{"a":1,"a:1":2}\n]\n');
    expect(await textOf('select 1 where false', 'json')).toBe('[\n]\n');
    expect(await textOf(`select 'a,"b' as "x,y", '' as e, null as n, [1, 2] as l`, 'csv')).toBe(
      '"x,y",e,n,l\n"a,""b","",,"[1,2]"\n',
    );
  });
});

describe('errors', () => {
  test.each<[string, RegExp]>([
    ['selec 1', /syntax error at or near "selec"/],
    ['select 1 from data/x', /syntax error .*; write file names in single quotes/],
    ['', /expected one SELECT statement, got 0/],
    ['select 1; select 2', /expected one SELECT statement, got 2/],
    ["copy (select 1) to 'copied.csv'", /expected a SELECT statement/],
    ["attach 'new.db' as other", /expected a SELECT statement/],
    ['create table t (i int)', /expected a SELECT statement/],
    ["insert into 'x.tfrecord' values (1)", /expected a SELECT statement/],
    ['set memory_limit = 1', /expected a SELECT statement/],
    ['install httpfs', /expected a SELECT statement/],
    ["pivot 'x.tfrecord' on label using count(*)", /PIVOT needs its values/],
    ["select labl from 'x.tfrecord'", /"labl" not found .* Candidate bindings: .*"label"/],
    [
      'select * from nothing',
      /Table with name nothing does not exist.*; to read files, write their path in single quotes, such as 'nothing\/'/,
    ],
    ["select * from 'x.tfrecord', 'X.tfrecord'", /not case-sensitive, got "x.tfrecord" and "X.tfrecord"/],
  ])('%s: UsageError', async (statement, message) => {
    const run = rowsOf(statement);
    await expect(run).rejects.toThrow(UsageError);
    await expect(run).rejects.toThrow(message);
    expect(readdirSync('.').filter((name) => /copied|new\.db/.test(name))).toEqual([]);
  });

  test.each([
    ["select * from 'missing.tfrecord'", 'not-found'],
    ["select * from 'missing.csv'", 'not-found'],
    ["select name::int from 'x.tfrecord'", 'unrepresentable'],
    ["select * from 'https://127.0.0.1:9/x.parquet'", 'unsupported-source'],
    ["select * from 's3://bucket/x.parquet'", 'unsupported-source'],
  ])('%s: %s', async (statement, code) => {
    expect(await failureOf(() => rowsOf(statement))).toMatchObject({ code });
  });

  test('wrong arguments', async () => {
    await expect(openQuery(5 as never)).rejects.toThrow('statement: expected text, got number');
    await expect(openQuery('select 1', { memoryBytes: 5 })).rejects.toThrow('memoryBytes: expected');
    await expect(openQuery('select 1', { memoryByte: 5 } as never)).rejects.toThrow('did you mean');
  });
});

describe('temporary files', () => {
  const spilling = 'select sum(a.range * b.range) from range(100000000) a, range(100000000) b';
  test('are removed when a query is closed, fails or is aborted', async () => {
    const tempDir = temp.file('temporary');
    mkdirSync(tempDir);
    await using first = await openQuery("from 'x.tfrecord'", { tempDir });
    await writeQuery(first, 'first.parquet');
    expect(readdirSync(tempDir)).toHaveLength(1);
    first.close();
    await failureOf(() => rowsOf("from 'missing.tfrecord'", { tempDir }));
    const controller = new AbortController();
    const aborted = await failureOf(async () => {
      const query: Query = await openQuery(spilling, { tempDir, signal: controller.signal });
      try {
        setTimeout(() => controller.abort(), 20);
        for await (const row of query) expect(row).toEqual([]);
      } finally {
        query.close();
      }
    });
    expect(aborted.code).toBe('aborted');
    expect(readdirSync(tempDir)).toEqual([]);
    expect(openDescriptors(temp.path)).toBe(0);
  });

  test('an output appears only if the query succeeds, and replaces nothing by default', async () => {
    await using failing = await openQuery("select name::int from 'x.tfrecord'");
    for (const name of ['no.csv', 'no.parquet'])
      await failureOf(() => writeQuery(failing, join(temp.path, name)));
    expect(readdirSync('.').filter((name) => name.includes('no.'))).toEqual([]);
    await using query = await openQuery('select 1 as a');
    writeFileSync('taken.csv', 'mine');
    expect(await failureOf(() => writeQuery(query, 'taken.csv'))).toMatchObject({ code: 'already-exists' });
    expect(await writeQuery(query, 'taken.csv', { overwrite: true })).toBe(4);
    await expect(writeQuery(query, 'name.txt')).rejects.toThrow(/expected a file name that ends in/);
  });
});

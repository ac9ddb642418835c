import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  type ConvertTableOptions,
  columnsOfSchema,
  convertTable,
  inferColumns,
} from '../../src/columns/index.ts';
import { encodeTFRecord } from '../../src/formats/index.ts';
import { encodeExample, type FeaturesInput } from '../../src/messages/index.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
let places = 0;

/** Creates a folder and returns functions for its files. */
function place(): { file(name: string): string; names(): string[]; text(name: string): string } {
  const path = temp.file(`place-${places++}`);
  mkdirSync(path);
  const file = (name: string): string => join(path, name);
  return { file, names: () => readdirSync(path).sort(), text: (name) => readFileSync(file(name), 'utf8') };
}

function example(id: number, more: FeaturesInput = {}): Uint8Array {
  return encodeExample({ id: { kind: 'int64', value: [id] }, ...more }, { deterministic: true });
}

const fileOf = (records: readonly Uint8Array[]): Uint8Array =>
  concat(records.map((one) => encodeTFRecord(one)));
const ids = (from: number, to: number): Uint8Array[] =>
  Array.from({ length: to - from }, (_, i) => example(from + i));

test('TFRecord to JSON Lines to TFRecord restores the file', async () => {
  const { file, text } = place();
  const records = [
    example(1, { tags: { kind: 'bytes', value: ['a', 'b'] }, x: { kind: 'float', value: [0.1] } }),
    example(2, {
      tags: { kind: 'bytes', value: [] },
      image: { kind: 'bytes', value: [Uint8Array.of(0xff)] },
    }),
    example(3),
  ];
  writeFileSync(file('in.tfrecord'), fileOf(records));
  const { schema, records: count } = await convertTable(file('in.tfrecord'), file('out.jsonl'));
  expect(count).toBe(3);
  expect(text('out.jsonl')).toBe(
    '{"id":1,"tags":["a","b"],"x":0.1}\n{"id":2,"image":"/w==","tags":[]}\n{"id":3}\n',
  );
  await convertTable(file('out.jsonl'), file('back.tfrecord'), { schema });
  expect(readFileSync(file('back.tfrecord'))).toEqual(readFileSync(file('in.tfrecord')));
});

test.each(['parquet', 'arrow', 'arrows'])(
  'TFRecord to %s and back restores the file exactly',
  async (extension) => {
    const { file } = place();
    const nan = new Float32Array(Uint32Array.of(0x7fc00001, 0x80000000).buffer);
    const records = [
      example(2 ** 40, { tags: { kind: 'bytes', value: ['a', 'b'] }, x: { kind: 'float', value: nan } }),
      example(-2, {
        tags: { kind: 'bytes', value: [] },
        image: { kind: 'bytes', value: [Uint8Array.of(0xff)] },
      }),
      example(3, { none: { kind: 'none', value: [] } }),
    ];
    writeFileSync(file('in.tfrecord'), fileOf(records));
    const result = await convertTable(file('in.tfrecord'), file(`out.${extension}`));
    expect(result).toMatchObject({ records: 3, to: extension === 'parquet' ? 'parquet' : 'arrow' });
    await convertTable(file(`out.${extension}`), file('back.tfrecord'));
    expect(readFileSync(file('back.tfrecord'))).toEqual(readFileSync(file('in.tfrecord')));
    await convertTable([file(`out.${extension}`), file(`out.${extension}`)], file('ids.csv'), {
      columns: ['id'],
    });
    expect(readFileSync(file('ids.csv'), 'utf8')).toBe(`id\n${`${2 ** 40}\n-2\n3\n`.repeat(2)}`);
  },
);

test('several files become one table, or several of rowsPerFile rows', async () => {
  const { file, names, text } = place();
  writeFileSync(file('a.tfrecord'), fileOf(ids(0, 5)));
  writeFileSync(file('b.tfrecord'), fileOf(ids(5, 7)));
  const inputs = [file('a.tfrecord'), file('b.tfrecord')];
  await convertTable(inputs, file('all.csv'));
  expect(text('all.csv')).toBe('id\n0\n1\n2\n3\n4\n5\n6\n');
  const { outputs } = await convertTable(inputs, file('part.csv.gz'), { rowsPerFile: 3 });
  expect(outputs.map(({ records }) => records)).toEqual([3, 3, 1]);
  expect(names().filter((name) => name.startsWith('part'))).toEqual(
    [0, 1, 2].map((i) => `part-0000${i}-of-00003.csv.gz`),
  );
  expect(String(gunzipSync(readFileSync(file('part-00001-of-00003.csv.gz'))))).toBe('id\n3\n4\n5\n');
  const back = await convertTable(file('part-*.csv.gz'), file('back.tfrecord'), { from: 'csv' });
  expect(back).toMatchObject({ from: 'csv', to: 'tfrecord', records: 7 });
  expect(readFileSync(file('back.tfrecord'))).toEqual(Buffer.from(fileOf(ids(0, 7))));
});

test('text tables with different types have the wider one', async () => {
  const { file, text } = place();
  writeFileSync(file('a.jsonl'), '{"x":1,"y":1}\n');
  writeFileSync(file('b.jsonl.gz'), gzipSync('{"x":[1.5,2]}\n'));
  const inputs = [file('a.jsonl'), file('b.jsonl.gz')];
  const { schema } = await convertTable(inputs, file('all.jsonl'));
  expect(text('all.jsonl')).toBe('{"x":[1],"y":1}\n{"x":[1.5,2]}\n');
  expect(schema.fields).toMatchObject([
    { name: 'x', type: { type: 'list', items: { type: 'float' } }, nullable: false },
    { name: 'y', type: { type: 'int64' }, nullable: true },
  ]);
});

test('columns are chosen by name or pattern', async () => {
  const { file, text } = place();
  const more = (n: number): FeaturesInput => ({
    'image/a': { kind: 'int64', value: [n] },
    'image/b': { kind: 'int64', value: [-n] },
  });
  writeFileSync(file('in.tfrecord'), fileOf([example(1, more(5)), example(2, more(6))]));
  await convertTable(file('in.tfrecord'), file('out.csv'), { columns: ['image/*'] });
  expect(text('out.csv')).toBe('image/a,image/b\n5,-5\n6,-6\n');
  await expect(
    convertTable(file('in.tfrecord'), file('x.csv'), { columns: ['imagE'] }),
  ).rejects.toMatchObject({
    code: 'invalid-argument',
    message: expect.stringContaining('image/a'),
  });
});

describe('a stream', () => {
  const source = (): AsyncIterable<Uint8Array> =>
    (async function* () {
      yield fileOf(ids(0, 3));
      yield fileOf(ids(3, 5));
    })();

  test('requires a schema or inferRecords', async () => {
    const { file, text, names } = place();
    await expect(convertTable(source(), file('x.csv'))).rejects.toMatchObject({ code: 'invalid-argument' });
    expect(names()).toEqual([]);
    await convertTable(source(), file('a.csv'), { inferRecords: 2 });
    const features = { id: { type: 'int64', required: true, shape: [] } } as const;
    const schema = columnsOfSchema({ recordpipeSchema: 1, message: 'Example', features });
    await convertTable(source(), file('b.csv'), { schema });
    expect(text('a.csv')).toBe('id\n0\n1\n2\n3\n4\n');
    expect(text('b.csv')).toBe(text('a.csv'));
  });
});

describe('a bad record', () => {
  const good = ids(0, 4);
  const bad = example(9, { tags: { kind: 'bytes', value: ['a', 'b'] } });
  const cases: readonly (readonly [string, Uint8Array, Partial<ConvertTableOptions>, object])[] = [
    [
      'that is damaged',
      concat([
        fileOf(good.slice(0, 2)),
        fileOf(good.slice(2, 3)).map((byte, i) => (i === 15 ? byte ^ 1 : byte)),
        fileOf(good.slice(3)),
      ]),
      {},
      { code: 'data-checksum', record: 2 },
    ],
    [
      'that the columns lack',
      fileOf([...good.slice(0, 2), bad, good[3]]),
      {
        schema: columnsOfSchema({
          recordpipeSchema: 1,
          message: 'Example',
          features: { id: { type: 'int64', shape: [] } },
        }),
      },
      { code: 'schema-mismatch', record: 2 },
    ],
    [
      'that CSV cannot represent',
      fileOf([...good.slice(0, 2), bad, good[3]]),
      {},
      { code: 'unrepresentable', record: 2 },
    ],
  ];

  test.each(cases)('%s is an error without output, or skipped', async (_, bytes, options, failure) => {
    const { file, names, text } = place();
    writeFileSync(file('in.tfrecord'), bytes);
    const uri = file('in.tfrecord');
    await expect(convertTable(uri, file('out.csv'), options)).rejects.toMatchObject({ uri, ...failure });
    expect(names()).toEqual(['in.tfrecord']);
    const skipped: unknown[] = [];
    const result = await convertTable(uri, file('out.csv'), {
      ...options,
      skipErrors: 1,
      onSkipped: (error) => skipped.push(error),
    });
    expect(result).toMatchObject({ skipped: 1, records: 3 });
    expect(skipped).toMatchObject([{ uri, ...failure }]);
    expect(text('out.csv').match(/^\d/gm)).toEqual(['0', '1', '3']);
  });

  test.each([
    ['in a record', 'in.tfrecord', (bytes: Uint8Array) => bytes.subarray(0, -3), 'truncated-record', 3],
    [
      'in a header',
      'in.tfrecord',
      (bytes: Uint8Array) => concat([bytes, bytes.subarray(0, 5)]),
      'truncated-header',
      4,
    ],
    [
      'in a gzip stream',
      'in.tfrecord.gz',
      (bytes: Uint8Array) => gzipSync(bytes).subarray(0, -8),
      'truncated-compressed-stream',
      4,
    ],
  ] as const)(
    'a truncation %s is an error, or one skipped record',
    async (_, name, truncated, code, record) => {
      const { file, text } = place();
      const uri = file(name);
      writeFileSync(uri, truncated(fileOf(good)));
      writeFileSync(file('next.tfrecord'), fileOf([example(8)]));
      const inputs = [uri, file('next.tfrecord')];
      await expect(convertTable(inputs, file('out.csv'))).rejects.toMatchObject({ code, record, uri });
      for (const more of [{}, { inferRecords: 2 }]) {
        const options = { ...more, skipErrors: 1, overwrite: true };
        const result = await convertTable(inputs, file('out.csv'), options);
        expect(result).toMatchObject({ skipped: 1, findings: [{ code, record, uri }] });
        expect(text('out.csv').match(/^\d/gm)?.join('')).toBe(`${'0123'.slice(0, record)}8`);
      }
    },
  );

  test.each([
    ['csv', 'id,t\n', ['0,a\n', '1,"b\nc"\n', '2,d\n']],
    ['csv', 'id,t\r\n', ['0,a\r\n', '1,"b\r\nc"\r\n', '2,d\r\n']],
    ['jsonl', '', ['{"id":0}\n', '{"id":1}\n', '{"id":2}\n']],
  ] as const)('rows of %s before a truncation of gzip are complete', async (format, head, rows) => {
    const { file, text } = place();
    const uri = file(`in.${format}.gz`);
    const whole = head + rows.join('');
    // Without compression, the text begins after a header of 15 bytes.
    const packed = gzipSync(whole, { level: 0 });
    for (let end = head.length + rows[0].length; end <= whole.length; end++) {
      writeFileSync(uri, packed.subarray(0, 15 + end));
      const record = [2, 1, 0].find((i) => end >= head.length + rows.slice(0, i + 1).join('').length)! + 1;
      const offset = head.length + rows.slice(0, record).join('').length;
      const failure = { code: 'truncated-compressed-stream', uri, record, offset };
      const output = file('out.jsonl');
      await expect(convertTable(uri, output, { overwrite: true })).rejects.toMatchObject(failure);
      const result = await convertTable(uri, output, { skipErrors: 1, overwrite: true });
      expect(result).toMatchObject({ skipped: 1, findings: [failure] });
      expect(result.findings[0].message).toContain(`at uncompressed byte ${offset} `);
      expect(text('out.jsonl').match(/\d/g)).toEqual(['0', '1', '2'].slice(0, record));
    }
  });

  test('more bad records than skipErrors are an error', async () => {
    const { file, names } = place();
    writeFileSync(file('in.tfrecord'), fileOf([bad, bad, ...good]));
    await expect(convertTable(file('in.tfrecord'), file('out.csv'), { skipErrors: 1 })).rejects.toMatchObject(
      {
        code: 'unrepresentable',
        record: 1,
      },
    );
    expect(names()).toEqual(['in.tfrecord']);
  });
});

test('a feature of several kinds is an error, or lossy drops it', async () => {
  const { file, text } = place();
  const records = [
    example(0, { x: { kind: 'int64', value: [1] } }),
    example(1, { x: { kind: 'float', value: [1] } }),
  ];
  writeFileSync(file('in.tfrecord'), fileOf(records));
  await expect(convertTable(file('in.tfrecord'), file('out.csv'))).rejects.toMatchObject({
    code: 'schema-mismatch',
    message: expect.stringContaining('"x"'),
  });
  const losses: unknown[] = [];
  await convertTable(file('in.tfrecord'), file('out.csv'), {
    lossy: true,
    onLoss: (loss) => losses.push(loss),
  });
  expect(text('out.csv')).toBe('id\n0\n1\n');
  expect(losses).toMatchObject([{ column: 'x', row: undefined }]);
});

test('an existing output, an unknown format and the input as output are errors', async () => {
  const { file, text } = place();
  writeFileSync(file('in.tfrecord'), fileOf(ids(0, 1)));
  writeFileSync(file('out.csv'), 'old');
  const input = file('in.tfrecord');
  await expect(convertTable(input, file('out.csv'))).rejects.toMatchObject({ code: 'already-exists' });
  expect(text('out.csv')).toBe('old');
  await convertTable(input, file('out.csv'), { overwrite: true });
  expect(text('out.csv')).toBe('id\n0\n');
  await expect(convertTable(input, input, { to: 'csv' })).rejects.toMatchObject({
    code: 'unsupported-source',
  });
  await expect(convertTable(input, file('out'))).rejects.toMatchObject({ code: 'invalid-argument' });
  await expect(convertTable(input, file('out.rec'))).rejects.toThrow(/table format/);
});

test('an abort leaves nothing', async () => {
  const { file, names } = place();
  writeFileSync(file('in.tfrecord'), fileOf(ids(0, 10)));
  const schema = await inferColumns(file('in.tfrecord'), { jobs: 1 });
  const stop = new AbortController();
  const endless = (async function* () {
    for (;;) {
      yield fileOf(ids(0, 1000));
      if (names().length > 1) stop.abort();
    }
  })();
  await expect(convertTable(endless, file('out.csv'), { schema, signal: stop.signal })).rejects.toMatchObject(
    { code: 'aborted' },
  );
  expect(names()).toEqual(['in.tfrecord']);
});

describe('skipRecords and maxRecords', () => {
  test('select a range over all inputs, in batches of any size', async () => {
    const { file, text } = place();
    writeFileSync(file('a.tfrecord'), fileOf(ids(0, 5)));
    writeFileSync(file('b.tfrecord'), fileOf(ids(5, 5)));
    writeFileSync(file('c.tfrecord'), fileOf(ids(5, 12)));
    const inputs = ['a', 'b', 'c'].map((name) => file(`${name}.tfrecord`));
    const schema = await inferColumns(inputs);
    for (let skipRecords = 0; skipRecords <= 13; skipRecords++) {
      for (const maxRecords of [1, 4, 5, 12, undefined]) {
        const options = { schema, skipRecords, maxRecords, batchRows: 3, overwrite: true };
        const { records } = await convertTable(inputs, file('out.csv'), options);
        const expected = [...Array(12).keys()].slice(skipRecords, skipRecords + (maxRecords ?? 12));
        expect(records, `${skipRecords} ${maxRecords}`).toBe(expected.length);
        expect(text('out.csv').trim().split('\n').slice(1).map(Number)).toEqual(expected);
      }
    }
  });

  test('damage before the range is an error, and damage after it is not read', async () => {
    const { file } = place();
    const bytes = Buffer.from(fileOf(ids(0, 10)));
    writeFileSync(file('a.tfrecord'), bytes);
    const schema = await inferColumns(file('a.tfrecord'));
    bytes[Math.floor((5.5 * bytes.length) / 10)] ^= 1;
    writeFileSync(file('a.tfrecord'), bytes);
    const convert = (options: Partial<ConvertTableOptions>): Promise<unknown> =>
      convertTable([file('a.tfrecord')], file('out.csv'), { schema, overwrite: true, ...options });
    await expect(convert({ skipRecords: 7 })).rejects.toMatchObject({ code: 'data-checksum', record: 5 });
    expect(await convert({ skipRecords: 1, maxRecords: 4 })).toMatchObject({ records: 4 });
  });

  test('apply to record files only, and are integers', async () => {
    const { file } = place();
    writeFileSync(file('in.csv'), 'id\n1\n');
    const options = { skipRecords: 1 };
    await expect(convertTable(file('in.csv'), file('out.jsonl'), options)).rejects.toThrow('skipRecords');
    for (const bad of [{ skipRecords: -1 }, { maxRecords: 0 }, { batchRows: 1.5 }])
      await expect(convertTable(file('in.csv'), file('out.jsonl'), bad)).rejects.toThrow(Object.keys(bad)[0]);
  });
});

describe('a column without any value', () => {
  test.each(['csv', 'parquet', 'arrow'])('stays in %s', async (extension) => {
    const { file, text } = place();
    writeFileSync(file('in.csv'), 'id,empty,name\n1,,a\n2,,b\n');
    await convertTable(file('in.csv'), file(`table.${extension}`));
    await convertTable(file(`table.${extension}`), file('back.csv'));
    expect(text('back.csv')).toBe(text('in.csv'));
  });

  test.each([
    ['x,y\n1,\n', 'x,y\n2,3\n', '{"x":1}\n{"x":2,"y":3}\n'],
    ['x,y\n2,0.5\n', 'x,y\n1,\n', '{"x":2,"y":0.5}\n{"x":1}\n'],
    ['x,y\n', 'x,y\n1,2\n', '{"x":1,"y":2}\n'],
  ])('has the type of the other file: %j, %j', async (first, second, rows) => {
    const { file, text } = place();
    writeFileSync(file('1.csv'), first);
    writeFileSync(file('2.csv'), second);
    await convertTable([file('1.csv'), file('2.csv')], file('out.jsonl'));
    expect(text('out.jsonl')).toBe(rows);
  });

  test('of the type null has the type of the other file', async () => {
    const { file, text } = place();
    const { tableFromArrays, tableToIPC, vectorFromArray, Null, Table } = await import('apache-arrow');
    const nulls = new Table({ y: vectorFromArray([null, null], new Null()) });
    writeFileSync(file('1.arrow'), tableToIPC(nulls, 'file'));
    writeFileSync(file('2.arrow'), tableToIPC(tableFromArrays({ y: ['a'] }), 'file'));
    for (const inputs of [
      ['1.arrow', '2.arrow'],
      ['2.arrow', '1.arrow'],
    ]) {
      await convertTable(inputs.map(file), file('out.csv'), { overwrite: true });
      expect(text('out.csv')).toBe(inputs[0] === '1.arrow' ? 'y\n\n\na\n' : 'y\na\n\n\n');
    }
  });

  test('is an error for a value after the rows from which the columns are inferred', async () => {
    const { file } = place();
    writeFileSync(file('in.csv'), 'x,y\n1,\n2,3\n');
    await expect(convertTable(file('in.csv'), file('out.csv'), { inferRecords: 1 })).rejects.toMatchObject({
      code: 'schema-mismatch',
      record: 1,
      message: expect.stringContaining('feature "y": the rows from which'),
    });
  });
});

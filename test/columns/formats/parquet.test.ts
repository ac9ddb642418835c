import * as arrow from 'apache-arrow';
import { Table as WasmTable, writeParquet } from 'parquet-wasm';
import { describe, expect, test } from 'vitest';
import { parquetFormat } from '../../../src/columns/formats/parquet.ts';
import type { TableSource } from '../../../src/columns/formats/table-format.ts';
import { damaged, randomDamage } from '../../support/corrupt.ts';
import { Random } from '../../support/random.ts';
import { randomRuns } from '../../support/random-runs.ts';
import {
  plainTable,
  randomBatch,
  randomSchema,
  readTable,
  tableBytes,
  tableSource,
} from '../../support/random-tables.ts';

const CODECS = ['none', 'snappy', 'gzip', 'zstd'] as const;

/** Returns a random table in two batches, and its bytes. */
async function randomTable(random: Random) {
  const schema = randomSchema(random);
  const rows = random.below(20);
  const batches = [
    randomBatch(random, schema, 1 + rows),
    randomBatch(random, schema, random.below(3), 1 + rows),
  ];
  const options = {
    compression: random.pick(CODECS),
    ...(random.below(2) ? { rowGroupRows: 1 + random.below(8) } : {}),
  };
  return { schema, batches, bytes: await tableBytes(parquetFormat, schema, batches, options) };
}

test('a table without rows from pyarrow, whose column has no place for its data', async () => {
  const text =
    'UEFSMRUEFQAVAEwVABUAEgAAFQQZLDUAGAZzY2hlbWEVAgAVBCUCGAFhABYAGRwZHCYAHBUEGSUABhkYAWEVABYAFhwWHCYA' +
    'JggpHBUEFQAVAgAAABYcFgAmCBYcACggcGFycXVldC1jcHAtYXJyb3cgdmVyc2lvbiAyNi4wLjEZHBwAAAB0AAAAUEFSMQ==';
  const { schema, batches } = await readTable(parquetFormat, tableSource(Buffer.from(text, 'base64')));
  expect(schema.fields.map(({ name, type }) => [name, type.type])).toEqual([['a', 'int64']]);
  expect(batches).toEqual([]);
});

describe('durations, which pyarrow stores as integers', () => {
  const seconds = arrow.vectorFromArray([90n, 120n], new arrow.DurationSecond());
  const nested = arrow.vectorFromArray(
    [[90n]],
    new arrow.List(arrow.Field.new('item', new arrow.DurationSecond())),
  );
  const table = (columns: Record<string, arrow.Vector>): TableSource => {
    const stream = arrow.tableToIPC(new arrow.Table(columns), 'stream');
    return tableSource(writeParquet(WasmTable.fromIPCStream(stream)));
  };

  test.each([
    ['s', seconds],
    ['list', nested],
    ['größe', seconds],
  ])('%s', async (name, vector) => {
    await expect(readTable(parquetFormat, table({ [name]: vector as arrow.Vector }))).rejects.toMatchObject({
      code: 'unrepresentable',
      message: expect.stringContaining(`column "${name}": records cannot contain duration values`),
    });
  });

  test('do not prevent reading other columns', async () => {
    const source = table({ id: arrow.vectorFromArray([1n, 2n], new arrow.Int64()), s: seconds });
    const { batches } = await readTable(parquetFormat, source, { columns: ['id'] });
    expect(batches[0].rows).toBe(2);
  });
});

describe('round trips', () => {
  test('files restore every bit of every column, with any compression and size of row groups', async () => {
    const random = new Random(1);
    for (let run = randomRuns(400); run > 0; run--) {
      const { schema, batches, bytes } = await randomTable(random);
      const found = await readTable(parquetFormat, tableSource(bytes));
      expect(found.schema).toEqual(schema);
      expect(plainTable(found.batches)).toEqual(plainTable(batches));
    }
  });

  test('a table without rows', async () => {
    const schema = randomSchema(new Random(2));
    const bytes = await tableBytes(parquetFormat, schema, []);
    expect(await readTable(parquetFormat, tableSource(bytes))).toEqual({ schema, batches: [] });
  });

  test('a pipe is an error that says what to do', async () => {
    const { bytes } = await randomTable(new Random(3));
    await expect(readTable(parquetFormat, tableSource(bytes, { isPipe: true }))).rejects.toMatchObject({
      code: 'unsupported-source',
      message: expect.stringContaining('save it to a file first'),
    });
  });
});

test('rows without columns are an error when written, and can be counted when read', async () => {
  const schema = { recordpipeColumns: 1, message: 'Example', fields: [] } as const;
  const empty = { schema, rows: 3, firstRow: 0, columns: [] };
  await expect(tableBytes(parquetFormat, schema, [empty])).rejects.toMatchObject({ code: 'unrepresentable' });
  expect(await readTable(parquetFormat, tableSource(await tableBytes(parquetFormat, schema, [])))).toEqual({
    schema,
    batches: [],
  });
  const { bytes, batches } = await randomTable(new Random(9));
  const found = await readTable(parquetFormat, tableSource(bytes), { columns: [] });
  const rows = (all: typeof batches): number => all.reduce((sum, batch) => sum + batch.rows, 0);
  expect([found.schema.fields, rows(found.batches)]).toEqual([[], rows(batches)]);
});

describe('projection', () => {
  test('reads only the bytes of the requested columns', async () => {
    const random = new Random(4);
    const fields = ['a.b', 'x'].map((name) => ({
      name,
      type: { type: 'bytes' as const },
      nullable: false,
      part: 'feature' as const,
      of: name,
    }));
    const schema = { recordpipeColumns: 1, message: 'Example', fields } as const;
    const data = random.bytes(200_000);
    const column = { type: 'bytes' as const, length: 1, offsets: new Int32Array([0, data.length]), data };
    const batch = {
      schema,
      rows: 1,
      firstRow: 0,
      columns: [column, { ...column, offsets: new Int32Array([0, 3]) }],
    };
    const source = tableSource(await tableBytes(parquetFormat, schema, [batch]));
    let read = 0;
    const counted: TableSource = {
      ...source,
      slice: (start, end) => {
        if (end !== source.byteLength) read += end - start;
        return source.slice(start, end);
      },
    };
    const found = await readTable(parquetFormat, counted, { columns: ['x'] });
    expect(plainTable(found.batches).columns).toEqual([
      [Buffer.from(data.subarray(0, 3)).toString('latin1')],
    ]);
    expect(read).toBeLessThan(200);
  });

  test('an unknown column is a usage error', async () => {
    const { bytes } = await randomTable(new Random(5));
    await expect(readTable(parquetFormat, tableSource(bytes), { columns: ['nope'] })).rejects.toMatchObject({
      code: 'invalid-argument',
    });
  });
});

describe('damage', () => {
  test('every truncation is an error', async () => {
    const { bytes } = await randomTable(new Random(6));
    for (let size = 0; size < bytes.length; size += 1 + Math.floor(bytes.length / 60)) {
      const error = await readTable(parquetFormat, tableSource(bytes.subarray(0, size))).catch((e) => e);
      expect(error, `${size} of ${bytes.length} bytes`).toMatchObject({
        code: 'malformed-table',
        uri: 'table',
      });
    }
  });

  test('a damaged page is always an error, because every page has a checksum', async () => {
    const { bytes } = await randomTable(new Random(7));
    const metadata = new DataView(bytes.buffer, bytes.byteOffset).getUint32(bytes.length - 8, true);
    for (let at = 4; at < bytes.length - 8 - metadata; at += 1 + Math.floor(bytes.length / 60)) {
      const bad = bytes.slice();
      bad[at] ^= 0x10;
      const error = await readTable(parquetFormat, tableSource(bad)).catch((e) => e);
      expect(error, `byte ${at}`).toMatchObject({ code: 'malformed-table', uri: 'table' });
    }
  });

  test('random damage is a typed error, or changes values only', async () => {
    const random = new Random(8);
    for (let run = randomRuns(1200); run > 0; run--) {
      const { bytes } = await randomTable(random);
      const bad = damaged(bytes, randomDamage(random, bytes.length));
      const found = await readTable(parquetFormat, tableSource(bad)).then(
        ({ batches }) => batches.length === 0 || plainTable(batches),
        (error) => error,
      );
      if (found instanceof Error)
        expect(['malformed-table', 'schema-mismatch', 'unrepresentable'], `${found.stack}`).toContain(
          (found as { code?: string }).code,
        );
    }
  });
});

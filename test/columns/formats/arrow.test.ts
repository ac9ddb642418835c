import * as arrow from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import { arrowFormat } from '../../../src/columns/formats/arrow.ts';
import { columnBatchOf } from '../../../src/columns/formats/arrow-columns.ts';
import { arrowBatch } from '../../../src/columns/formats/arrow-record-batch.ts';
import { columnBatch } from '../../support/column-vectors.ts';
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

/** Returns a random table in two batches, and its bytes. */
async function randomTable(random: Random) {
  const schema = randomSchema(random);
  const rows = random.below(20);
  const batches = [
    randomBatch(random, schema, 1 + rows),
    randomBatch(random, schema, random.below(3), 1 + rows),
  ];
  const stream = random.below(2) === 0;
  return { schema, batches, stream, bytes: await tableBytes(arrowFormat, schema, batches, { stream }) };
}

describe('round trips', () => {
  test('streams and files restore every bit of every column, from files and from pipes', async () => {
    const random = new Random(1);
    for (let run = randomRuns(400); run > 0; run--) {
      const { schema, batches, bytes } = await randomTable(random);
      const source = tableSource(bytes, { chunk: 1 + random.below(2000), isPipe: random.below(2) === 0 });
      const found = await readTable(arrowFormat, source);
      expect(found.schema).toEqual(schema);
      expect(plainTable(found.batches)).toEqual(plainTable(batches));
    }
  });

  test('a table without rows', async () => {
    const schema = randomSchema(new Random(2));
    for (const stream of [true, false]) {
      const bytes = await tableBytes(arrowFormat, schema, [], { stream });
      expect(await readTable(arrowFormat, tableSource(bytes))).toEqual({ schema, batches: [] });
    }
  });

  test('conversion to and from RecordBatches shares memory', async () => {
    const values = new Float32Array([1, Number.NaN, -0]);
    const batch = {
      ...columnBatch('Example', 3, []),
      columns: [{ type: 'float' as const, length: 3, values }],
    };
    const schema = {
      ...batch.schema,
      fields: [{ name: 'x', type: { type: 'float' }, nullable: false, part: 'feature', of: 'x' }],
    } as const;
    const converted = await arrowBatch({ ...batch, schema });
    const back = columnBatchOf(converted);
    expect(back).toEqual({ ...batch, schema });
    expect((back.columns[0] as { values: Float32Array }).values.buffer).toBe(values.buffer);
  });

  test('a slice of a RecordBatch contains its own rows', async () => {
    const random = new Random(3);
    for (let run = randomRuns(200); run > 0; run--) {
      const batch = randomBatch(random, randomSchema(random), 40);
      const [from, to] = [random.below(20), 20 + random.below(20)];
      const slice = ((await arrowBatch(batch)) as arrow.RecordBatch).slice(from, to);
      const { columns } = plainTable([batch]);
      expect(plainTable([columnBatchOf(slice)]).columns).toEqual(
        columns.map((column) => column.slice(from, to)),
      );
    }
  });
});

describe('projection', () => {
  test('reads only the requested columns', async () => {
    const random = new Random(4);
    const { schema, bytes, batches } = await randomTable(random);
    const name = schema.fields.at(-1)!.name;
    const found = await readTable(arrowFormat, tableSource(bytes), { columns: [name] });
    expect(found.schema.fields).toEqual([schema.fields.at(-1)]);
    expect(plainTable(found.batches).columns).toEqual([plainTable(batches).columns.at(-1)]);
  });

  test('an unknown column is a usage error that lists the columns', async () => {
    const { bytes, schema } = await randomTable(new Random(5));
    await expect(readTable(arrowFormat, tableSource(bytes), { columns: ['nope'] })).rejects.toThrow(
      `columns: "nope" is not a column of table; it has: ${schema.fields.map(({ name }) => name).join(', ')}`,
    );
  });
});

describe('tables of other programs', () => {
  const read = async (columns: Record<string, arrow.Vector>, options = {}) => {
    const bytes = arrow.tableToIPC(new arrow.Table(columns), 'stream');
    const { batches } = await readTable(arrowFormat, tableSource(bytes), options);
    return { fields: batches[0].schema.fields, ...plainTable(batches) };
  };
  const long = (value: number): string => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(value));
    return bytes.toString('hex');
  };

  test('integers and booleans become int64, dictionaries and large strings become text', async () => {
    const { fields, columns } = await read({
      i8: arrow.vectorFromArray([-1, null, 3], new arrow.Int8()),
      u32: arrow.vectorFromArray([4294967295, 0, 1], new arrow.Uint32()),
      bool: arrow.vectorFromArray([true, false, null], new arrow.Bool()),
      word: arrow.vectorFromArray(['a', 'b', 'a'], new arrow.Dictionary(new arrow.Utf8(), new arrow.Int8())),
      large: arrow.vectorFromArray(['x', null, 'yz'], new arrow.LargeUtf8()),
      view: arrow.vectorFromArray(['a text of more than twelve bytes', null, 'short'], new arrow.Utf8View()),
      half: arrow.vectorFromArray([1.5, -2, 0], new arrow.Float16()),
    });
    expect(fields.map(({ type }) => type.type)).toEqual([
      'int64',
      'int64',
      'int64',
      'text',
      'text',
      'text',
      'float',
    ]);
    expect(columns).toEqual([
      [long(-1), null, long(3)],
      [long(4294967295), long(0), long(1)],
      [long(1), long(0), null],
      ['a', 'b', 'a'],
      ['x', null, 'yz'],
      ['a text of more than twelve bytes', null, 'short'],
      ['0000c03f', '000000c0', '00000000'],
    ]);
  });

  test('doubles must be exact, unless rounding is allowed', async () => {
    const exact = await read({ x: arrow.vectorFromArray([0.5, null], new arrow.Float64()) });
    expect(exact.columns).toEqual([['0000003f', null]]);
    const column = { x: arrow.vectorFromArray([0.5, 0.1], new arrow.Float64()) };
    await expect(read(column)).rejects.toMatchObject({
      code: 'unrepresentable',
      record: 1,
      message: expect.stringContaining(
        'column "x": the value 0.1 cannot be represented exactly as float; convert the column to 32-bit floats',
      ),
    });
    expect((await read(column, { lossy: true })).columns).toEqual([['0000003f', 'cdcccc3d']]);
  });

  test('lists, also of a fixed size, with nulls, and lists of lists', async () => {
    const float = new arrow.Field('item', new arrow.Float32(), true);
    const list = new arrow.List(new arrow.Field('item', new arrow.Int32(), true));
    const { schema, columns } = await read({
      fixed: arrow.vectorFromArray([[1, 2], null, [3, 4]], new arrow.FixedSizeList(2, float)),
      nested: arrow.vectorFromArray(
        [[[1], []], null, [[2, 3]]],
        new arrow.List(new arrow.Field('item', list, true)),
      ),
    });
    expect(schema).toMatchObject({
      message: 'SequenceExample',
      fields: [{ part: 'feature' }, { part: 'featureList' }],
    });
    expect(columns).toEqual([
      [['0000803f', '00000040'], null, ['00004040', '00008040']],
      [[[long(1)], []], null, [[long(2), long(3)]]],
    ]);
  });

  test.each([
    [
      'a null in a list',
      {
        x: arrow.vectorFromArray(
          [[1], [2, null]],
          new arrow.List(new arrow.Field('item', new arrow.Int32(), true)),
        ),
      },
      'column "x": a list contains a null',
      1,
    ],
    [
      'a number beyond int64',
      { x: arrow.vectorFromArray([1n, 2n ** 63n], new arrow.Uint64()) },
      'column "x": the value 9223372036854775808 cannot be represented exactly as int64',
      1,
    ],
    [
      'a timestamp',
      { when: arrow.vectorFromArray([new Date(0)], new arrow.TimestampMillisecond()) },
      'column "when": records cannot contain timestamp values; cast the column to int64 or string',
      undefined,
    ],
    [
      'a struct',
      { s: arrow.vectorFromArray([{ a: 1 }], new arrow.Struct([new arrow.Field('a', new arrow.Int32())])) },
      'column "s": records cannot contain struct values; flatten the column into one column per field',
      undefined,
    ],
  ])('%s is an error that names the column', async (_, columns, message, record) => {
    await expect(read(columns as never)).rejects.toMatchObject({
      code: 'unrepresentable',
      message: expect.stringContaining(message),
      record,
    });
  });
});

test('files of apache-arrow, which have their schema at the end', async () => {
  const table = new arrow.Table({ x: arrow.vectorFromArray([1, 2], new arrow.Float32()) });
  for (const rows of [table, table.slice(0, 0)]) {
    const bytes = arrow.tableToIPC(rows, 'file');
    const { schema, batches } = await readTable(arrowFormat, tableSource(bytes));
    expect(schema.fields).toMatchObject([{ name: 'x', type: { type: 'float' } }]);
    expect(batches.reduce((sum, batch) => sum + batch.rows, 0)).toBe(rows.numRows);
    await expect(readTable(arrowFormat, tableSource(bytes, { isPipe: true }))).rejects.toMatchObject({
      code: 'malformed-table',
      message: expect.stringContaining('its schema only at the end'),
    });
    for (let size = 0; size < bytes.length; size++)
      await expect(readTable(arrowFormat, tableSource(bytes.subarray(0, size)))).rejects.toMatchObject({
        code: 'malformed-table',
      });
  }
});

test('an Arrow stream that ends before its schema is an error', async () => {
  const end = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0);
  await expect(readTable(arrowFormat, tableSource(end))).rejects.toMatchObject({ code: 'malformed-table' });
});

test('a Feather file of pandas, compressed with LZ4', async () => {
  // pyarrow.feather.write_feather(pa.table({'x': [7] * 300 (int32), 'w': ['repeated'] * 300}), …)
  const bytes = Buffer.from(FEATHER.join(''), 'base64');
  const { schema, batches } = await readTable(arrowFormat, tableSource(new Uint8Array(bytes)));
  expect(schema.fields.map(({ name, type }) => [name, type.type])).toEqual([
    ['x', 'int64'],
    ['w', 'text'],
  ]);
  const { columns } = plainTable(batches);
  expect(columns).toEqual([Array(300).fill('0700000000000000'), Array(300).fill('repeated')]);
});

describe('damage', () => {
  test('every truncation is an error', async () => {
    const { bytes } = await randomTable(new Random(6));
    for (let size = 0; size < bytes.length; size += 1 + Math.floor(bytes.length / 60)) {
      const isPipe = size % 2 === 0;
      const error = await readTable(arrowFormat, tableSource(bytes.subarray(0, size), { isPipe })).catch(
        (e) => e,
      );
      expect(error, `${size} of ${bytes.length} bytes`).toMatchObject({
        code: 'malformed-table',
        uri: 'table',
      });
    }
  });

  test('random damage is a typed error, or changes values only', async () => {
    const random = new Random(7);
    for (let run = randomRuns(1200); run > 0; run--) {
      const { bytes } = await randomTable(random);
      const bad = damaged(bytes, randomDamage(random, bytes.length));
      const found = await readTable(arrowFormat, tableSource(bad)).then(
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

const FEATHER: readonly string[] = [
  'QVJST1cxAAD/////qAAAABAAAAAAAAoADAAGAAUACAAKAAAAAAEEAAwAAAAIAAgAAAAEAAgAAAAEAAAAAgAAAEAAAAAEAAAA2P//',
  '/wAAAQUQAAAAGAAAAAQAAAAAAAAAAQAAAHcAAAAEAAQABAAAABAAFAAIAAYABwAMAAAAEAAQAAAAAAABAhAAAAAcAAAABAAAAAAA',
  'AAABAAAAeAAAAAgADAAIAAcACAAAAAAAAAEgAAAAAAAAAP/////YAAAAFAAAAAAAAAAMABgABgAFAAgADAAMAAAAAAMEABwAAAA4',
  'BQAAAAAAAAAAAAAMABwAEAAEAAgADAAMAAAAeAAAABwAAAAUAAAALAEAAAAAAAAAAAAABAAEAAQAAAAFAAAAAAAAAAAAAAAAAAAA',
  'AAAAAAAAAAAAAAAAKQAAAAAAAAAwAAAAAAAAAAAAAAAAAAAAMAAAAAAAAADLBAAAAAAAAAAFAAAAAAAAMgAAAAAAAAAAAAAAAgAA',
  'ACwBAAAAAAAAAAAAAAAAAAAsAQAAAAAAAAAAAAAAAAAAsAQAAAAAAAAEIk0YYECCEgAAAE8HAAAABAD/////mFAABwAAAAAAAAAA',
  'AAAAAAAAtAQAAAAAAAAEIk0YYECCtAQAgAAAAAAIAAAAEAAAABgAAAAgAAAAKAAAADAAAAA4AAAAQAAAAEgAAABQAAAAWAAAAGAA',
  'AABoAAAAcAAAAHgAAACAAAAAiAAAAJAAAACYAAAAoAAAAKgAAACwAAAAuAAAAMAAAADIAAAA0AAAANgAAADgAAAA6AAAAPAAAAD4',
  'AAAAAAEAAAgBAAAQAQAAGAEAACABAAAoAQAAMAEAADgBAABAAQAASAEAAFABAABYAQAAYAEAAGgBAABwAQAAeAEAAIABAACIAQAA',
  'kAEAAJgBAACgAQAAqAEAALABAAC4AQAAwAEAAMgBAADQAQAA2AEAAOABAADoAQAA8AEAAPgBAAAAAgAACAIAABACAAAYAgAAIAIA',
  'ACgCAAAwAgAAOAIAAEACAABIAgAAUAIAAFgCAABgAgAAaAIAAHACAAB4AgAAgAIAAIgCAACQAgAAmAIAAKACAACoAgAAsAIAALgC',
  'AADAAgAAyAIAANACAADYAgAA4AIAAOgCAADwAgAA+AIAAAADAAAIAwAAEAMAABgDAAAgAwAAKAMAADADAAA4AwAAQAMAAEgDAABQ',
  'AwAAWAMAAGADAABoAwAAcAMAAHgDAACAAwAAiAMAAJADAACYAwAAoAMAAKgDAACwAwAAuAMAAMADAADIAwAA0AMAANgDAADgAwAA',
  '6AMAAPADAAD4AwAAAAQAAAgEAAAQBAAAGAQAACAEAAAoBAAAMAQAADgEAABABAAASAQAAFAEAABYBAAAYAQAAGgEAABwBAAAeAQA',
  'AIAEAACIBAAAkAQAAJgEAACgBAAAqAQAALAEAAC4BAAAwAQAAMgEAADQBAAA2AQAAOAEAADoBAAA8AQAAPgEAAAABQAACAUAABAF',
  'AAAYBQAAIAUAACgFAAAwBQAAOAUAAEAFAABIBQAAUAUAAFgFAABgBQAAaAUAAHAFAAB4BQAAgAUAAIgFAACQBQAAmAUAAKAFAACo',
  'BQAAsAUAALgFAADABQAAyAUAANAFAADYBQAA4AUAAOgFAADwBQAA+AUAAAAGAAAIBgAAEAYAABgGAAAgBgAAKAYAADAGAAA4BgAA',
  'QAYAAEgGAABQBgAAWAYAAGAGAABoBgAAcAYAAHgGAACABgAAiAYAAJAGAACYBgAAoAYAAKgGAACwBgAAuAYAAMAGAADIBgAA0AYA',
  'ANgGAADgBgAA6AYAAPAGAAD4BgAAAAcAAAgHAAAQBwAAGAcAACAHAAAoBwAAMAcAADgHAABABwAASAcAAFAHAABYBwAAYAcAAGgH',
  'AABwBwAAeAcAAIAHAACIBwAAkAcAAJgHAACgBwAAqAcAALAHAAC4BwAAwAcAAMgHAADQBwAA2AcAAOAHAADoBwAA8AcAAPgHAAAA',
  'CAAACAgAABAIAAAYCAAAIAgAACgIAAAwCAAAOAgAAEAIAABICAAAUAgAAFgIAABgCAAAaAgAAHAIAAB4CAAAgAgAAIgIAACQCAAA',
  'mAgAAKAIAACoCAAAsAgAALgIAADACAAAyAgAANAIAADYCAAA4AgAAOgIAADwCAAA+AgAAAAJAAAICQAAEAkAABgJAAAgCQAAKAkA',
  'ADAJAAA4CQAAQAkAAEgJAABQCQAAWAkAAGAJAAAAAAAAAAAAAABgCQAAAAAAAAQiTRhgQIIbAAAAj3JlcGVhdGVkCAD/////////',
  '//9JUGVhdGVkAAAAAAAAAAAAAP////8AAAAAEAAAAAwAFAAGAAgADAAQAAwAAAAAAAQAOAAAACgAAAAEAAAAAQAAALgAAAAAAAAA',
  '4AAAAAAAAAA4BQAAAAAAAAAAAAAAAAAACAAIAAAABAAIAAAABAAAAAIAAABAAAAABAAAANj///8AAAEFEAAAABgAAAAEAAAAAAAA',
  'AAEAAAB3AAAABAAEAAQAAAAQABQACAAGAAcADAAAABAAEAAAAAAAAQIQAAAAHAAAAAQAAAAAAAAAAQAAAHgAAAAIAAwACAAHAAgA',
  'AAAAAAABIAAAANAAAABBUlJPVzE=',
];

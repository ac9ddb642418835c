import { describe, expect, test } from 'vitest';
import { DatasetCounter } from '../../../src/check/stats/dataset-counter.ts';
import { columnSchemaOf } from '../../../src/columns/infer-columns.ts';
import { isRecordpipeError } from '../../../src/errors.ts';
import { RecordBatch } from '../../../src/formats/batch.ts';
import type { ColumnBatch } from '../../../src/messages/columns/column-batch.ts';
import { ColumnDecoder } from '../../../src/messages/columns/column-decoder.ts';
import type { ColumnField, ColumnSchema, ColumnType } from '../../../src/messages/columns/column-schema.ts';
import { encodeExample, encodeSequenceExample, type FeatureInput } from '../../../src/messages/index.ts';
import { columnsOf, elementOf } from '../../support/column-rows.ts';
import { NAMES, oddExample, oddSequenceExample, randomFeature } from '../../support/example-messages.ts';
import {
  type CanonicalFeatures,
  oracleExample,
  oracleSequenceExample,
} from '../../support/oracle-example.ts';
import { Random } from '../../support/random.ts';
import { randomRuns } from '../../support/random-runs.ts';

function batchOf(records: readonly Uint8Array[]): RecordBatch {
  const bytes = new Uint8Array(Buffer.concat(records));
  const index = new Uint32Array(2 * records.length);
  let at = 0;
  for (const [i, { length }] of records.entries()) {
    index.set([at, length], 2 * i);
    at += length;
  }
  return new RecordBatch(bytes, index, records.length, 0, 0, 0);
}

function schemaOf(batch: RecordBatch): ColumnSchema {
  const counter = new DatasetCounter({ samples: false });
  counter.begin('a.tfrecord');
  counter.add(batch);
  return columnSchemaOf(counter.stats(), { lossy: true });
}

/** Returns the parts of a record, by part and name, from its row in the columns. */
function partsOf({ schema, columns }: ColumnBatch, row: number): Map<string, unknown> {
  const parts = new Map<string, unknown>();
  for (const [i, { part, of, type }] of schema.fields.entries()) {
    const element = elementOf(columns[i], row);
    if (part === 'unsetFeatures')
      for (const name of element as string[]) parts.set(`feature ${name}`, 'unset');
    else if (element !== null)
      parts.set(`${part} ${of}`, type.type === 'list' ? deepHex(element, type) : [deepHex(element, type)]);
  }
  return parts;
}

/** Converts texts to bytes in hexadecimal. */
function deepHex(element: unknown, type: ColumnType): unknown {
  if (element === null) return null;
  if (type.type === 'list') return (element as unknown[]).map((one) => deepHex(one, type.items));
  return type.type === 'text' ? Buffer.from(element as string).toString('hex') : element;
}

function expectedParts(
  features: CanonicalFeatures,
  lists: Record<string, CanonicalFeatures[string][]>,
  { fields }: ColumnSchema,
): Map<string, unknown> {
  const parts = new Map<string, unknown>();
  const has = (part: string, name: string): boolean =>
    fields.some((one) => one.part === part && one.of === name);
  for (const [name, { kind, value }] of Object.entries(features)) {
    if (kind === 'none') parts.set(`feature ${name}`, 'unset');
    else if (has('feature', name)) parts.set(`feature ${name}`, value);
  }
  for (const [name, steps] of Object.entries(lists)) {
    if (!has('featureList', name)) continue;
    parts.set(
      `featureList ${name}`,
      steps.map(({ kind, value }) => (kind === 'none' ? null : value)),
    );
  }
  return parts;
}

function field(name: string, type: ColumnType, nullable = false): ColumnField {
  return { name, type, nullable, part: 'feature', of: name };
}

function example(...fields: ColumnField[]): ColumnSchema {
  return { recordpipeColumns: 1, message: 'Example', fields };
}

const INT64 = { type: 'int64' } as const;

describe('columns contain exactly the features that protobufjs reads', () => {
  test('Examples, also in unusual layouts', () => {
    const random = new Random(1);
    let rows = 0;
    for (let i = 0; i < randomRuns(2000); i++) {
      const kinds = new Map(NAMES.map((name) => [name, randomFeature(random)]));
      const regular = (): Uint8Array => {
        const chosen = NAMES.filter(() => random.below(4) > 0);
        const features = chosen.map((name): [string, FeatureInput] => {
          const { kind } = kinds.get(name)!;
          for (;;) {
            const feature = randomFeature(random);
            if (feature.kind === kind || feature.kind === 'none') return [name, feature];
          }
        });
        return encodeExample(new Map(features), { deterministic: false });
      };
      const isOdd = random.below(3) === 0;
      const records = Array.from({ length: 1 + random.below(12) }, () =>
        isOdd ? oddExample(random) : regular(),
      );
      const batch = batchOf(records);
      let schema: ColumnSchema;
      try {
        schema = schemaOf(batch);
      } catch (error) {
        // Odd records may contain fields that are not those of an Example.
        if (isOdd && isRecordpipeError(error, 'schema-mismatch')) continue;
        throw error;
      }
      const unlisted = isOdd ? 'ignore' : 'error';
      const columns = new ColumnDecoder(schema, { unlisted }).decode(batch);
      expect(columns.rows).toBe(records.length);
      for (const [row, record] of records.entries()) {
        expect(partsOf(columns, row), Buffer.from(record).toString('hex')).toEqual(
          expectedParts(oracleExample(record), {}, schema),
        );
        rows++;
      }
    }
    expect(rows).toBeGreaterThan(randomRuns(2000));
  });

  test('SequenceExamples, also in unusual layouts', () => {
    const random = new Random(2);
    let rows = 0;
    for (let i = 0; i < randomRuns(2000); i++) {
      const kind = randomFeature(random).kind;
      const step = (): FeatureInput => {
        for (;;) {
          const feature = randomFeature(random);
          if (feature.kind === kind || feature.kind === 'none') return feature;
        }
      };
      const regular = (): Uint8Array =>
        encodeSequenceExample({
          context: random.below(2) ? { id: { kind: 'int64', value: [1] } } : {},
          featureLists: {
            ...(random.below(2) && { steps: Array.from({ length: random.below(4) }, step) }),
            ...(random.below(2) && { id: [] }),
          },
        });
      const isOdd = random.below(3) === 0;
      const records = Array.from({ length: 1 + random.below(8) }, () =>
        isOdd ? oddSequenceExample(random) : regular(),
      );
      const batch = batchOf(records);
      let schema: ColumnSchema;
      try {
        schema = schemaOf(batch);
      } catch (error) {
        if (isOdd && isRecordpipeError(error, 'schema-mismatch')) continue;
        throw error;
      }
      const columns = new ColumnDecoder(schema, { unlisted: isOdd ? 'ignore' : 'error' }).decode(batch);
      for (const [row, record] of records.entries()) {
        const { context, lists } = oracleSequenceExample(record);
        expect(partsOf(columns, row), Buffer.from(record).toString('hex')).toEqual(
          expectedParts(context, schema.message === 'SequenceExample' ? lists : {}, schema),
        );
        rows++;
      }
    }
    expect(rows).toBeGreaterThan(randomRuns(2000));
  });
});

describe('layout', () => {
  test('a null has a cleared bit and the value 0', () => {
    const records = Array.from({ length: 11 }, (_, i) =>
      encodeExample(i % 3 === 1 ? {} : { label: { kind: 'int64', value: [i + 1] } }),
    );
    const [column] = new ColumnDecoder(example(field('label', INT64, true))).decode(records).columns;
    if (column.type !== 'int64') throw new Error(column.type);
    expect([...column.values]).toEqual([1n, 0n, 3n, 4n, 0n, 6n, 7n, 0n, 9n, 10n, 0n]);
    expect([...column.validity!]).toEqual([0b01101101, 0b011]);
  });

  test('bytes are contiguous, and a list has offsets of its items', () => {
    const record = encodeExample({ tags: { kind: 'bytes', value: ['ab', '', 'cde'] } });
    const schema = example(field('tags', { type: 'list', items: { type: 'text' } }, true));
    const [column] = new ColumnDecoder(schema).decode([record, encodeExample({}), record]).columns;
    if (column.type !== 'list' || column.items.type !== 'text') throw new Error(column.type);
    expect([...column.offsets]).toEqual([0, 3, 3, 6]);
    expect([...column.validity!]).toEqual([0b101]);
    expect([...column.items.offsets]).toEqual([0, 2, 2, 5, 7, 7, 10]);
    expect(Buffer.from(column.items.data).toString()).toBe('abcdeabcde');
  });

  test('an empty batch has columns without rows', () => {
    const { rows, columns } = new ColumnDecoder(
      example(field('a', INT64), field('b', { type: 'text' }), field('c', { type: 'list', items: INT64 })),
    ).decode([]);
    expect(rows).toBe(0);
    expect(columns.map(({ type, length }) => [type, length])).toEqual([
      ['int64', 0],
      ['text', 0],
      ['list', 0],
    ]);
  });

  test('batches do not share memory', () => {
    const decoder = new ColumnDecoder(example(field('a', { type: 'text' }), field('b', INT64)));
    const records = ['x', 'y'].map((text, i) =>
      encodeExample({ a: { kind: 'bytes', value: [text] }, b: { kind: 'int64', value: [i] } }),
    );
    const first = decoder.decode([records[0]]);
    decoder.decode([records[1]]);
    expect(columnsOf(first)).toEqual(
      new Map([
        ['a', ['x']],
        ['b', ['0']],
      ]),
    );
  });
});

describe('a record that the columns cannot represent', () => {
  const image = { kind: 'bytes', value: [Uint8Array.of(0xff)] } as const;
  const label = { kind: 'int64', value: [1] } as const;
  const cases: [
    name: string,
    schema: ColumnSchema,
    features: Record<string, FeatureInput>,
    message: string,
  ][] = [
    [
      'another kind',
      example(field('a', INT64)),
      { a: image },
      'feature "a": expected values of kind int64, got bytes',
    ],
    [
      'several values',
      example(field('a', INT64)),
      { a: { kind: 'int64', value: [1, 2] } },
      'feature "a": expected 1 value of kind int64, got 2',
    ],
    [
      'no values',
      example(field('a', INT64, true)),
      { a: { kind: 'int64', value: [] } },
      'feature "a": expected 1 value of kind int64, got 0',
    ],
    [
      'a missing feature',
      example(field('a', INT64)),
      {},
      'feature "a": expected a value, because the column is not nullable, got none',
    ],
    [
      'invalid text',
      example(field('a', { type: 'text' })),
      { a: image },
      'feature "a": expected UTF-8 text, got invalid UTF-8',
    ],
    [
      'an unlisted feature',
      example(field('a', INT64)),
      { a: label, b: label },
      'feature "b": expected only features that have a column in the schema, got a feature of kind int64',
    ],
    [
      'an unlisted unset feature',
      example(field('a', INT64)),
      { a: label, b: { kind: 'none' } },
      'feature "b"',
    ],
    [
      'an unset feature without a column',
      example(field('a', INT64, true)),
      { a: { kind: 'none' } },
      'feature "a": expected values, got a feature without a kind',
    ],
  ];
  test.each(cases)('%s names the feature and the record', (_, schema, features, message) => {
    const fine = encodeExample({
      a: schema.fields[0].type.type === 'text' ? { kind: 'bytes', value: ['é'] } : label,
    });
    const decoder = new ColumnDecoder(schema);
    const place = { uri: 'a.tfrecord', record: 5 };
    expect(() => decoder.decode([fine, encodeExample(features)], place)).toThrow(
      expect.objectContaining({
        code: 'schema-mismatch',
        uri: 'a.tfrecord',
        record: 6,
        message: expect.stringContaining(message),
      }),
    );
    expect(decoder.failedRow).toBe(1);
    expect(decoder.decode([fine]).rows).toBe(1);
  });

  test('a SequenceExample is not read as an Example', () => {
    const record = encodeSequenceExample({ featureLists: { steps: [label] } });
    expect(() => new ColumnDecoder(example()).decode([record])).toThrow(
      'expected an Example, got a SequenceExample',
    );
  });

  test('text is checked value by value, not across values', () => {
    const split = encodeExample({ a: { kind: 'bytes', value: [Uint8Array.of(0xc3), Uint8Array.of(0xa9)] } });
    const decoder = new ColumnDecoder(example(field('a', { type: 'list', items: { type: 'text' } })));
    expect(() => decoder.decode([split])).toThrow('expected UTF-8 text');
  });

  test('a damaged record is malformed', () => {
    const record = encodeExample({ a: label });
    const decoder = new ColumnDecoder(example(field('a', INT64)));
    expect(() => decoder.decode([record.subarray(0, record.length - 1)])).toThrow(
      expect.objectContaining({ code: 'malformed-example' }),
    );
  });
});

test('unlisted features are ignored on request', () => {
  const record = encodeExample({ a: { kind: 'int64', value: [1] }, b: { kind: 'none' } });
  const decoder = new ColumnDecoder(example(field('a', INT64)), { unlisted: 'ignore' });
  expect(columnsOf(decoder.decode([record]))).toEqual(new Map([['a', ['1']]]));
});

import { describe, expect, test } from 'vitest';
import { DatasetCounter } from '../../../src/check/stats/dataset-counter.ts';
import { columnSchemaOf } from '../../../src/columns/infer-columns.ts';
import { RecordBatch } from '../../../src/formats/batch.ts';
import type { ColumnBatch } from '../../../src/messages/columns/column-batch.ts';
import { ColumnDecoder } from '../../../src/messages/columns/column-decoder.ts';
import type { ColumnField, ColumnSchema } from '../../../src/messages/columns/column-schema.ts';
import { ColumnEncoder } from '../../../src/messages/columns/encode-columns.ts';
import { encodeSageMakerRecord, type SageMakerRecordInput } from '../../../src/messages/index.ts';
import { elementOf } from '../../support/column-rows.ts';
import { type CanonicalRecord, oracleRecord } from '../../support/oracle-sagemaker.ts';
import { Random } from '../../support/random.ts';
import { randomRuns } from '../../support/random-runs.ts';
import { oddRecord } from '../../support/sagemaker-messages.ts';

type Group = 'features' | 'label';
type Value = CanonicalRecord[Group][string];

const TYPES = { float32: 'float', float64: 'float64', int32: 'int32', bytes: 'bytes' } as const;
const TEXTS = ['uid', 'metadata', 'configuration'] as const;

/** Returns nullable columns for every part of the records, with the kind that each value has first. */
function schemaOf(records: readonly CanonicalRecord[]): { schema: ColumnSchema; kinds: Map<string, string> } {
  const kinds = new Map<string, string>();
  const fields: ColumnField[] = TEXTS.map((text) => ({
    name: text,
    type: { type: 'text' },
    nullable: true,
    part: text,
  }));
  for (const record of records)
    for (const [group, prefix] of [
      ['features', 'feature'],
      ['label', 'label'],
    ] as const)
      for (const [of, { kind }] of Object.entries(record[group])) {
        const key = `${group}/${of}`;
        if (kind === 'none' || kinds.has(key)) continue;
        kinds.set(key, kind);
        const list = (part: ColumnField['part'], type: string): ColumnField =>
          ({
            name: `${key} ${part}`,
            type: { type: 'list', items: { type } },
            nullable: true,
            part,
            of,
          }) as ColumnField;
        fields.push(list(`${prefix}Values`, TYPES[kind as keyof typeof TYPES]));
        if (kind !== 'bytes') fields.push(list(`${prefix}Keys`, 'uint64'), list(`${prefix}Shape`, 'uint64'));
        else
          fields.push({
            name: `${key} content`,
            type: { type: 'text' },
            nullable: true,
            part: `${prefix}ContentType`,
            of,
          });
      }
  return { schema: { recordpipeColumns: 1, message: 'Record', fields }, kinds };
}

function rowOf({ schema, columns }: ColumnBatch, row: number): Map<string, unknown> {
  const parts = schema.fields.flatMap(({ part, of }, i) => {
    const element = elementOf(columns[i], row);
    return element === null ? [] : [[`${part} ${of ?? ''}`, element] as const];
  });
  return new Map(parts);
}

function expectedRow(record: CanonicalRecord): Map<string, unknown> {
  const parts = new Map<string, unknown>();
  for (const [i, text] of TEXTS.entries())
    if (record.texts[i] !== undefined) parts.set(`${text} `, record.texts[i]);
  for (const [group, prefix] of [
    ['features', 'feature'],
    ['label', 'label'],
  ] as const)
    for (const [of, { kind, values, keys = [], shape = [], contentType }] of Object.entries(record[group])) {
      if (kind === 'none') continue;
      parts.set(`${prefix}Values ${of}`, values);
      if (keys.length > 0) parts.set(`${prefix}Keys ${of}`, keys);
      if (shape.length > 0) parts.set(`${prefix}Shape ${of}`, shape);
      if (contentType !== undefined) parts.set(`${prefix}ContentType ${of}`, contentType);
    }
  return parts;
}

function encoded(batch: ColumnBatch): Uint8Array[] {
  return [...new ColumnEncoder(batch.schema).encode(batch)].flatMap((records) => [...records]);
}

test('columns contain exactly the values that protobufjs reads, also in unusual layouts', () => {
  const random = new Random(1);
  let rows = 0;
  for (let i = 0; i < randomRuns(4000); i++) {
    const all = Array.from({ length: 1 + random.below(4) }, () => oddRecord(random));
    const { kinds } = schemaOf(all.map(oracleRecord));
    const hasOneKind = (record: CanonicalRecord): boolean =>
      (['features', 'label'] as const).every((group) =>
        Object.entries<Value>(record[group]).every(
          ([name, { kind }]) => kind === 'none' || kinds.get(`${group}/${name}`) === kind,
        ),
      );
    const records = all.filter((record) => hasOneKind(oracleRecord(record)));
    const { schema } = schemaOf(records.map(oracleRecord));
    const batch = new ColumnDecoder(schema, { unlisted: 'ignore' }).decode(records);
    for (const [row, record] of records.entries()) {
      expect(rowOf(batch, row), Buffer.from(record).toString('hex')).toEqual(
        expectedRow(oracleRecord(record)),
      );
      rows++;
    }
    const restored = encoded(batch).map((record) => expectedRow(oracleRecord(record)));
    expect(restored).toEqual(records.map((record) => expectedRow(oracleRecord(record))));
  }
  expect(rows).toBeGreaterThan(randomRuns(4000));
});

describe('inferred columns', () => {
  const sparse = {
    kind: 'float32',
    values: [0.5, 2],
    keys: [3, 2n ** 63n],
    shape: [2n ** 63n + 5n],
  } as const;
  const inputs: readonly SageMakerRecordInput[] = [
    { features: { values: sparse }, label: { values: { kind: 'float32', values: [1] } } },
    {
      features: {
        values: { kind: 'float32', values: [] },
        image: { kind: 'bytes', values: [Uint8Array.of(0xff)], contentType: 'image/jpeg' },
      },
      label: { values: { kind: 'float32', values: [-0] } },
      uid: 'b',
    },
    {
      features: { values: { kind: 'float32', values: [Number.NaN] }, image: { kind: 'bytes', values: [] } },
      label: { values: { kind: 'float32', values: [3] } },
    },
  ];
  const records = inputs.map((input) => encodeSageMakerRecord(input));

  function inferred(): ColumnSchema {
    const counter = new DatasetCounter({ samples: false });
    counter.begin('a.rec');
    for (const record of records)
      counter.add(new RecordBatch(record, Uint32Array.of(0, record.length), 1, 0, 0, 0));
    return columnSchemaOf(counter.stats());
  }

  test('types, and which may be null', () => {
    const described = inferred().fields.map(({ name, type, nullable }) => {
      const text = type.type === 'list' ? `list of ${type.items.type}` : type.type;
      return `${name}: ${text}${nullable ? ' or null' : ''}`;
    });
    expect(described).toEqual([
      'features/image: list of bytes or null',
      'features/image/content_type: text or null',
      'features/values: list of float',
      'features/values/keys: list of uint64 or null',
      'features/values/shape: uint64 or null',
      'label/values: float',
      'uid: text or null',
    ]);
  });

  test('restore identical records', () => {
    const batch = new ColumnDecoder(inferred()).decode(records);
    expect(encoded(batch).map((one) => Buffer.from(one).toString('hex'))).toEqual(
      records.map((one) => Buffer.from(one).toString('hex')),
    );
  });

  test('a value that has no column is an error', () => {
    const other = encodeSageMakerRecord({ features: { other: sparse } });
    expect(() => new ColumnDecoder(inferred()).decode([records[0], other])).toThrow(
      expect.objectContaining({
        code: 'schema-mismatch',
        record: 1,
        message: expect.stringContaining(
          'feature "other": expected only values that have a column in the schema',
        ),
      }),
    );
  });

  test('another kind is an error', () => {
    const other = encodeSageMakerRecord({
      features: { values: { kind: 'int32', values: [1] } },
      label: { values: { kind: 'float32', values: [1] } },
    });
    expect(() => new ColumnDecoder(inferred()).decode([other])).toThrow(
      'feature "values": expected values of kind float32, got int32',
    );
  });
});

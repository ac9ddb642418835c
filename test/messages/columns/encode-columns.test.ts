import { describe, expect, test } from 'vitest';
import type { ColumnBatch } from '../../../src/messages/columns/column-batch.ts';
import type { ColumnPart, ColumnType } from '../../../src/messages/columns/column-schema.ts';
import { ColumnEncoder } from '../../../src/messages/columns/encode-columns.ts';
import {
  encodeExample,
  encodeSageMakerRecord,
  encodeSequenceExample,
  type FeatureInput,
  type SageMakerValueInput,
} from '../../../src/messages/index.ts';
import { type ColumnValue, columnBatch, type TestColumn } from '../../support/column-vectors.ts';
import { NAMES, randomFeature } from '../../support/example-messages.ts';
import { Random } from '../../support/random.ts';
import { randomRuns } from '../../support/random-runs.ts';

type Kind = 'bytes' | 'float' | 'int64';
type Features = Map<string, FeatureInput>;

/** Returns a random feature of a kind. */
function featureOf(random: Random, kind: Kind): FeatureInput {
  for (;;) {
    const feature = randomFeature(random);
    if (feature.kind === kind) return feature;
  }
}

function valuesOf(feature: FeatureInput): readonly ColumnValue[] {
  return Array.from((feature.value ?? []) as Iterable<ColumnValue>);
}

/** Returns random rows whose features have one kind or none, and the columns of these features. */
function randomRows(
  random: Random,
  rows: number,
  chosen: readonly string[],
): { rows: Features[]; columns: TestColumn[] } {
  const kinds = chosen.map(() => random.pick<Kind>(['bytes', 'float', 'int64']));
  const features = Array.from({ length: rows }, (): Features => new Map());
  const columns: TestColumn[] = [];
  const unset: Uint8Array[][] = features.map(() => []);
  for (const [c, of] of chosen.entries()) {
    const isScalar = random.below(3) === 0;
    const type: ColumnType = { type: kinds[c] };
    const values = features.map((row, i): ColumnValue => {
      const turn = random.below(6);
      if (turn === 0) return null;
      if (turn === 1) {
        row.set(of, { kind: 'none' });
        unset[i].push(Buffer.from(of));
        return null;
      }
      let feature = featureOf(random, kinds[c]);
      while (isScalar && feature.value?.length !== 1) feature = featureOf(random, kinds[c]);
      row.set(of, feature);
      return isScalar ? valuesOf(feature)[0] : valuesOf(feature);
    });
    const listed: ColumnType = isScalar ? type : { type: 'list', items: type };
    columns.push({ name: `column ${of}`, type: listed, nullable: true, part: 'feature', of, values });
  }
  columns.push({
    name: 'unset',
    type: { type: 'list', items: { type: 'text' } },
    nullable: true,
    part: 'unsetFeatures',
    values: unset.map((names) => (names.length === 0 && random.below(2) ? null : names)),
  });
  return { rows: features, columns: shuffled(random, columns) };
}

function shuffled<T>(random: Random, items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, key: random.below(1000) }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

function someNames(random: Random): string[] {
  return shuffled(random, NAMES).slice(0, random.below(NAMES.length));
}

/** Returns the records as hex, after checking their numbers. */
function encoded(batch: ColumnBatch): string[] {
  const records: string[] = [];
  for (const block of new ColumnEncoder(batch.schema).encode(batch)) {
    expect(block.firstRecord).toBe(batch.firstRow + records.length);
    for (const record of block) records.push(Buffer.from(record).toString('hex'));
  }
  return records;
}

function hex(record: Uint8Array): string {
  return Buffer.from(record).toString('hex');
}

/** Returns a random tensor of a kind, and its values. */
function randomTensor(random: Random, kind: 'float32' | 'float64' | 'int32') {
  const count = random.below(4);
  const values = Array.from({ length: count }, () =>
    kind === 'int32'
      ? random.pick([0, 1, -1, 300, 2 ** 31 - 1, -(2 ** 31)])
      : random.pick([0, -0, 1.5, Number.NaN]),
  );
  const places = (length: number): bigint[] =>
    Array.from({ length }, () => random.pick([2n ** 64n - 1n, 2n ** 40n]));
  const isSparse = random.below(2) === 0;
  return { kind, values, keys: isSparse ? [] : places(count), shape: isSparse ? [] : places(2) };
}

const TENSOR_TYPES = { float32: 'float', float64: 'float64', int32: 'int32' } as const;

describe('the records of a batch are those of the encoders of one record', () => {
  test('Examples', () => {
    const random = new Random(1);
    for (let run = 0; run < randomRuns(400); run++) {
      const { rows, columns } = randomRows(random, random.below(20), someNames(random));
      const batch = columnBatch('Example', rows.length, columns, 5);
      expect(encoded(batch)).toEqual(rows.map((row) => hex(encodeExample(row))));
    }
  });

  test('SequenceExamples', () => {
    const random = new Random(2);
    for (let run = 0; run < randomRuns(400); run++) {
      const { rows, columns } = randomRows(random, random.below(12), someNames(random));
      const lists = rows.map((): Map<string, FeatureInput[]> => new Map());
      for (const of of someNames(random)) {
        const kind = random.pick<Kind>(['bytes', 'float', 'int64']);
        const values = lists.map((row): ColumnValue => {
          if (random.below(4) === 0) return null;
          const steps = Array.from(
            { length: random.below(4) },
            (): FeatureInput => (random.below(5) === 0 ? { kind: 'none' } : featureOf(random, kind)),
          );
          row.set(of, steps);
          return steps.map((step) => (step.kind === 'none' ? null : valuesOf(step)));
        });
        const type: ColumnType = { type: 'list', items: { type: 'list', items: { type: kind } } };
        columns.push({ name: `list ${of}`, type, nullable: true, part: 'featureList', of, values });
      }
      const batch = columnBatch('SequenceExample', rows.length, shuffled(random, columns));
      const expected = rows.map((context, i) => encodeSequenceExample({ context, featureLists: lists[i] }));
      expect(encoded(batch)).toEqual(expected.map(hex));
    }
  });

  test('Records of recordio-protobuf', () => {
    const random = new Random(3);
    for (let run = 0; run < randomRuns(400); run++) {
      const count = random.below(12);
      const rows = Array.from({ length: count }, () => ({
        features: new Map<string, SageMakerValueInput>(),
        label: new Map<string, SageMakerValueInput>(),
        uid: random.pick([undefined, '', 'grün']),
        metadata: random.pick([undefined, '{}']),
        configuration: undefined,
      }));
      const unset: Uint8Array[][] = rows.map(() => []);
      const columns: TestColumn[] = [];
      for (const map of ['features', 'label'] as const) {
        for (const of of someNames(random)) {
          const values = rows.map((row, i): SageMakerValueInput | undefined => {
            const turn = random.below(5);
            if (turn > 1) return undefined;
            if (turn === 1) {
              row[map].set(of, { kind: 'none' });
              unset[i].push(Buffer.from(`${map}/${of}`));
            }
            return undefined;
          });
          const kind = random.pick(['float32', 'float64', 'int32', 'bytes'] as const);
          for (const [i, row] of rows.entries()) {
            if (row[map].has(of) || random.below(4) === 0) continue;
            values[i] =
              kind === 'bytes'
                ? {
                    kind,
                    values: [random.bytes(3), new Uint8Array(0)].slice(random.below(3)),
                    contentType: random.pick([undefined, 'image/jpeg']),
                  }
                : randomTensor(random, kind);
            row[map].set(of, values[i]!);
          }
          columns.push(...recordColumns(map === 'label' ? 'label' : 'feature', of, kind, values));
        }
      }
      columns.push(
        { ...unnamed('unsetFeatures'), type: { type: 'list', items: { type: 'text' } }, values: unset },
        { ...unnamed('uid'), values: rows.map(({ uid }) => textValue(uid)) },
        { ...unnamed('metadata'), values: rows.map(({ metadata }) => textValue(metadata)) },
      );
      const batch = columnBatch('Record', count, shuffled(random, columns));
      expect(encoded(batch)).toEqual(rows.map((row) => hex(encodeSageMakerRecord(row))));
    }
  });
});

function unnamed(part: ColumnPart): Omit<TestColumn, 'values'> {
  return { name: part, type: { type: 'text' }, nullable: true, part };
}

function textValue(text: string | undefined): Uint8Array | null {
  return text === undefined ? null : Buffer.from(text);
}

function recordColumns(
  map: 'feature' | 'label',
  of: string,
  kind: 'float32' | 'float64' | 'int32' | 'bytes',
  values: readonly (SageMakerValueInput | undefined)[],
): TestColumn[] {
  const column = (
    suffix: 'Values' | 'Keys' | 'Shape' | 'ContentType',
    type: ColumnType,
    cellOf: (value: never) => ColumnValue | undefined,
  ): TestColumn => ({
    name: `${map}${suffix} ${of}`,
    type,
    nullable: true,
    part: `${map}${suffix}`,
    of,
    values: values.map((value) => (value === undefined ? null : (cellOf(value as never) ?? null))),
  });
  const list = (type: 'float' | 'float64' | 'int32' | 'bytes' | 'uint64'): ColumnType => ({
    type: 'list',
    items: { type },
  });
  if (kind === 'bytes')
    return [
      column('Values', list('bytes'), (value: { values: Uint8Array[] }) => value.values),
      column('ContentType', { type: 'text' }, (value: { contentType?: string }) =>
        textValue(value.contentType),
      ),
    ];
  return [
    column('Values', list(TENSOR_TYPES[kind]), (value: { values: number[] }) => value.values),
    column('Keys', list('uint64'), (value: { keys: bigint[] }) =>
      value.keys.length === 0 ? null : value.keys,
    ),
    column('Shape', list('uint64'), (value: { shape: bigint[] }) => value.shape),
  ];
}

import { expect, test } from 'vitest';
import { isRecordpipeError } from '../../../src/errors.ts';
import { ColumnDecoder } from '../../../src/messages/columns/column-decoder.ts';
import type { ColumnField, ColumnSchema, ColumnType } from '../../../src/messages/columns/column-schema.ts';
import { ColumnEncoder } from '../../../src/messages/columns/encode-columns.ts';
import {
  decodeExample,
  decodeSageMakerRecord,
  decodeSequenceExample,
  encodeExample,
  encodeSageMakerRecord,
  encodeSequenceExample,
  type Feature,
  type SageMakerValue,
} from '../../../src/messages/index.ts';
import { everyRecord } from '../../support/every-example.ts';
import { oddExample, oddSequenceExample, randomFeatures } from '../../support/example-messages.ts';
import { Random } from '../../support/random.ts';
import { randomRuns } from '../../support/random-runs.ts';
import { oddRecord } from '../../support/sagemaker-messages.ts';

/** Kinds of features by name, of the records chosen so far. */
type Kinds = Map<string, Set<string>>;

/** Adds features to the kinds, or returns false if one of them has another kind than before. */
function fits(kinds: Kinds, entries: readonly (readonly [string, Feature])[]): boolean {
  const added: [string, string][] = [];
  for (const [name, { kind }] of entries) {
    if (kind === 'none') continue;
    const known = [
      ...(kinds.get(name) ?? []),
      ...added.filter(([other]) => other === name).map(([, one]) => one),
    ];
    if (known.some((one) => one !== kind)) return false;
    added.push([name, kind]);
  }
  for (const [name, kind] of added) kinds.set(name, (kinds.get(name) ?? new Set()).add(kind));
  return true;
}

const isText = (value: Uint8Array): boolean => Buffer.from(Buffer.from(value).toString()).equals(value);

/** Returns the columns of features, as an obvious program infers them from all of their lists. */
function columnsOf(
  part: 'feature' | 'featureList',
  kinds: Kinds,
  listsOf: (name: string) => readonly Feature[],
  mayBeScalar: boolean,
): ColumnField[] {
  return [...kinds].map(([of, [kind]]) => {
    const lists = listsOf(of).filter((feature) => feature.kind !== 'none');
    const isUtf8 = lists.every((feature) => feature.kind === 'bytes' && feature.value.every(isText));
    const values: ColumnType = { type: kind === 'bytes' && isUtf8 ? 'text' : (kind as 'int64') };
    const isScalar = mayBeScalar && lists.every(({ value }) => value.length === 1);
    const type: ColumnType = isScalar ? values : { type: 'list', items: values };
    return {
      name: `${part} ${of}`,
      type: part === 'feature' ? type : { type: 'list', items: type },
      nullable: true,
      part,
      of,
    };
  });
}

const UNSET: ColumnField = {
  name: 'unset',
  type: { type: 'list', items: { type: 'text' } },
  nullable: false,
  part: 'unsetFeatures',
};

function expectRestored(
  schema: ColumnSchema,
  records: readonly Uint8Array[],
  expected: readonly Uint8Array[],
): void {
  // Odd records have unknown fields, which are not restored.
  const batch = new ColumnDecoder(schema, { unlisted: 'ignore' }).decode(records);
  const restored: string[] = [];
  for (const block of new ColumnEncoder(schema).encode(batch))
    for (const record of block) restored.push(Buffer.from(record).toString('hex'));
  expect(restored).toEqual(expected.map((record) => Buffer.from(record).toString('hex')));
}

test('Examples become columns and Examples again, in deterministic encoding', () => {
  const random = new Random(1);
  let records = 0;
  for (let run = 0; run < randomRuns(1500); run++) {
    const kinds: Kinds = new Map();
    const chosen: Uint8Array[] = [];
    for (let i = random.below(8); i > 0; i--) {
      const record = random.below(2) ? oddExample(random) : encodeExample(randomFeatures(random));
      if (fits(kinds, [...decodeExample(record)])) chosen.push(record);
    }
    const examples = chosen.map((record) => decodeExample(record));
    const listsOf = (name: string): Feature[] => examples.flatMap((example) => example.get(name) ?? []);
    const fields = [...columnsOf('feature', kinds, listsOf, true), UNSET];
    expectRestored(
      { recordpipeColumns: 1, message: 'Example', fields },
      chosen,
      examples.map((one) => encodeExample(one)),
    );
    records += chosen.length;
  }
  expect(records).toBeGreaterThan(randomRuns(1500));
});

test('SequenceExamples become columns and SequenceExamples again, in deterministic encoding', () => {
  const random = new Random(2);
  let steps = 0;
  for (let run = 0; run < randomRuns(1500); run++) {
    const kinds: Kinds = new Map();
    const listKinds: Kinds = new Map();
    const chosen: Uint8Array[] = [];
    for (let i = random.below(6); i > 0; i--) {
      const record = oddSequenceExample(random);
      const { context, featureLists } = decodeSequenceExample(record);
      const lists = [...featureLists].flatMap(([name, list]) => list.map((step) => [name, step] as const));
      if (!fits(new Map([...kinds].map(([name, kind]) => [name, new Set(kind)])), [...context])) continue;
      if (!fits(listKinds, lists)) continue;
      fits(kinds, [...context]);
      for (const name of featureLists.keys()) listKinds.set(name, listKinds.get(name) ?? new Set(['bytes']));
      chosen.push(record);
    }
    const examples = chosen.map((record) => decodeSequenceExample(record));
    const featuresOf = (name: string): Feature[] =>
      examples.flatMap(({ context }) => context.get(name) ?? []);
    const stepsOf = (name: string): Feature[] =>
      examples.flatMap(({ featureLists }) => featureLists.get(name) ?? []);
    const fields = [
      ...columnsOf('feature', kinds, featuresOf, true),
      ...columnsOf('featureList', listKinds, stepsOf, false),
      UNSET,
    ];
    const expected = examples.map((one) => encodeSequenceExample(one));
    expectRestored({ recordpipeColumns: 1, message: 'SequenceExample', fields }, chosen, expected);
    for (const name of listKinds.keys()) steps += stepsOf(name).length;
  }
  expect(steps).toBeGreaterThan(randomRuns(1500));
});

/** Returns the columns of the features or labels of Records, as an obvious program infers them. */
function recordColumns(
  map: 'feature' | 'label',
  values: ReadonlyMap<string, readonly SageMakerValue[]>,
): ColumnField[] {
  return [...values].flatMap(([of, found]): ColumnField[] => {
    const [{ kind }] = found;
    const column = (suffix: 'Values' | 'Keys' | 'Shape' | 'ContentType', type: ColumnType): ColumnField => ({
      name: `${map}${suffix} ${of}`,
      type,
      nullable: true,
      part: `${map}${suffix}`,
      of,
    });
    const list = (type: 'float' | 'float64' | 'int32' | 'bytes' | 'uint64'): ColumnType => ({
      type: 'list',
      items: { type },
    });
    if (kind === 'bytes') return [column('Values', list('bytes')), column('ContentType', { type: 'text' })];
    const type = kind === 'float32' ? 'float' : (kind as 'float64' | 'int32');
    return [column('Values', list(type)), column('Keys', list('uint64')), column('Shape', list('uint64'))];
  });
}

test('Records become columns and Records again, in deterministic encoding', () => {
  const random = new Random(3);
  let restored = 0;
  for (let run = 0; run < randomRuns(2500); run++) {
    const record = run % 2 === 0 ? oddRecord(random) : everyRecord('Record', run);
    const one = decodeSageMakerRecord(record, { uint64: 'bigint' });
    let expected: Uint8Array;
    try {
      expected = encodeSageMakerRecord(one);
    } catch (error) {
      // The encoder of one record requires a shape that matches the values.
      expect(isRecordpipeError(error, 'invalid-argument')).toBe(true);
      continue;
    }
    const all = [...one.features.values(), ...one.label.values()];
    if (all.some(({ kind }) => kind === 'none')) continue;
    const lists = (values: ReadonlyMap<string, SageMakerValue>): Map<string, SageMakerValue[]> =>
      new Map([...values].map(([name, value]) => [name, [value]]));
    const text = (part: 'uid' | 'metadata' | 'configuration'): ColumnField => ({
      name: part,
      type: { type: 'text' },
      nullable: true,
      part,
    });
    const fields = [
      ...recordColumns('feature', lists(one.features)),
      ...recordColumns('label', lists(one.label)),
      text('uid'),
      text('metadata'),
      text('configuration'),
    ];
    expectRestored(
      { recordpipeColumns: 1, message: 'Record', fields },
      [record, record],
      [expected, expected],
    );
    restored++;
  }
  expect(restored).toBeGreaterThan(randomRuns(2500) / 3);
});

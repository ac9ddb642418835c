import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { encodeRecordIO, encodeTFRecord } from '../../src/index.ts';
import {
  decodeExample,
  encodeExample,
  encodeSequenceExample,
  type FeatureInput,
} from '../../src/messages/index.ts';
import {
  type SplitByWeightsOptions,
  type SplitByWeightsResult,
  splitByWeights,
} from '../../src/transform/index.ts';
import { bytesOf, expectRecords, failureOf, namesIn, recordsOf } from '../records/write/written.ts';
import { oddExample, randomFeature } from '../support/example-messages.ts';
import { oracleCrc32c } from '../support/oracle-crc.ts';
import { Random } from '../support/random.ts';
import { randomRuns } from '../support/random-runs.ts';
import { rechunk } from '../support/rechunk.ts';
import { openDescriptors, tempDir } from '../support/temp-dir.ts';
import { fileOf } from './kinds.ts';

const temp = tempDir();
let places = 0;

function place(): string {
  const path = temp.file(`place-${places++}`);
  mkdirSync(path);
  return path;
}

/** The documented bytes of a value; undefined for a feature without values. */
function bytesOfValue({ kind, value }: FeatureInput): Uint8Array | undefined {
  if (kind === 'none' || value === undefined || value.length === 0) return undefined;
  if (kind === 'bytes') {
    const values = Array.from(value as Iterable<Uint8Array | string>, (one) =>
      Buffer.from(one as Uint8Array),
    );
    if (values.length === 1) return values[0];
    return Buffer.concat(
      values.flatMap((one) => {
        const length = Buffer.alloc(4);
        length.writeUInt32LE(one.length);
        return [length, one];
      }),
    );
  }
  return Buffer.concat(
    Array.from(value as Iterable<number | bigint>, (number) => {
      const bytes = Buffer.alloc(kind === 'int64' ? 8 : 4);
      if (kind === 'int64') bytes.writeBigInt64LE(BigInt(number));
      else if (Number.isNaN(number)) bytes.writeUInt32LE(0x7fc00000);
      else bytes.writeFloatLE(number === 0 ? 0 : Number(number));
      return bytes;
    }),
  );
}

/** The documented hash, computed with BigInts. */
function documentedHash(value: Uint8Array, seed = 0): number {
  const seedBytes = Buffer.alloc(8);
  seedBytes.writeBigUInt64LE(BigInt(seed));
  const mask = 0xffffffffn;
  let hash = BigInt(oracleCrc32c(Buffer.concat([value, seedBytes])));
  hash = ((hash ^ (hash >> 16n)) * 0x85ebca6bn) & mask;
  hash = ((hash ^ (hash >> 13n)) * 0xc2b2ae35n) & mask;
  return Number(hash ^ (hash >> 16n));
}

function documentedPart(value: Uint8Array, weights: Record<string, number>, seed = 0): string {
  const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
  let before = 0;
  for (const [name, weight] of Object.entries(weights)) {
    before += weight;
    if (documentedHash(value, seed) < Math.round((before / total) * 2 ** 32)) return name;
  }
  throw new Error('no part');
}

async function partsOf(result: SplitByWeightsResult): Promise<Record<string, Uint8Array[]>> {
  const parts: Record<string, Uint8Array[]> = {};
  for (const { name, outputs } of result.parts) {
    parts[name] = [];
    for (const { path } of outputs) parts[name].push(...(await recordsOf(path)));
  }
  return parts;
}

const WEIGHTS = { train: 0.8, val: 0.1, test: 0.1 };

function userRecord(user: number, click: number): Uint8Array {
  return encodeExample({
    click: { kind: 'int64', value: [click] },
    user_id: { kind: 'int64', value: [user] },
  });
}

describe('the part of a record', () => {
  test('follows the documented definition for every kind of feature', async () => {
    const random = new Random(7);
    const weights = { a: 3, b: 2, c: 5 };
    for (let run = 0; run < randomRuns(100); run++) {
      const features = Array.from({ length: 50 }, () => randomFeature(random));
      const payloads = features.map((group, i) => encodeExample({ group, i: { kind: 'int64', value: [i] } }));
      const seed = random.pick([0, 1, 2 ** 53 - 1]);
      const result = await splitByWeights([fileOf('tfrecord', payloads)], join(place(), 'p'), {
        weights,
        by: 'group',
        missing: 'none',
        seed,
      });
      const parts = await partsOf(result);
      for (const name of ['a', 'b', 'c', 'none'])
        expectRecords(
          parts[name],
          payloads.filter((_, i) => {
            const value = bytesOfValue(features[i]);
            return name === (value === undefined ? 'none' : documentedPart(value, weights, seed));
          }),
        );
    }
  });

  test('never changes', () => {
    const hashes = [0n, 1n, 2n, -1n, 2n ** 62n].map((value) =>
      documentedHash(bytesOfValue({ kind: 'int64', value: [value] })!),
    );
    expect(hashes).toEqual([2631404926, 2847518005, 2865291058, 1490876421, 1732924918]);
    expect(documentedHash(Buffer.from('alice'))).toBe(2150635631);
    expect(documentedHash(Buffer.from('alice'), 1)).toBe(1596928723);
  });

  test('is the same for any order and number of files, and for several encodings of a value', async () => {
    const weights = { train: 1, test: 1 };
    const payloads = Array.from({ length: 400 }, (_, i) => userRecord(i % 40, i));
    const usersOf = async (...files: Uint8Array[][]): Promise<string> => {
      const result = await splitByWeights(
        files.map((file) => fileOf('tfrecord', file)),
        join(place(), 'p'),
        { weights, by: 'user_id' },
      );
      const { train, test } = await partsOf(result);
      expect(train.length + test.length).toBe(400);
      const sorted = (records: Uint8Array[]): string[] =>
        records.map((one) => Buffer.from(one).toString('hex')).sort();
      return JSON.stringify([sorted(train), sorted(test)]);
    };
    const once = await usersOf(payloads);
    expect(await usersOf(payloads.slice().reverse())).toBe(once);
    expect(await usersOf(payloads.slice(300), payloads.slice(0, 100), payloads.slice(100, 300))).toBe(once);

    // Five unpacked, and in two runs: user_id { int64_list { value: [5] } }.
    const packed = userRecord(5, 0);
    const entry = (list: number[]): Uint8Array => {
      const feature = [0x1a, list.length, ...list];
      const name = [0x0a, 7, ...Buffer.from('user_id')];
      const value = [...name, 0x12, feature.length, ...feature];
      return Uint8Array.of(0x0a, value.length + 2, 0x0a, value.length, ...value);
    };
    const ways = [packed, entry([0x08, 5]), entry([0x0a, 2, 0x85, 0x00]), entry([0x0a, 0, 0x0a, 1, 5])];
    const { parts } = await splitByWeights([fileOf('tfrecord', ways)], join(place(), 'p'), {
      weights,
      by: 'user_id',
    });
    expect(parts.map(({ records }) => records).sort()).toEqual([0, 4]);
  });

  test('reads every encoding that protobuf permits', async () => {
    const random = new Random(11);
    const payloads = Array.from({ length: randomRuns(4000) }, () => oddExample(random));
    for (const by of ['label', 'a', '']) {
      const weights = { a: 1, b: 1 };
      const source = fileOf('tfrecord', payloads);
      const options = { weights, by, missing: 'none' };
      const parts = await partsOf(await splitByWeights([source], join(place(), 'p'), options));
      const expected = (payload: Uint8Array): string => {
        const value = bytesOfValue((decodeExample(payload).get(by) ?? { kind: 'none' }) as FeatureInput);
        return value === undefined ? 'none' : documentedPart(value, weights);
      };
      for (const [name, records] of Object.entries(parts))
        expectRecords(
          records,
          payloads.filter((payload) => expected(payload) === name),
        );
    }
  });

  test('without a feature depends on the payload, so that equal records stay together', async () => {
    const payloads = Array.from({ length: 300 }, (_, i) => Buffer.from(`record ${i % 100}`));
    const result = await splitByWeights([fileOf('tfrecord', payloads)], join(place(), 'p'), {
      weights: WEIGHTS,
      seed: 3,
    });
    const parts = await partsOf(result);
    for (const name of ['train', 'val', 'test'])
      expectRecords(
        parts[name],
        payloads.filter((payload) => documentedPart(payload, WEIGHTS, 3) === name),
      );
  });

  test('reads the context of SequenceExamples', async () => {
    const payloads = Array.from({ length: 20 }, (_, i) =>
      encodeSequenceExample({
        context: { id: { kind: 'bytes', value: [`user ${i}`] } },
        featureLists: { frames: [{ kind: 'int64', value: [1] }] },
      }),
    );
    const { parts } = await splitByWeights([fileOf('tfrecord', payloads)], join(place(), 'p'), {
      weights: { a: 1, b: 1 },
      by: 'id',
    });
    const expected = payloads.filter(
      (_, i) => documentedPart(Buffer.from(`user ${i}`), { a: 1, b: 1 }) === 'a',
    );
    expect(parts[0].records).toBe(expected.length);
  });

  test('approaches the weights, also for consecutive numbers and for any seed', async () => {
    const payloads = Array.from({ length: 5000 }, (_, i) => userRecord(i, 0));
    for (const seed of [0, 1, 2 ** 40]) {
      const { parts, records } = await splitByWeights([fileOf('tfrecord', payloads)], join(place(), 'p'), {
        weights: { train: 8, val: 1, test: 1 },
        by: 'user_id',
        seed,
      });
      expect(records).toBe(5000);
      expect(parts.map(({ name }) => name)).toEqual(['train', 'val', 'test']);
      expect(parts.map(({ expectedShare }) => expectedShare)).toEqual([0.8, 0.1, 0.1]);
      for (const { share, expectedShare, records } of parts) {
        expect(share).toBe(records / 5000);
        expect(Math.abs(share - expectedShare)).toBeLessThan(0.02);
      }
    }
  });
});

describe('records without the feature', () => {
  const payloads = [
    userRecord(1, 0),
    encodeExample({ user_id: { kind: 'int64', value: [] } }),
    encodeExample({ user_id: { kind: 'none' } }),
    encodeExample({ user: { kind: 'int64', value: [1] } }),
    new Uint8Array(0),
  ];

  test.each([1, 2, 3, 4])('record %i is an error with its location', async (bad) => {
    const file = temp.file(`bad-${bad}.tfrecord`, fileOf('tfrecord', [payloads[0], payloads[bad]]));
    const folder = place();
    const failure = await failureOf(() =>
      splitByWeights([file], `${folder}/`, { weights: WEIGHTS, by: 'user_id' }),
    );
    expect(failure).toMatchObject({ code: 'schema-mismatch', uri: file, record: 1 });
    expect(failure.offset).toBe(fileOf('tfrecord', [payloads[0]]).length);
    expect(failure.message).toContain('"user_id"');
    expect(namesIn(folder)).toEqual([]);
  });

  test.each(['test', 'rest'])('go to the part %s', async (missing) => {
    const result = await splitByWeights([fileOf('tfrecord', payloads)], join(place(), 'p'), {
      weights: { train: 1, test: 1 },
      by: 'user_id',
      missing,
      recordsPerShard: 100,
    });
    const parts = await partsOf(result);
    expectRecords(parts[missing].slice(-4), payloads.slice(1));
    expect(result.parts.map(({ expectedShare }) => expectedShare)).toEqual(
      missing === 'rest' ? [0.5, 0.5, 0] : [0.5, 0.5],
    );
  });

  test('a record that is not an Example is an error with its location', async () => {
    const failure = await failureOf(() =>
      splitByWeights([fileOf('tfrecord', [payloads[0], Buffer.from('text')])], join(place(), 'p'), {
        weights: WEIGHTS,
        by: 'user_id',
        missing: 'rest',
      }),
    );
    expect(failure).toMatchObject({ code: 'malformed-example', record: 1 });
  });
});

describe('outputs', () => {
  const payloads = Array.from({ length: 500 }, (_, i) => userRecord(i, i));
  const limits: [Partial<SplitByWeightsOptions>, RegExp][] = [
    [{}, /-00000-of-00001\.tfrecord$/],
    [{ shards: 3 }, /-0000[012]-of-00003\.tfrecord$/],
    [{ recordsPerShard: 100 }, /-0000\d-of-0000[1-5]\.tfrecord$/],
    [{ maxShardBytes: 5000 }, /-0000\d-of-000\d\d\.tfrecord$/],
  ];

  test.each(limits)('%j: shards of each part, in the order of the records', async (limit, name) => {
    const folder = place();
    const sources = [
      fileOf('tfrecord', payloads.slice(0, 200)),
      rechunk(fileOf('recordio', payloads.slice(200)), 1000),
    ];
    const result = await splitByWeights(sources, `${folder}/`, { weights: WEIGHTS, by: 'user_id', ...limit });
    const parts = await partsOf(result);
    for (const { name: part, outputs, records } of result.parts) {
      for (const { path } of outputs) expect(path).toMatch(name);
      expect(outputs.every(({ path }) => path.startsWith(`${folder}/${part}-`))).toBe(true);
      const counts = outputs.map(({ records }) => records);
      if (limit.shards !== undefined) {
        expect(counts).toHaveLength(3);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      }
      if (limit.recordsPerShard !== undefined) expect(Math.max(...counts)).toBeLessThanOrEqual(100);
      expect(records).toBe(parts[part].length);
      expectRecords(
        parts[part],
        payloads.filter(
          (_, i) => documentedPart(bytesOfValue({ kind: 'int64', value: [i] })!, WEIGHTS) === part,
        ),
      );
    }
    expect(namesIn(folder)).toHaveLength(result.parts.flatMap(({ outputs }) => outputs).length);
    expect(openDescriptors(folder)).toBe(0);
  });

  test('are named after the prefix, or in a folder', async () => {
    const folder = place();
    const source = fileOf('tfrecord', payloads);
    await splitByWeights([source], join(folder, 'x'), { weights: { a: 1 }, suffix: '.bin' });
    await splitByWeights([source], folder, { weights: { a: 1 }, write: { compression: 'gzip' } });
    expect(namesIn(folder)).toEqual(['a-00000-of-00001.tfrecord.gz', 'x-a-00000-of-00001.bin']);
  });

  test('of a damaged or missing file do not exist', async () => {
    const folder = place();
    const damaged = fileOf('tfrecord', payloads);
    damaged[damaged.length - 1] ^= 1;
    for (const source of [damaged, temp.file('missing.tfrecord')])
      for (const shards of [undefined, 2])
        await failureOf(() =>
          splitByWeights([fileOf('tfrecord', payloads), source], `${folder}/`, { weights: WEIGHTS, shards }),
        );
    expect(namesIn(folder)).toEqual([]);
  });

  test('replace older shards only with overwrite, and never a source', async () => {
    const folder = place();
    const old = join(folder, 'val-00001-of-00002.tfrecord');
    writeFileSync(old, fileOf('tfrecord', payloads));
    const source = fileOf('tfrecord', payloads);
    const failure = await failureOf(() => splitByWeights([source], folder, { weights: WEIGHTS }));
    expect(failure.code).toBe('already-exists');
    const same = await failureOf(() => splitByWeights([old], folder, { weights: WEIGHTS, overwrite: true }));
    expect(same.code).toBe('unsupported-source');
    expect(namesIn(folder)).toEqual(['val-00001-of-00002.tfrecord']);
    await splitByWeights([source], folder, { weights: WEIGHTS, overwrite: true });
    expect(namesIn(folder)).toEqual(
      ['test', 'train', 'val'].map((name) => `${name}-00000-of-00001.tfrecord`),
    );
  });

  test('of an aborted split do not exist', async () => {
    const folder = place();
    const abort = new AbortController();
    const failure = await failureOf(() =>
      splitByWeights([fileOf('tfrecord', payloads)], folder, {
        weights: WEIGHTS,
        signal: abort.signal,
        onProgress: () => abort.abort(),
      }),
    );
    expect(failure.code).toBe('aborted');
    expect(namesIn(folder)).toEqual([]);
  });

  test('of no records are empty', async () => {
    const { parts, records } = await splitByWeights([new Uint8Array(0)], place(), {
      weights: WEIGHTS,
      to: 'tfrecord',
    });
    expect(records).toBe(0);
    expect(parts.map(({ share }) => share)).toEqual([0, 0, 0]);
    for (const { outputs } of parts) expect(bytesOf(outputs[0].path)).toHaveLength(0);
  });

  test('keep the frames of different formats and the carriage returns of text', async () => {
    const folder = place();
    const lines = Buffer.from('one\r\ntwo\n');
    writeFileSync(join(folder, 'in.csv'), lines);
    const { parts } = await splitByWeights([join(folder, 'in.csv')], `${folder}/`, { weights: { all: 1 } });
    expect(parts[0].outputs[0].path).toBe(join(folder, 'all-00000-of-00001.csv'));
    expect(Buffer.from(bytesOf(parts[0].outputs[0].path))).toEqual(lines);
    const mixed = [encodeTFRecord(Uint8Array.of(1)), encodeRecordIO(Uint8Array.of(2))];
    const both = await splitByWeights(mixed, `${folder}/`, { weights: { both: 1 } });
    expect(bytesOf(both.parts[0].outputs[0].path)).toEqual(
      fileOf('tfrecord', [Uint8Array.of(1), Uint8Array.of(2)]),
    );
  });
});

test.each<[string, object, RegExp]>([
  ['no weights', {}, /^weights: expected names and numbers, got undefined/],
  ['an empty object', { weights: {} }, /^weights: expected 1 to 100 parts, got 0/],
  ['a weight of zero', { weights: { a: 0 } }, /^weights: a: expected a number above 0, got 0/],
  ['a weight that is not a number', { weights: { a: Number.NaN } }, /^weights: a: expected/],
  ['a path as a name', { weights: { '../a': 1 } }, /^weights: expected a name/],
  ['a number as a name', { weights: { 2019: 1 } }, /^weights: expected a name/],
  ['missing without by', { weights: { a: 1 }, missing: 'b' }, /^missing: requires the option by/],
  ['a hostile name for missing', { weights: { a: 1 }, by: 'x', missing: 'b/c' }, /^missing: expected a name/],
  ['two limits', { weights: { a: 1 }, shards: 1, recordsPerShard: 1 }, /expected at most one of/],
  ['too many shards', { weights: { a: 1 }, shards: 100_000 }, /^shards: expected an integer from 1 to 99999/],
  ['an invalid seed', { weights: { a: 1 }, seed: -1 }, /^seed: expected/],
  ['an unknown option', { weights: { a: 1 }, bye: 'x' }, /did you mean by\?/],
])('%s: UsageError', async (_, options, message) => {
  const run = splitByWeights([new Uint8Array(0)], temp.file('no'), options);
  await expect(run).rejects.toThrow(UsageError);
  await expect(run).rejects.toThrow(message);
});

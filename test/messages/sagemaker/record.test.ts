import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { isRecordpipeError } from '../../../src/index.ts';
import {
  decodeSageMakerRecord,
  encodeSageMakerRecord,
  type SageMakerRecordInput,
  type SageMakerValueInput,
} from '../../../src/messages/index.ts';
import { canonicalRecord, OracleRecord, oracleRecord } from '../../support/oracle-sagemaker.ts';
import { Random } from '../../support/random.ts';
import { randomRuns } from '../../support/random-runs.ts';
import { oddRecord } from '../../support/sagemaker-messages.ts';

const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const values = fc.oneof(
  fc.record({ kind: fc.constant('float32' as const), values: fc.float32Array() }),
  fc.record({ kind: fc.constant('float64' as const), values: fc.float64Array() }),
  fc.record({ kind: fc.constant('int32' as const), values: fc.int32Array() }),
);
/** Dense without a shape, dense with a shape, or sparse with keys anywhere in 2^64. */
const tensor: fc.Arbitrary<SageMakerValueInput> = values.chain((one) => {
  const count = one.values.length;
  return fc.oneof(
    fc.constant(one),
    fc.constant({ ...one, shape: [1, count] }),
    fc.array(uint64, { minLength: count, maxLength: count }).map((keys) => ({
      ...one,
      keys: BigUint64Array.from(keys),
      shape: [2n ** 40n, 2n ** 24n],
    })),
  );
});
const value: fc.Arbitrary<SageMakerValueInput> = fc.oneof(
  tensor,
  fc.record({
    kind: fc.constant('bytes' as const),
    values: fc.array(fc.uint8Array()),
    contentType: fc.option(fc.string(), { nil: undefined }),
  }),
  fc.constant({ kind: 'none' as const }),
);
const text = fc.option(fc.string({ unit: 'grapheme' }), { nil: undefined });
const map = fc.dictionary(fc.string({ unit: 'grapheme' }), value, { maxKeys: 4 });
const record: fc.Arbitrary<SageMakerRecordInput> = fc.record({
  features: map,
  label: map,
  uid: text,
  metadata: text,
  configuration: text,
});

describe('against the messages of protobufjs', () => {
  test('protobufjs and decodeSageMakerRecord agree on encoded records, and encoding again gives the same bytes', () => {
    fc.assert(
      fc.property(record, (input) => {
        const bytes = encodeSageMakerRecord(input);
        const expected = oracleRecord(bytes);
        const decoded = decodeSageMakerRecord(bytes, { uint64: 'bigint' });
        expect(canonicalRecord(decoded)).toEqual(expected);
        expect([...decoded.features.keys()].sort()).toEqual(Object.keys(input.features!).sort());
        expect(encodeSageMakerRecord(decoded)).toEqual(bytes);
      }),
      { seed: 1, numRuns: randomRuns(300) },
    );
  });

  test('unusual layouts, at any offset in memory', () => {
    const random = new Random(5);
    let met = 0;
    for (let i = 0; i < randomRuns(3000); i++) {
      const bytes = oddRecord(random);
      const memory = new Uint8Array(bytes.length + (i % 8));
      memory.set(bytes, i % 8);
      const expected = oracleRecord(bytes);
      met += Object.keys(expected.features).length;
      const decoded = decodeSageMakerRecord(memory.subarray(i % 8), { uint64: 'bigint' });
      expect(canonicalRecord(decoded), Buffer.from(bytes).toString('hex')).toEqual(expected);
    }
    expect(met).toBeGreaterThan(randomRuns(3000) / 2);
  });

  test('decodes what protobufjs encodes', () => {
    const message = {
      features: { values: { int32: { values: [1, -1, 2 ** 31 - 1, -(2 ** 31)], shape: ['2', '2'] } } },
      uid: '',
    };
    const bytes = OracleRecord.encode(OracleRecord.fromObject(message)).finish();
    const { features, label, uid, metadata } = decodeSageMakerRecord(bytes);
    expect(features.get('values')).toEqual({
      kind: 'int32',
      values: Int32Array.of(1, -1, 2 ** 31 - 1, -(2 ** 31)),
      keys: new Float64Array(0),
      shape: Float64Array.of(2, 2),
    });
    expect([label.size, uid, metadata]).toEqual([0, '', undefined]);
  });
});

describe('values', () => {
  test('aligned floats and bytes are views, and all floats keep their bits', () => {
    const float32 = new Float32Array(new Uint32Array([0x7fa00001, 0xffc12345, 1, 0x80000000]).buffer);
    const float64 = new Float64Array(new BigUint64Array([0x7ff4000000000001n, 1n << 63n]).buffer);
    const bytes = encodeSageMakerRecord({
      features: {
        a: { kind: 'float32', values: float32 },
        b: { kind: 'float64', values: float64 },
        c: { kind: 'bytes', values: ['abc', ''], contentType: 'text/plain' },
      },
    });
    const views = { a: 0, b: 0 };
    for (let shift = 0; shift < 8; shift++) {
      const memory = new Uint8Array(bytes.length + shift);
      memory.set(bytes, shift);
      const { features } = decodeSageMakerRecord(Buffer.from(memory.buffer, shift));
      const [a, b, c] = [features.get('a'), features.get('b'), features.get('c')];
      if (a?.kind !== 'float32' || b?.kind !== 'float64' || c?.kind !== 'bytes') throw new Error('kinds');
      expect(new Uint8Array(a.values.slice().buffer)).toEqual(new Uint8Array(float32.buffer));
      expect(new Uint8Array(b.values.slice().buffer)).toEqual(new Uint8Array(float64.buffer));
      if (a.values.buffer === memory.buffer) views.a++;
      if (b.values.buffer === memory.buffer) views.b++;
      expect(c.values.map((one) => [one.buffer === memory.buffer, one.constructor])).toEqual([
        [true, Uint8Array],
        [true, Uint8Array],
      ]);
      expect(c.contentType).toBe('text/plain');
    }
    expect(views).toEqual({ a: 2, b: 1 });
  });

  test('keys beyond 2^53 - 1 are exact or an error', () => {
    const of = (key: bigint): Uint8Array =>
      encodeSageMakerRecord({
        features: { s: { kind: 'float32', values: [1, 2], keys: [0, key], shape: [2n ** 32n, 2n ** 32n] } },
      });
    for (const key of [2n ** 53n, 2n ** 63n, 2n ** 64n - 1n]) {
      const sparse = decodeSageMakerRecord(of(key), { uint64: 'bigint' }).features.get('s');
      expect(sparse).toMatchObject({
        keys: BigUint64Array.of(0n, key),
        shape: BigUint64Array.of(2n ** 32n, 2n ** 32n),
      });
      expect(() => decodeSageMakerRecord(of(key), { place: { record: 3, uri: 'f' } })).toThrow(
        new RegExp(
          `feature "s": expected keys of at most 2\\^53 - 1 .* got ${key} as value 1;.*record 3 of f`,
        ),
      );
    }
    expect(decodeSageMakerRecord(of(2n ** 53n - 1n)).features.get('s')).toMatchObject({
      keys: Float64Array.of(0, 2 ** 53 - 1),
    });
  });

  test('encodeSageMakerRecord rejects invalid values', () => {
    const write = (value: unknown) => () =>
      void encodeSageMakerRecord({ label: { l: value as SageMakerValueInput } });
    expect(write({ kind: 'int32', values: [2 ** 31] })).toThrow(
      new UsageError('label "l": expected 32-bit integers, got 2147483648'),
    );
    expect(write({ kind: 'int32', values: [0.5] })).toThrow(UsageError);
    expect(write({ kind: 'float32', values: [1e39] })).toThrow(UsageError);
    expect(write({ kind: 'float64', values: ['1'] })).toThrow(UsageError);
    expect(write({ kind: 'float32', values: [1], keys: [0] })).toThrow(/expected a shape together with keys/);
    expect(write({ kind: 'float32', values: [1], keys: [0, 1], shape: [9] })).toThrow(
      /as many keys as values/,
    );
    expect(write({ kind: 'float32', values: [1], keys: [9], shape: [3, 3] })).toThrow(/keys less than 9/);
    expect(write({ kind: 'float32', values: [1], keys: [-1], shape: [9] })).toThrow(UsageError);
    expect(write({ kind: 'float32', values: [1, 2], shape: [3] })).toThrow(/expected 3 values/);
    expect(write({ kind: 'float32', values: [], shape: [3] })).not.toThrow();
    expect(write({ kind: 'bytes', values: ['\ud800'] })).toThrow(/lone surrogate/);
    expect(write({ kind: 'double', values: [] })).toThrow(/got kind "double"/);
    expect(write(undefined)).toThrow(UsageError);
  });
});

describe('damage', () => {
  test('gives an error with a position, or another valid record', () => {
    const random = new Random(6);
    const whole = encodeSageMakerRecord({
      features: {
        values: { kind: 'float32', values: [1, 2, 3], keys: [1, 500, 70_000], shape: [2 ** 33] },
        bytes: { kind: 'bytes', values: ['abc'], contentType: 'a/b' },
        ints: { kind: 'int32', values: [-1, 5, 300] },
      },
      label: { values: { kind: 'float64', values: [0.5] } },
      uid: 'u',
      metadata: '{}',
    });
    let errors = 0;
    for (let i = 0; i < randomRuns(20_000); i++) {
      const bytes = Uint8Array.from(whole.subarray(0, i % 3 ? whole.length : random.below(whole.length)));
      for (let n = random.below(4); n > 0; n--) bytes[random.below(bytes.length)] = random.below(256);
      try {
        canonicalRecord(decodeSageMakerRecord(bytes, { uint64: 'bigint' }));
      } catch (error) {
        if (!isRecordpipeError(error, 'malformed-example')) throw error;
        expect(error.message).toMatch(/^record: .*expected|^record: .*got/);
        errors++;
      }
    }
    expect(errors).toBeGreaterThan(randomRuns(20_000) / 4);
  });

  test('is reported with the feature and the byte', () => {
    const bytes = Buffer.from('0a110a0676616c756573120712050a03000000', 'hex');
    expect(() => decodeSageMakerRecord(bytes)).toThrow(
      'record: feature "values": expected packed floats of 4 bytes, got 3 bytes (at byte 16 of the 19-byte record)',
    );
    expect(() => decodeSageMakerRecord(Buffer.from('1a0561', 'hex'))).toThrow(
      'record: expected 5 bytes, as the length declares, got 1 (at byte 1 of the 3-byte record)',
    );
    expect(() => decodeSageMakerRecord(Buffer.from('1a01ff', 'hex'))).toThrow(/expected UTF-8 text/);
    // A declared length of 2 GiB is not trusted.
    expect(() => decodeSageMakerRecord(Buffer.from('0affffffff07', 'hex'))).toThrow(
      /expected 2147483647 bytes/,
    );
  });
});

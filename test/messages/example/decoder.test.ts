import { expect, test } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import {
  decodeExample,
  ExampleDecoder,
  encodeExample,
  type FeaturesInput,
  type Int64Mode,
} from '../../../src/messages/index.ts';
import { oddExample, randomFeatures } from '../../support/example-messages.ts';
import { canonicalFeatures } from '../../support/oracle-example.ts';
import { Random } from '../../support/random.ts';
import { randomRuns } from '../../support/random-runs.ts';

const scalars = (id: number, name: string, weights: number[]): FeaturesInput => ({
  id: { kind: 'int64', value: [id] },
  name: { kind: 'bytes', value: [name] },
  weights: { kind: 'float', value: weights },
});

test('ExampleDecoder and decodeExample agree on records with any features', () => {
  const random = new Random(11);
  for (const int64 of ['bigint', 'auto'] as const) {
    const decoder = new ExampleDecoder<Int64Mode>({ int64 });
    for (let i = 0; i < randomRuns(1500); i++) {
      const features = randomFeatures(random);
      const record = random.below(4) === 0 ? oddExample(random) : encodeExample(features);
      const expected = decodeExample(record, { int64 });
      const got = decoder.decode(record);
      expect(canonicalFeatures(got), Buffer.from(record).toString('hex')).toEqual(
        canonicalFeatures(expected),
      );
      expect([...got.keys()]).toEqual([...expected.keys()]);
      for (const [name, { value }] of got)
        expect(value.constructor).toBe(expected.get(name)?.value.constructor);
      // The same features with other values.
      const same = new Map([...features].map(([name, one]) => [name, one] as const));
      expect(canonicalFeatures(decoder.decode(encodeExample(same)))).toEqual(
        canonicalFeatures(decodeExample(encodeExample(same))),
      );
    }
  }
});

test('records with the same features reuse the Map and its arrays', () => {
  const decoder = new ExampleDecoder({ int64: 'number' });
  const first = decoder.decode(encodeExample(scalars(7, 'Ada', [1, 2])));
  const [id, weights] = [first.get('id')?.value, first.get('weights')?.value];
  expect([id?.[0], weights?.length]).toEqual([7, 2]);
  const second = decoder.decode(encodeExample(scalars(8, 'Grace', [3, 4])));
  expect(second).toBe(first);
  expect(second.get('id')?.value).toBe(id);
  expect(second.get('weights')?.value).toBe(weights);
  expect([id?.[0], weights?.[1]]).toEqual([8, 4]);
  expect(Buffer.from(second.get('name')?.value[0] as Uint8Array).toString()).toBe('Grace');
  const longer = decoder.decode(
    encodeExample(
      scalars(
        9,
        '',
        Array.from({ length: 100 }, (_, i) => i),
      ),
    ),
  );
  expect(longer.get('weights')?.value).toEqual(Float32Array.from({ length: 100 }, (_, i) => i));
  expect(decoder.decode(encodeExample(scalars(1, '', [5]))).get('weights')?.value).toEqual(
    Float32Array.of(5),
  );
});

test('a damaged record is an error with feature and position, and decoding continues', () => {
  const decoder = new ExampleDecoder({ int64: 'number' });
  const record = encodeExample(scalars(7, 'Ada', [1, 2]));
  expect(decoder.decode(record).size).toBe(3);
  expect(() => decoder.decode(record.subarray(0, -2), { uri: 'a.tfrecord', record: 4 })).toThrow(
    /record 4 of a\.tfrecord/,
  );
  const beyond = encodeExample({ id: { kind: 'int64', value: [2n ** 60n] } });
  expect(() => decoder.decode(beyond)).toThrow(/"id".*2\^53/s);
  expect(decoder.decode(record).get('id')?.value[0]).toBe(7);
  expect(() => decoder.decode('x' as unknown as Uint8Array)).toThrow(UsageError);
});

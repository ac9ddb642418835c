import {
  encodeExample,
  encodeSageMakerRecord,
  encodeSequenceExample,
  type FeatureInput,
  type SageMakerValueInput,
} from '../../src/messages/index.ts';
import { Random } from './random.ts';

const INTEGERS = BigInt64Array.of(
  0n,
  -1n,
  127n,
  128n,
  2n ** 31n,
  -(2n ** 32n),
  2n ** 53n + 1n,
  2n ** 63n - 1n,
  -(2n ** 63n),
);
/** Bits of floats: zeros, the smallest and largest, infinities, NaNs with and without payload. */
const FLOATS = Uint32Array.of(
  0,
  0x80000000,
  1,
  0x007fffff,
  0x7f7fffff,
  0x3fc00000,
  0x7f800000,
  0xff800000,
  0x7fc00000,
  0xffc12345,
  0x7f800001,
);
const TEXTS = ['', 'cat', 'grüß dich', 'a\0b', '🦊🐻', '텐스트', 'é'.normalize('NFD')].map((text) =>
  Buffer.from(text),
);
const BYTES = [Buffer.alloc(0), Buffer.of(0xff), Buffer.of(0xc3, 0x28), Buffer.of(0, 1, 2, 0x80), ...TEXTS];
/** One record of this many has a long list. */
const LONG_EVERY = 5003;

/** Record types of {@link everyRecord}. */
export type EveryMessage = 'Example' | 'SequenceExample' | 'Record';

/**
 * Returns record `i` of a data set in which features of all kinds occur with all values that are hard to
 * keep: extreme integers, all kinds of floats, text and other bytes, lists that are empty, long or
 * missing, and features without a kind. Each feature has the same kind in all records.
 */
export function everyRecord(message: EveryMessage, i: number): Uint8Array {
  const random = new Random(i);
  switch (message) {
    case 'Example':
      return encodeExample(features(random, i));
    case 'SequenceExample':
      return encodeSequenceExample({ context: features(random, i), featureLists: featureLists(random) });
    default:
      return encodeSageMakerRecord({
        features: tensors(random),
        label: { values: { kind: 'float32', values: floats(random, 1) } },
        uid: random.pick([undefined, `row ${i}`]),
        metadata: random.pick([undefined, '', '{"é": 1}']),
      });
  }
}

function features(random: Random, i: number): Map<string, FeatureInput> {
  const found = new Map<string, FeatureInput>();
  const put = (name: string, feature: () => FeatureInput): void => {
    const turn = random.below(8);
    if (turn === 0) found.set(name, { kind: 'none' });
    else if (turn > 1) found.set(name, feature());
  };
  found.set('id', { kind: 'int64', value: BigInt64Array.of(BigInt(i)) });
  found.set('score', { kind: 'float', value: floats(random, 1) });
  found.set('name', { kind: 'bytes', value: [random.pick(TEXTS)] });
  put('sometimes', () => ({ kind: 'int64', value: integers(random, 1) }));
  put('ids', () => ({
    kind: 'int64',
    value: integers(random, i % LONG_EVERY === 0 ? 30_000 : random.below(4)),
  }));
  put('__proto__', () => ({ kind: 'float', value: floats(random, random.below(4)) }));
  put('tags', () => ({ kind: 'bytes', value: several(random, TEXTS) }));
  put('blobs', () => ({ kind: 'bytes', value: several(random, BYTES) }));
  put('naïve 🦊', () => ({ kind: 'bytes', value: [random.pick(BYTES)] }));
  if (random.below(5) === 0) found.set('unset', { kind: 'none' });
  return found;
}

function featureLists(random: Random): Map<string, FeatureInput[]> {
  const lists = new Map<string, FeatureInput[]>();
  const put = (name: string, step: () => FeatureInput): void => {
    if (random.below(5) === 0) return;
    const one = (): FeatureInput => (random.below(6) === 0 ? { kind: 'none' } : step());
    lists.set(name, Array.from({ length: random.below(4) }, one));
  };
  put('tokens', () => ({ kind: 'int64', value: integers(random, random.below(4)) }));
  put('frames', () => ({ kind: 'bytes', value: several(random, BYTES) }));
  put('steps', () => ({ kind: 'float', value: floats(random, random.below(3)) }));
  return lists;
}

function tensors(random: Random): Map<string, SageMakerValueInput> {
  const found = new Map<string, SageMakerValueInput>();
  const put = (name: string, value: () => SageMakerValueInput): void => {
    if (random.below(5) > 0) found.set(name, value());
  };
  const float64s = (length: number): Float64Array =>
    new Float64Array(
      Uint32Array.from({ length: 2 * length }, () => FLOATS[random.below(FLOATS.length)]).buffer,
    );
  const int32s = (length: number): Int32Array =>
    Int32Array.from({ length }, () => random.pick([0, -1, 127, 128, 2 ** 31 - 1, -(2 ** 31)]));
  put('values', () => ({ kind: 'float32', values: floats(random, random.below(4)) }));
  put('doubles', () => ({ kind: 'float64', values: float64s(random.below(4)) }));
  put('numbers', () => ({ kind: 'int32', values: int32s(random.below(4)) }));
  put('sparse', () => ({
    kind: 'float32',
    values: [1, 2],
    keys: [7n, 2n ** 64n - 2n],
    shape: [2n ** 64n - 1n],
  }));
  put('dense', () => ({ kind: 'int32', values: int32s(6), shape: [2, 3] }));
  put('image', () => ({
    kind: 'bytes',
    values: several(random, BYTES),
    contentType: random.pick([undefined, 'image/jpeg']),
  }));
  return found;
}

function integers(random: Random, length: number): BigInt64Array {
  return BigInt64Array.from({ length }, () =>
    random.below(2) ? INTEGERS[random.below(INTEGERS.length)] : BigInt(random.below(1e6)),
  );
}

/** Returns floats that keep the bits of NaNs. */
function floats(random: Random, length: number): Float32Array {
  const bits = Uint32Array.from({ length }, () =>
    random.below(2) ? FLOATS[random.below(FLOATS.length)] : random.below(2 ** 32),
  );
  return new Float32Array(bits.buffer);
}

function several(random: Random, items: readonly Buffer[]): Buffer[] {
  return Array.from({ length: random.below(4) }, () => random.pick(items));
}

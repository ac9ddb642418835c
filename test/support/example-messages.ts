import type { FeatureInput } from '../../src/messages/index.ts';
import type { Random } from './random.ts';

/** Feature names: short and long, in several scripts, some a prefix of another. */
export const NAMES: readonly string[] = [
  'label',
  'label2',
  'image/encoded',
  '',
  'é',
  '텐스트',
  '🦊',
  'a',
  'x'.repeat(200),
  '__proto__',
];

const FLOATS = [0, -0, 1.5, -3e38, 1e-45, Number.NaN, Infinity, -Infinity];
const INTEGERS = [
  0n,
  1n,
  -1n,
  127n,
  128n,
  2n ** 31n,
  2n ** 53n - 1n,
  2n ** 53n + 1n,
  2n ** 63n - 1n,
  -(2n ** 63n),
  -(2n ** 32n),
];

/** Returns a random feature of any kind. */
export function randomFeature(random: Random): FeatureInput {
  const count = random.pick([0, 1, 1, 2, 5, 40]);
  const listed = <T>(one: () => T): T[] => Array.from({ length: count }, one);
  switch (random.below(4)) {
    case 0:
      return { kind: 'bytes', value: listed(() => random.bytes(random.pick([0, 1, 7, 300]))) };
    case 1:
      return {
        kind: 'float',
        value: Float32Array.from(
          listed(() => (random.below(2) ? random.pick(FLOATS) : random.below(1000) / 7)),
        ),
      };
    case 2:
      return {
        kind: 'int64',
        value: BigInt64Array.from(
          listed(() => (random.below(2) ? random.pick(INTEGERS) : BigInt(random.below(2 ** 31)))),
        ),
      };
    default:
      return { kind: 'none' };
  }
}

/** Returns random features by name. */
export function randomFeatures(random: Random): Map<string, FeatureInput> {
  return new Map(Array.from({ length: random.below(8) }, () => [random.pick(NAMES), randomFeature(random)]));
}

/**
 * Returns an Example in an unusual encoding that protobuf permits: features and lists in several
 * parts, unpacked values, fields in any order, duplicate names, unknown fields.
 */
export function oddExample(random: Random): Uint8Array {
  return Buffer.concat(several(random, 3, () => delimited(1, oddFeatures(random))));
}

/** Returns a SequenceExample in an unusual encoding that protobuf permits. */
export function oddSequenceExample(random: Random): Uint8Array {
  return Buffer.concat(
    several(random, 3, () =>
      random.below(2)
        ? delimited(1, oddFeatures(random))
        : delimited(2, Buffer.concat(several(random, 4, () => oddEntry(random, oddFeatureList)))),
    ),
  );
}

function oddFeatures(random: Random): Uint8Array {
  return Buffer.concat(several(random, 5, () => oddEntry(random, oddFeature)));
}

function oddEntry(random: Random, value: (random: Random) => Uint8Array): Uint8Array {
  const name = (): Uint8Array => delimited(1, Buffer.from(random.pick(NAMES)));
  const fields = random.below(3)
    ? [name(), delimited(2, value(random))]
    : several(random, 4, () => (random.below(3) ? delimited(2, value(random)) : name()));
  return delimited(1, Buffer.concat(fields));
}

function oddFeatureList(random: Random): Uint8Array {
  return Buffer.concat(several(random, 4, () => delimited(1, oddFeature(random))));
}

function oddFeature(random: Random): Uint8Array {
  return Buffer.concat(several(random, random.pick([1, 1, 4]), () => oddList(random)));
}

function oddList(random: Random): Uint8Array {
  const kind = 1 + random.below(3);
  const fields = several(random, random.pick([1, 1, 5]), () => {
    if (kind === 1) return delimited(1, random.bytes(random.below(20)));
    const single = (): Uint8Array => (kind === 2 ? random.bytes(4) : varint(random));
    if (random.below(2)) return delimited(1, Buffer.concat(Array.from({ length: random.below(8) }, single)));
    return Buffer.concat(
      [[kind === 2 ? 0x0d : 0x08], single()].map((part) => Buffer.from(part as Uint8Array)),
    );
  });
  return delimited(kind, Buffer.concat(fields));
}

/** Returns a varint of one to ten bytes, not always the shortest encoding of its value. */
function varint(random: Random): Uint8Array {
  const length = 1 + random.below(random.pick([1, 3, 5, 10]));
  return random.bytes(length).map((byte, i) => (i === length - 1 ? byte & 0x7f : byte | 0x80));
}

/** Returns up to `max` parts, some with an unknown field between them. */
function several(random: Random, max: number, part: () => Uint8Array): Uint8Array[] {
  return Array.from({ length: random.below(max + 1) }, () =>
    random.below(12) === 0 ? Buffer.concat([unknown(random), part()]) : part(),
  );
}

function unknown(random: Random): Uint8Array {
  const field = 4 + random.below(11);
  const tag = (type: number): number[] => [(field << 3) | type];
  switch (random.below(4)) {
    case 0:
      return Buffer.from([...tag(0), ...varint(random)]);
    case 1:
      return Buffer.from([...tag(1), ...random.bytes(8)]);
    case 2:
      return Buffer.from([...tag(5), ...random.bytes(4)]);
    default:
      return Buffer.from([...tag(3), 0x08, 1, ...tag(4)]);
  }
}

export function delimited(field: number, body: Uint8Array): Uint8Array {
  const head = [(field << 3) | 2];
  let rest = body.length;
  for (; rest >= 0x80; rest >>>= 7) head.push((rest & 0x7f) | 0x80);
  return Buffer.concat([Buffer.from([...head, rest]), body]);
}

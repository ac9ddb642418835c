/**
 * The Examples to decode: their features, the requested features, and the sums that every decoder
 * must find. The sums are exact in any order of addition.
 */

import { mix } from './against/payload.mjs';

const ID_COUNT = 2 ** 20;

const bytes = (length, seed) => {
  const made = new Uint8Array(length);
  const words = new Uint32Array(made.buffer, 0, length >> 2);
  for (let i = 0; i < words.length; i++) words[i] = mix(seed + i);
  return { kind: 'bytes', value: [made] };
};
const floats = (length, seed) => ({
  kind: 'float',
  value: Float32Array.from({ length }, (_, i) => (mix(seed + i) >>> 20) / 1024),
});
/** IDs that take one to three bytes as varints. */
const ids = (length, seed) => ({
  kind: 'int64',
  value: Array.from({ length }, (_, i) => mix(seed + i) % ID_COUNT),
});
const small = (seed) => ({ kind: 'int64', value: [mix(seed) % 1000] });
const text = (seed) => ({ kind: 'bytes', value: [`text ${mix(seed) % 1000}`] });

/** Integers, floats, and short strings in turn. */
function scalars(count, seed) {
  const kinds = [small, (one) => floats(1, one), text];
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => [
      `feature_${String(i).padStart(2, '0')}`,
      kinds[i % kinds.length](seed * count + i),
    ]),
  );
}

/**
 * `records` is the number of distinct Examples, which are decoded repeatedly: 6 MB of images, less
 * of the others.
 *
 * @type {Record<string, { records: number, example(k: number): object, wanted?: string[] }>}
 */
export const EXAMPLES = {
  image: {
    records: 64,
    example: (k) => ({
      'image/encoded': bytes(100_000, k),
      'image/class/label': small(k),
      'image/class/text': text(k),
      'image/height': small(k + 1),
      'image/width': small(k + 2),
      bbox: floats(4, k),
    }),
  },
  scalars: { records: 256, example: (k) => scalars(20, k) },
  embedding: { records: 256, example: (k) => ({ embedding: floats(4096, 4096 * k) }) },
  ids: { records: 256, example: (k) => ({ ids: ids(200, 200 * k) }) },
  'three of fifty': {
    records: 256,
    example: (k) => scalars(50, k),
    wanted: ['feature_07', 'feature_24', 'feature_41'],
  },
};

/**
 * Returns the requested features of a corpus as sent to peers: kind and number of values by name.
 */
export function specsOf(name) {
  const { example, wanted } = EXAMPLES[name];
  const all = Object.entries(example(0)).map(([feature, { kind, value }]) => [
    feature,
    { kind, count: value.length },
  ]);
  return Object.fromEntries(all.filter(([feature]) => wanted?.includes(feature) ?? true));
}

/**
 * Returns the sums over all records, of all features or only the requested ones: lengths and first
 * bytes of byte strings, floats, and integers.
 */
export function factsOf(name, onlyWanted) {
  const { records, example } = EXAMPLES[name];
  const specs = specsOf(name);
  const facts = { bytes: 0, firsts: 0, floats: 0, integers: 0 };
  for (let k = 0; k < records; k++) {
    for (const [feature, { kind, value }] of Object.entries(example(k))) {
      if (onlyWanted && !(feature in specs)) continue;
      if (kind === 'bytes') {
        const [one] = value.map((each) => Buffer.from(each));
        facts.bytes += one.length;
        facts.firsts += one[0];
      } else if (kind === 'float') for (const each of value) facts.floats += each;
      else for (const each of value) facts.integers += each;
    }
  }
  return facts;
}

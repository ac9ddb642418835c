import fc from 'fast-check';
import { encodeExample, encodeSequenceExample, type FeatureInput } from '../../src/messages/index.ts';

const names = fc.constantFrom('label', 'image/encoded', 'x', 'ids', 'name', '텍스트', '__proto__', '7', '');
const int64 = fc.record({
  kind: fc.constant('int64' as const),
  value: fc.array(
    fc.oneof(fc.integer({ min: -3, max: 9 }), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
    {
      maxLength: 5,
    },
  ),
});
const float = fc.record({
  kind: fc.constant('float' as const),
  value: fc.array(fc.oneof(fc.constantFrom(0, -0, 1.5, Number.NaN, Number.POSITIVE_INFINITY), fc.float()), {
    maxLength: 5,
  }),
});
const bytes = fc.record({
  kind: fc.constant('bytes' as const),
  value: fc.array(
    fc.oneof(
      fc.constantFrom('cat', 'dog', 'grüß dich').map((text): Uint8Array | string => text),
      fc.uint8Array({ maxLength: 80 }),
      fc.tuple(fc.nat(900), fc.nat(900), fc.nat(40)).map(([width, height, more]) => gif(width, height, more)),
    ),
    { maxLength: 3 },
  ),
});
const none = fc.constant({ kind: 'none' as const });
const feature: fc.Arbitrary<FeatureInput> = fc.oneof(int64, float, bytes, none);
const features = fc.array(fc.tuple(names, feature), { maxLength: 5 }).map((entries) => new Map(entries));

/** Arbitrary Examples and SequenceExamples. */
export const anyRecord: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 3, arbitrary: features.map((one) => encodeExample(one) as Uint8Array) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(features, fc.array(fc.tuple(names, fc.array(feature, { maxLength: 3 })), { maxLength: 3 }))
      .map(([context, lists]) => encodeSequenceExample({ context, featureLists: new Map(lists) })),
  },
);

/** Returns a GIF of this size, of which only the header is valid. */
export function gif(width: number, height: number, more = 0): Uint8Array {
  const bytes = new Uint8Array(13 + more);
  bytes.set(new TextEncoder().encode('GIF89a'));
  new DataView(bytes.buffer).setUint16(6, width, true);
  new DataView(bytes.buffer).setUint16(8, height, true);
  return bytes;
}

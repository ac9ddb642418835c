import { delimited } from './example-messages.ts';
import type { Random } from './random.ts';

const NAMES = ['values', 'é', '', '🦊', 'x'.repeat(150)];

/**
 * Returns a Record in an unusual encoding that protobuf permits: values, kinds, and lists in
 * several parts, unpacked, in any order, with unknown fields.
 */
export function oddRecord(random: Random): Uint8Array {
  return several(random, 5, () =>
    random.below(4)
      ? delimited(1 + random.below(2), oddEntry(random))
      : delimited(3 + random.below(3), name(random)),
  );
}

function name(random: Random): Uint8Array {
  return Buffer.from(random.pick(NAMES));
}

function oddEntry(random: Random): Uint8Array {
  const value = (): Uint8Array =>
    delimited(
      2,
      several(random, 4, () => oddKind(random)),
    );
  if (random.below(2)) return Buffer.concat([delimited(1, name(random)), value()]);
  return several(random, 4, () => (random.below(3) ? value() : delimited(1, name(random))));
}

function oddKind(random: Random): Uint8Array {
  const kind = random.pick([2, 3, 7, 9]);
  if (kind === 9) {
    return delimited(
      9,
      several(random, 4, () =>
        random.below(3) ? delimited(1, random.bytes(random.below(9))) : delimited(2, name(random)),
      ),
    );
  }
  return delimited(
    kind,
    several(random, 5, () => oddList(random, kind)),
  );
}

function oddList(random: Random, kind: number): Uint8Array {
  const field = 1 + random.below(3);
  const size = field > 1 ? 0 : ({ 2: 4, 3: 8 }[kind] ?? 0);
  const single = (): Uint8Array => (size > 0 ? random.bytes(size) : varint(random));
  if (random.below(2))
    return delimited(field, Buffer.concat(Array.from({ length: random.below(5) }, single)));
  const type = { 0: 0, 4: 5, 8: 1 }[size]!;
  return Buffer.concat([Buffer.from([(field << 3) | type]), single()]);
}

function varint(random: Random): Uint8Array {
  const length = 1 + random.below(random.pick([1, 3, 5, 10]));
  return random.bytes(length).map((byte, i) => (i === length - 1 ? byte & 0x7f : byte | 0x80));
}

function several(random: Random, max: number, part: () => Uint8Array): Uint8Array {
  const parts = Array.from({ length: random.below(max + 1) }, part);
  if (random.below(10) === 0) parts.push(Buffer.from([0x78, 0x96, 0x01]), Buffer.from([0x7d, 1, 2, 3, 4]));
  return Buffer.concat(parts);
}

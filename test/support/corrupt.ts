import type { Random } from './random.ts';

export type DamageKind = 'flip' | 'cut' | 'insert' | 'delete' | 'duplicate' | 'zero';

/** Damage to a file: a change of the bytes `[at, at + length)`, or an insertion at `at`. */
export interface Damage {
  readonly kind: DamageKind;
  readonly at: number;
  readonly length: number;
  /** The bytes to insert or to XOR. */
  readonly junk: Uint8Array;
}

const KINDS: readonly DamageKind[] = ['flip', 'cut', 'insert', 'delete', 'duplicate', 'zero'];

/** Returns random damage to a file of `size` bytes: usually short, sometimes long. */
export function randomDamage(random: Random, size: number): Damage {
  const at = random.below(size + 1);
  const max = random.below(3) === 0 ? size - at : Math.min(8, size - at);
  const length = 1 + random.below(Math.max(1, max));
  return { kind: random.pick(KINDS), at, length, junk: random.bytes(length).map((byte) => byte || 1) };
}

/** Returns a damaged copy of `bytes`. */
export function damaged(bytes: Uint8Array, { kind, at, length, junk }: Damage): Uint8Array {
  const end = Math.min(bytes.length, at + length);
  const before = bytes.subarray(0, at);
  const inside = bytes.subarray(at, end);
  const after = bytes.subarray(end);
  switch (kind) {
    case 'flip':
      return joined(
        before,
        inside.map((byte, i) => byte ^ junk[i]),
        after,
      );
    case 'zero':
      return joined(before, new Uint8Array(inside.length), after);
    case 'cut':
      return before.slice();
    case 'delete':
      return joined(before, after);
    case 'insert':
      return joined(before, junk, inside, after);
    case 'duplicate':
      return joined(before, inside, inside, after);
  }
}

/**
 * Returns the new position of the bytes `[from, to)` after the damage, if they are unchanged and
 * contiguous.
 */
export function placeAfter(damage: Damage, size: number, from: number, to: number): number | undefined {
  const { kind, at, length } = damage;
  const end = Math.min(size, at + length);
  const touches = from < end && to > at;
  switch (kind) {
    case 'flip':
    case 'zero':
      return touches ? undefined : from;
    case 'cut':
      return to <= at ? from : undefined;
    case 'delete':
      if (touches) return undefined;
      return from >= end ? from - (end - at) : from;
    case 'insert':
      if (from < at && to > at) return undefined;
      return from >= at ? from + length : from;
    case 'duplicate':
      if (from < end && to > end) return undefined;
      return from >= end ? from + (end - at) : from;
  }
}

function joined(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

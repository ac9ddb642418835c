import { typeName } from '../bytes/arguments.ts';
import { crc32c } from '../crc32c/crc32c.ts';
import { UsageError } from '../errors.ts';

/** Maximum number of parts, all of which are open at once. */
const MAX_PARTS = 100;
const MAX_WEIGHT = 1e15;
/** Number of distinct hashes. */
const HASHES = 2 ** 32;

/** A named part, and its weight. */
export interface WeightedPart {
  readonly name: string;
  /** Weight; 0 for a part that contains only the records without the feature. */
  readonly weight: number;
}

/**
 * Assigns hashes to parts. The hashes from 0 to 2^32 are divided among the parts in order, in
 * proportion to their weights.
 */
export class WeightedParts {
  readonly parts: readonly WeightedPart[];
  /** Index of the part for records without the feature; -1 if they are an error. */
  readonly missing: number;
  /** End of the hashes of each part. */
  readonly #ends: readonly number[];

  /**
   * @param missing name of the part for records without the feature
   * @throws UsageError for invalid names and weights
   */
  constructor(weights: Readonly<Record<string, number>>, missing?: string) {
    const given: unknown = weights;
    if (typeof given !== 'object' || given === null || Array.isArray(given))
      throw new UsageError(`weights: expected names and numbers, got ${typeName(given)}`);
    const parts = Object.entries(weights).map(([name, weight]) => ({ name, weight }));
    if (parts.length === 0 || parts.length > MAX_PARTS)
      throw new UsageError(`weights: expected 1 to ${MAX_PARTS} parts, got ${parts.length}`);
    for (const { name, weight } of parts) {
      checkName('weights', name);
      if (typeof weight !== 'number' || !(weight > 0 && weight <= MAX_WEIGHT))
        throw new UsageError(`weights: ${name}: expected a number above 0, got ${String(weight)}`);
    }
    this.#ends = endsOf(parts);
    if (missing !== undefined) checkName('missing', missing);
    const known = parts.findIndex(({ name }) => name === missing);
    if (missing !== undefined && known < 0) parts.push({ name: missing, weight: 0 });
    this.missing = missing === undefined ? -1 : known < 0 ? parts.length - 1 : known;
    this.parts = parts;
  }

  /** Returns the index of the part for a hash from 0 to 2^32 - 1. */
  partOf(hash: number): number {
    let part = 0;
    while (hash >= this.#ends[part]) part++;
    return part;
  }
}

function endsOf(parts: readonly WeightedPart[]): number[] {
  const total = parts.reduce((sum, { weight }) => sum + weight, 0);
  let before = 0;
  return parts.map(({ weight }, i) => {
    before += weight;
    return i === parts.length - 1 ? HASHES : Math.round((before / total) * HASHES);
  });
}

/** Names become parts of file names. The first letter keeps objects from sorting them as numbers. */
function checkName(option: string, name: unknown): void {
  if (typeof name === 'string' && /^[A-Za-z][\w.-]*$/.test(name)) return;
  throw new UsageError(
    `${option}: expected a name of letters, digits, '_', '.' and '-' that begins with a letter, got ${JSON.stringify(name)}`,
  );
}

/** Returns the seed as bytes for {@link hashOf}. */
export function seedBytes(seed: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(seed), true);
  return bytes;
}

/**
 * Returns a hash from 0 to 2^32 - 1: MurmurHash3's finalizer of the CRC-32C of `bytes` followed by
 * `seed`. CRC-32C alone would map consecutive numbers to related hashes. The definition never
 * changes, because it determines which records are in which part.
 */
export function hashOf(bytes: Uint8Array, seed: Uint8Array): number {
  let hash = crc32c(seed, crc32c(bytes));
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

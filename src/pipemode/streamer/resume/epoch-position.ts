import type { FormatName } from '../../../formats/names/index.ts';
import { detectFormat } from '../../../formats/registry.ts';
import { type RecordBoundaries, recordBoundaries } from './record-boundaries.ts';

/** A position in the bytes of an epoch, between two records. */
export interface EpochPosition {
  /** Zero-based number of the epoch. */
  readonly epoch: number;
  /** Zero-based position of the object or manifest line in the order for this epoch and host. */
  readonly object: number;
  /** Number of bytes of this object or manifest line that precede the position. */
  readonly offset: number;
  /** Number of bytes in the epoch before the position. */
  readonly bytes: number;
  /** Number of records in the epoch before the position; null if the format is unknown. */
  readonly records: number | null;
}

/** Returns the beginning of an epoch. */
export function epochStart(epoch: number): EpochPosition {
  return { epoch, object: 0, offset: 0, bytes: 0, records: 0 };
}

/**
 * How an epoch is divided into records: a record format, or `objects` if only the starts of objects
 * or lines are known.
 */
export type RecordDivision = FormatName | 'objects';

/** Number of leading bytes that are enough to detect a format. */
const DETECTED_BYTES = 512;
/** Minimum distance between two positions that are kept, in bytes. */
const STEP_BYTES = 64 * 1024;
/** Minimum number of entries at which superfluous ones are dropped. */
const MIN_PRUNED = 256;

/** The start of an object or line in the bytes of the epoch. */
interface Beginning {
  readonly object: number;
  readonly name: string | undefined;
  readonly at: number;
}

/**
 * Follows the bytes of an epoch as they are written to its pipe, and finds the last position
 * between two records before a given byte.
 */
export class PositionLog {
  readonly #start: EpochPosition;
  /** Number of written bytes for which positions are no longer needed. */
  readonly #settled: () => number;
  #division: RecordDivision | undefined;
  #boundaries: RecordBoundaries | undefined;
  #pushed: number;
  /** Ends of records, at least `STEP_BYTES` apart. */
  #ends: { readonly at: number; readonly records: number }[];
  #beginnings: Beginning[];
  /** Number of entries at which superfluous ones are dropped. */
  #pruneAt = MIN_PRUNED;

  /**
   * @param division undefined to detect it from the first bytes
   * @param settled returns the byte of the epoch before which no position is needed
   */
  constructor(start: EpochPosition, division: RecordDivision | undefined, settled: () => number) {
    this.#start = start;
    this.#division = division;
    this.#settled = settled;
    this.#pushed = start.bytes;
    this.#ends = [{ at: start.bytes, records: start.records ?? 0 }];
    this.#beginnings = [{ object: start.object, name: undefined, at: start.bytes - start.offset }];
  }

  /** How the epoch is divided into records. Undefined before its first byte. */
  get division(): RecordDivision | undefined {
    return this.#division;
  }

  /** Number of bytes of the epoch that have been pushed. */
  get pushed(): number {
    return this.#pushed;
  }

  /** Records that the next byte belongs to this object or line. */
  begin(object: number, name: string | undefined): void {
    const last = this.#beginnings[this.#beginnings.length - 1];
    if (last.object === object) {
      if (last.name === undefined) this.#beginnings[this.#beginnings.length - 1] = { ...last, name };
      return;
    }
    this.#beginnings.push({ object, name, at: this.#pushed });
    if (this.#division === 'objects') this.#end(this.#pushed, 0);
    this.#prune();
  }

  /** Follows the next bytes. The caller may overwrite them afterwards. */
  push(chunk: Uint8Array): void {
    if (chunk.length > 0) this.#divided(chunk)?.push(chunk);
    this.#pushed += chunk.length;
  }

  /** Returns the last known position between two records at or before byte `limit`. */
  before(limit: number): EpochPosition & { readonly name: string | undefined } {
    const end = lastAt(this.#ends, limit);
    const { object, name, at } = lastAt(this.#beginnings, end.at);
    const { epoch, records } = this.#start;
    const isCounted = records !== null && this.#division !== 'objects';
    return {
      epoch,
      object,
      name,
      offset: end.at - at,
      bytes: end.at,
      records: isCounted || end.at === 0 ? end.records : null,
    };
  }

  #divided(chunk: Uint8Array): RecordBoundaries | undefined {
    this.#division ??= detectFormat(chunk.subarray(0, DETECTED_BYTES)).format ?? 'objects';
    if (this.#division === 'objects') return undefined;
    const { bytes, records } = this.#start;
    this.#boundaries ??= recordBoundaries(this.#division, {
      start: { bytes, records: records ?? 0 },
      every: STEP_BYTES,
      onBoundary: (at, count) => this.#end(at, count),
    });
    return this.#boundaries;
  }

  #end(at: number, records: number): void {
    if (at - this.#ends[this.#ends.length - 1].at < STEP_BYTES) return;
    this.#ends.push({ at, records });
    this.#prune();
  }

  /** Drops all but the last of the positions before the settled byte. */
  #prune(): void {
    if (this.#ends.length + this.#beginnings.length < this.#pruneAt) return;
    const settled = this.#settled();
    const { at } = lastAt(this.#ends, settled);
    this.#ends = this.#ends.filter((end) => end.at >= at);
    const beginning = lastAt(this.#beginnings, at);
    this.#beginnings = this.#beginnings.slice(this.#beginnings.indexOf(beginning));
    this.#pruneAt = Math.max(MIN_PRUNED, 2 * (this.#ends.length + this.#beginnings.length));
  }
}

/** Returns the last entry at or before `limit`, or the first entry. */
function lastAt<T extends { readonly at: number }>(entries: readonly T[], limit: number): T {
  let i = entries.length - 1;
  while (i > 0 && entries[i].at > limit) i--;
  return entries[i];
}

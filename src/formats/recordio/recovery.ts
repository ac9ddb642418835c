import { readU32 } from '../../bytes/binary-data.ts';
import type { RecordpipeError } from '../../errors.ts';
import type { CorruptionBudget } from '../corruption.ts';
import type { RecordCursor } from '../cursor.ts';
import { badLength, PART_HEADER_BYTES, RECORDIO_MAGIC, tooManyParts } from './layout.ts';
import { findRecordHead, PARTS_BAD, PARTS_WANTED, RecordParts, type RecordRules } from './parts.ts';

/** Distance between possible record starts, which lie at multiples of four. */
const STEP_BYTES = 4;

/**
 * Skips damage (`recover: 'scan'`). Without checksums, only its structure identifies a record: a
 * header at a multiple of four in the file, followed by all its parts. A record that is not
 * followed by another record is therefore searched for one: if another record begins within it, its
 * length is corrupt.
 */
export class RecordIORecovery {
  readonly #cursor: RecordCursor;
  readonly #parts: RecordParts;
  readonly #budget: CorruptionBudget;
  readonly #maxBytes: number;
  /** Position of the most recently followed record. */
  #followedAt = -1;
  /**
   * Error of a truncated record, kept during the search for a later record. If there is no such
   * record, the stream itself is truncated.
   */
  #truncated: RecordpipeError | undefined;

  constructor(cursor: RecordCursor, rules: RecordRules, budget: CorruptionBudget) {
    this.#cursor = cursor;
    this.#parts = new RecordParts(rules);
    this.#budget = budget;
    // Parts may be empty, so a chain of parts can be endless.
    this.#maxBytes = 4 * rules.maxRecordBytes + 1024;
  }

  /**
   * Checks the first record of the window. Returns `whole` if it is valid, `again` if more of the
   * window must be inspected, `search` if it is skipped, `wait` if more bytes are needed, and `end`
   * if the stream ends within it.
   */
  judge(): 'whole' | 'again' | 'search' | 'wait' | 'end' {
    const { window, final } = this.#cursor;
    const parts = this.#follow(window.at);
    const error = parts.status === PARTS_WANTED ? undefined : parts.error(this.#cursor.place());
    if (error !== undefined) return this.skip(error);
    if (parts.status === PARTS_WANTED) {
      if (parts.seen > this.#maxBytes) return this.skip(tooManyParts(this.#maxBytes, this.#cursor.place()));
      const have = this.#cursor.streamHas;
      if (parts.seen + parts.missingPayload > have) {
        return this.skipTruncated(parts.endError(this.#cursor.place(), have) as RecordpipeError);
      }
      // Join all available bytes, not only those of the next part, because a record may have a
      // million parts.
      const had = window.end - window.at;
      window.join();
      if (window.end - window.at > had) return 'again';
      return final ? 'end' : 'wait';
    }
    const { seen, length } = parts;
    const follows = window.want(seen + PART_HEADER_BYTES);
    if (!follows && !final) return 'wait';
    if (follows ? readU32(window.bytes, window.at + seen) === RECORDIO_MAGIC : window.unread === seen)
      return 'whole';
    const inside = this.#insideOf(seen);
    if (inside === 'wait') return 'wait';
    if (inside < 0) return 'whole';
    this.#budget.spend(badLength(length, window.base + inside, this.#cursor.place()));
    this.#cursor.record++;
    this.#cursor.skip(inside - window.at);
    return 'again';
  }

  /**
   * Skips a corrupt region.
   * @throws the error itself if the budget is exhausted
   */
  skip(error: RecordpipeError): 'search' {
    this.#budget.spend(error);
    return this.#startSearch();
  }

  /** Skips a truncated record if another record follows it. */
  skipTruncated(error: RecordpipeError): 'search' {
    this.#truncated = error;
    return this.#startSearch();
  }

  /**
   * Skips to the next record. Returns `wait` if more bytes are needed, or if the stream has ended
   * without one.
   */
  search(): 'found' | 'wait' {
    const { window, final } = this.#cursor;
    window.advance();
    window.join();
    for (;;) {
      const { at, end } = window;
      const found = this.#head(at, end);
      if (found < 0) {
        this.#cursor.skip(final ? end - at : Math.max(0, end - at - PART_HEADER_BYTES + 1));
        if (final && this.#truncated !== undefined) throw this.#truncated;
        return 'wait';
      }
      this.#cursor.skip(found - at);
      const fits = this.#fits(found);
      if (fits === 'wait') return 'wait';
      if (fits) {
        if (this.#truncated !== undefined) this.#budget.spend(this.#truncated);
        this.#truncated = undefined;
        return 'found';
      }
      this.#cursor.skip(STEP_BYTES);
    }
  }

  #startSearch(): 'search' {
    this.#cursor.record++;
    this.#cursor.skip(STEP_BYTES);
    return 'search';
  }

  /**
   * Returns the index of another record within the first `frame` bytes of the window, -1 if there
   * is none, or `wait` if more bytes are needed.
   */
  #insideOf(frame: number): number | 'wait' {
    const { window } = this.#cursor;
    window.join();
    const { at, end } = window;
    const to = Math.min(end, at + frame + STEP_BYTES);
    for (let head = this.#head(at + PART_HEADER_BYTES, to); head >= 0; ) {
      const fits = this.#fits(head);
      if (fits === 'wait') return fits;
      if (fits) return head;
      head = this.#head(head + STEP_BYTES, to);
    }
    return -1;
  }

  /**
   * Returns the first index in `[from, to)` of the window at which a header lies, or -1 if there is
   * none. The header need not belong to a record.
   */
  #head(from: number, to: number): number {
    const { bytes, base } = this.#cursor.window;
    return findRecordHead(bytes, from + (-(base + from) & (STEP_BYTES - 1)), to);
  }

  /**
   * Reports whether a record with all its parts begins at index `at` of the window. Returns `wait`
   * if more bytes are needed.
   */
  #fits(at: number): boolean | 'wait' {
    const { window, final } = this.#cursor;
    const parts = this.#follow(at);
    if (parts.status === PARTS_BAD || parts.seen > this.#maxBytes) return false;
    if (parts.status !== PARTS_WANTED) return parts.error({}) === undefined;
    if (final) return parts.endError({}) === undefined;
    return at - window.at + parts.seen + parts.missingPayload > this.#cursor.streamHas ? false : 'wait';
  }

  /**
   * Follows the parts of the record at index `at` of the window, from where the last call stopped.
   */
  #follow(at: number): RecordParts {
    const { bytes, base, end } = this.#cursor.window;
    const parts = this.#parts;
    if (parts.status !== PARTS_WANTED || this.#followedAt !== base + at) parts.begin();
    this.#followedAt = base + at;
    parts.feed(bytes, at + parts.seen, end);
    return parts;
  }
}

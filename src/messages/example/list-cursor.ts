import { WireReader } from '../../bytes/wire/wire-reader.ts';

/** Kinds as numbers: those of the fields of `Feature` in example.proto, or 0 if no kind is set. */
export const NONE = 0;
export const BYTES = 1;
export const FLOAT = 2;
export const INT64 = 3;
/** Names of the kinds, by number. */
export const KIND_NAMES = ['none', 'bytes', 'float', 'int64'] as const;

/** Tag of a packed run or of a value of bytes. */
const FIELD_1 = 0x0a;
/** Tags of values that are not packed. */
const VARINT_1 = 0x08;
const FLOAT_1 = 0x0d;
const NOTHING = new Uint8Array(0);
/** Buffer of the empty array, stored because reading the `buffer` of an array takes 22 ns. */
const NO_BUFFER: ArrayBufferLike = NOTHING.buffer;

/**
 * Moves through the values of one list, run by run. Nearly all lists of numbers are one packed run,
 * [runStart, runEnd), for which `isOneRun` is true, so that readers do not need a loop. Any mixture
 * of runs and single values can also be read:
 *
 * ```
 * for (cursor.openRuns(); cursor.hasRun; cursor.nextRun()) use(cursor.list, cursor.runStart, cursor.runEnd);
 * cursor.check();
 * ```
 */
export class ListCursor extends WireReader {
  /**
   * Rules that apply to the record. False selects protobuf's rules, which accept unknown fields.
   * `tf` reports anything that TensorFlow's parser rejects or reads differently as damage. `exact`
   * reports unknown fields as damage, and sets `isForeign`.
   */
  strict: false | 'tf' | 'exact' = false;
  kind: number = NONE;
  /**
   * Bytes that contain the feature's list: the record, or a copy if protobuf joins separate parts.
   */
  list: Uint8Array = NOTHING;
  listStart = 0;
  listEnd = 0;
  /**
   * Start of the current run: packed numbers, one number that is not packed, or one value of bytes;
   * -1 after the last run.
   */
  runStart = -1;
  runEnd = 0;
  /** Whether the list is one packed run or one value of bytes. `openRuns` resets it. */
  isOneRun = false;
  /** Whether the fault is a field that does not belong to these messages. */
  isForeign = false;
  /** Number of packed runs of the list so far. */
  #runs = 0;
  /** Number of unpacked numbers of the list so far. */
  #singles = 0;
  /** The list whose buffer and offset are cached. */
  #viewed: Uint8Array = NOTHING;
  #buffer: ArrayBufferLike = NO_BUFFER;
  #offset = 0;

  /** Moves to a list that was found earlier. */
  openList(kind: number, list: Uint8Array, start: number, end: number): void {
    this.fault = undefined;
    this.kind = kind;
    if (this.list !== list || this.bytes !== list) this.bytes = this.list = list;
    this.listStart = start;
    this.listEnd = end;
    this.findOneRun(start, end);
  }

  /** Determines whether the list is one run, which is the common layout. */
  protected findOneRun(start: number, end: number): void {
    this.isOneRun = false;
    if (this.bytes[start] !== FIELD_1 || this.delimitedEnd(start + 1, end) !== end) return;
    this.runStart = this.start;
    this.runEnd = end;
    this.isOneRun = this.kind !== FLOAT || ((end - this.start) & 3) === 0;
  }

  /** Moves to the first run of the list. */
  openRuns(): void {
    this.bytes = this.list;
    this.fault = undefined;
    this.#runs = this.#singles = 0;
    this.runStart = -1;
    this.runEnd = this.listStart;
    this.isOneRun = false;
    this.nextRun();
  }

  /** Whether the cursor is at a run. */
  get hasRun(): boolean {
    return this.runStart >= 0;
  }

  /** Moves to the next run, if there is one. */
  nextRun(): void {
    const end = this.listEnd;
    const at = this.runEnd;
    this.runStart = -1;
    if (at >= end) return;
    if (this.kind === BYTES && this.bytes[at] === FIELD_1) {
      const runEnd = this.delimitedEnd(at + 1, end);
      if (runEnd >= 0) {
        this.runStart = this.start;
        this.runEnd = runEnd;
        return;
      }
    }
    this.#findRun();
  }

  #findRun(): void {
    const end = this.listEnd;
    const single = this.kind === FLOAT ? FLOAT_1 : this.kind === INT64 ? VARINT_1 : FIELD_1;
    this.at = this.runEnd;
    this.runEnd = end;
    for (let { at } = this; this.step(end); at = this.at) {
      if (this.tag === FIELD_1 || this.tag === single) {
        this.#setRun(at, this.start, this.end, this.tag !== FIELD_1);
        return;
      }
      if (this.strict === 'tf')
        this.fail(at, `expected only values, as TensorFlow requires, got field ${this.tag >>> 3}`);
      else if (this.skipUnknown(at)) continue;
      return;
    }
  }

  #setRun(at: number, start: number, end: number, isSingle: boolean): void {
    this.runEnd = end;
    if (isSingle) this.#singles++;
    else this.#runs++;
    if (this.kind !== BYTES && this.strict === 'tf' && this.#runs + Math.min(this.#singles, 1) > 1)
      this.fail(at, 'expected a single packed run, as TensorFlow requires, got more values after the run');
    else if (this.kind === FLOAT && (end - start) % 4 !== 0)
      this.fail(start, `expected packed floats of 4 bytes, got ${end - start} bytes`);
    else this.runStart = start;
  }

  /** Position of byte 0 of `list` in `buffer`. */
  get offset(): number {
    if (this.#viewed !== this.list) {
      this.#viewed = this.list;
      this.#buffer = this.list.buffer;
      this.#offset = this.list.byteOffset;
    }
    return this.#offset;
  }

  /** Memory of `list`. Valid only after `offset` was read. */
  get buffer(): ArrayBufferLike {
    return this.#buffer;
  }

  protected closeList(): void {
    this.bytes = this.list = this.#viewed = NOTHING;
    this.#buffer = NO_BUFFER;
  }

  /** Skips a field that does not belong to these messages, or reports it as damage. */
  protected skipUnknown(at: number): boolean {
    if (this.strict !== 'exact') return true;
    this.isForeign = true;
    return this.fail(at, `got field ${this.tag >>> 3}, which does not exist in an Example`);
  }
}

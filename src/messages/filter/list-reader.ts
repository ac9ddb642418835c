import { HIGH_WORD, LOW_WORD, longVarint } from '../../bytes/wire/varints.ts';
import { WireFault } from '../../bytes/wire/wire-reader.ts';
import { ListCursor } from '../example/list-cursor.ts';
import type { RecordFeatures } from './record-features.ts';
import type { SageMakerValues } from './sagemaker-fields.ts';
import { BYTES, DOUBLE, FLOAT, INT, Operand, type Slot, setInteger } from './value.ts';

const words = new Int32Array(2);
const floatWord = new Int32Array(1);
const floats = new Float32Array(floatWord.buffer);

/**
 * Reads the values of a feature one by one, in place. As an operand, it is the value that `next` has
 * read, which a variable of a macro refers to.
 */
export class ListReader extends Operand {
  readonly slot: Slot;
  readonly #features: RecordFeatures;
  readonly #cursor = new ListCursor();
  /** Whether the list is one run, which is the common layout. */
  #isOneRun = false;
  /** Position of the next value in the current run; -1 if it has none. */
  #at = 0;
  #runEnd = 0;
  /** Values of a Record, which has no lists. */
  #values: SageMakerValues | undefined;
  #index = 0;

  constructor(features: RecordFeatures, slot: Slot) {
    super();
    this.#features = features;
    this.slot = slot;
  }

  load(): void {}

  describe(): string {
    return this.#features.describe(this.slot);
  }

  /**
   * Moves before the first value. Returns false if the record does not have the feature.
   * @throws FilterMismatch for a feature list
   */
  open(): boolean {
    const features = this.#features;
    const cursor = this.#cursor;
    if (!features.open(this.slot, cursor)) {
      this.#values = features.values(this.slot);
      this.#index = 0;
      return this.#values !== undefined;
    }
    this.#values = undefined;
    this.#isOneRun = cursor.isOneRun;
    if (!cursor.isOneRun) cursor.openRuns();
    this.#enterRun();
    return true;
  }

  /** Moves to the next value. Returns false if there is none. @throws WireFault */
  next(): boolean {
    if (this.atEnd()) return false;
    if (this.#values !== undefined) this.#takeValue(this.#values);
    else this.#take();
    return true;
  }

  /** Skips `count` values. Returns false if there are fewer. @throws WireFault */
  skip(count: number): boolean {
    if (this.#values !== undefined) this.#index += count;
    else if (this.#isOneRun && this.#cursor.kind === FLOAT) this.#at += 4 * count;
    else for (let i = 0; i < count; i++) if (!this.next()) return false;
    return !this.atEnd();
  }

  /** Reports whether all values have been read. @throws WireFault */
  atEnd(): boolean {
    if (this.#values !== undefined) return this.#index >= this.#values.length;
    const cursor = this.#cursor;
    if (cursor.kind === BYTES) return this.#at < 0;
    while (this.#at >= this.#runEnd || this.#at < 0) {
      if (this.#at < 0 || this.#isOneRun) return true;
      this.#nextRun();
    }
    return false;
  }

  /** Returns the number of values from the current position on. @throws WireFault */
  count(): number {
    if (this.#values !== undefined) return this.#values.length;
    if (this.#isOneRun && this.#cursor.kind === FLOAT) return (this.#runEnd - this.#at) / 4;
    let count = 0;
    while (this.next()) count++;
    return count;
  }

  #enterRun(): void {
    const { runStart, runEnd } = this.#cursor;
    this.#at = runStart;
    this.#runEnd = runEnd;
  }

  #nextRun(): void {
    this.#cursor.nextRun();
    this.#enterRun();
    if (this.#at < 0) this.#cursor.check();
  }

  #take(): void {
    const { kind, list } = this.#cursor;
    this.big = undefined;
    if (kind === BYTES) {
      this.type = BYTES;
      this.bytes = list;
      this.start = this.#at;
      this.end = this.#runEnd;
      if (this.#isOneRun) this.#at = -1;
      else this.#nextRun();
    } else if (kind === FLOAT) {
      const at = this.#at;
      floatWord[0] = list[at] | (list[at + 1] << 8) | (list[at + 2] << 16) | (list[at + 3] << 24);
      this.type = FLOAT;
      this.number = floats[0];
      this.#at = at + 4;
    } else {
      this.type = INT;
      const byte = list[this.#at];
      if (byte < 0x80) {
        this.number = byte;
        this.#at++;
      } else this.#takeLong(list);
    }
  }

  #takeLong(list: Uint8Array): void {
    const at = this.#at;
    this.#at = longVarint(list, at, words, 0);
    if (this.#at > this.#runEnd)
      throw new WireFault(at, 'expected a varint, but its packed run is truncated');
    const high = words[HIGH_WORD];
    const low = words[LOW_WORD] >>> 0;
    const number = high * 2 ** 32 + low;
    if (Number.isSafeInteger(number)) this.number = number;
    else this.big = (BigInt(high) << 32n) | BigInt(low);
  }

  #takeValue(values: SageMakerValues): void {
    const value = values[this.#index++];
    this.big = undefined;
    if (typeof value === 'bigint') setInteger(this, value);
    else if (typeof value === 'number') {
      this.number = value;
      this.type = values instanceof Float32Array ? FLOAT : values instanceof Int32Array ? INT : DOUBLE;
    } else {
      this.type = BYTES;
      this.bytes = value;
      this.start = 0;
      this.end = value.length;
    }
  }
}

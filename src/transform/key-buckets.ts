import { ENTRY_BYTES, type KeyRange, partOf, rangeOfPart, writeEntry } from './keyed-records.ts';
import { TempFile } from './temp-file.ts';

/** The keyed records of one part of the keys, in a temporary file. */
export interface KeyBucket {
  readonly range: KeyRange;
  readonly count: number;
  /** Undefined where there is no record. */
  readonly file: TempFile | undefined;
}

class OpenBucket implements KeyBucket {
  readonly range: KeyRange;
  count = 0;
  file: TempFile | undefined;
  readonly #buffer: Uint8Array;
  readonly #folder: string;
  #used = 0;

  constructor(range: KeyRange, buffer: Uint8Array, folder: string) {
    this.range = range;
    this.#buffer = buffer;
    this.#folder = folder;
  }

  /** A promise where the payload must stay as it is until that settles. */
  add(hi: number, lo: number, payload: Uint8Array): Promise<void> | undefined {
    this.count++;
    if (this.#used + ENTRY_BYTES + payload.length > this.#buffer.length)
      return this.#addBehind(hi, lo, payload);
    this.#used = writeEntry(this.#buffer, this.#used, hi, lo, payload);
    return undefined;
  }

  async flush(): Promise<void> {
    if (this.#used === 0) return;
    this.file ??= await TempFile.open(this.#folder);
    await this.file.append(this.#buffer.subarray(0, this.#used));
    this.#used = 0;
  }

  async #addBehind(hi: number, lo: number, payload: Uint8Array): Promise<void> {
    await this.flush();
    if (ENTRY_BYTES + payload.length <= this.#buffer.length) {
      this.#used = writeEntry(this.#buffer, 0, hi, lo, payload);
      return;
    }
    // Larger than a buffer: its head through the buffer, itself from where it lies.
    this.#used = writeEntry(this.#buffer, 0, hi, lo, EMPTY);
    new DataView(this.#buffer.buffer, this.#buffer.byteOffset).setUint32(0, payload.length, true);
    await this.flush();
    await this.file?.append(payload);
  }
}

const EMPTY = new Uint8Array(0);

/** Deals keyed records out to temporary files, one for each part of a range of keys. */
export class KeyBuckets {
  readonly #range: KeyRange;
  readonly #buckets: readonly OpenBucket[];

  /** @param memory for the buffers of all buckets, free again after `finish` */
  constructor(range: KeyRange, parts: number, memory: Uint8Array, folder: string) {
    this.#range = range;
    const each = Math.min(MAX_BUFFER_BYTES, Math.floor(memory.length / parts));
    this.#buckets = Array.from({ length: parts }, (_, part) => {
      const buffer = memory.subarray(part * each, (part + 1) * each);
      return new OpenBucket(rangeOfPart(range, parts, part), buffer, folder);
    });
  }

  /** Takes a record; where it returns a promise, the payload must stay as it is, and no other be added, until that settles. */
  add(hi: number, lo: number, payload: Uint8Array): Promise<void> | undefined {
    return this.#buckets[partOf(this.#range, this.#buckets.length, hi, lo)].add(hi, lo, payload);
  }

  /** Ends the dealing out; the buckets in the order of their keys, to be closed by the caller. */
  async finish(): Promise<KeyBucket[]> {
    for (const bucket of this.#buckets) await bucket.flush();
    return this.#buckets.map(({ range, count, file }) => ({ range, count, file }));
  }

  /** Closes all files. */
  async close(): Promise<void> {
    for (const { file } of this.#buckets) await file?.close();
  }
}

/** Larger ones make writing no faster. */
const MAX_BUFFER_BYTES = 1024 * 1024;

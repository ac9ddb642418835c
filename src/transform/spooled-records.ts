import { type KeyBucket, KeyBuckets } from './key-buckets.ts';
import { eachEntry } from './key-sorter.ts';
import { ALL_KEYS } from './keyed-records.ts';

const BUFFER_BYTES = 1024 * 1024;

/** Keyed records put aside in a temporary file, in the order in which they come. */
export class SpooledRecords {
  readonly #memory: Uint8Array = new Uint8Array(BUFFER_BYTES);
  readonly #spool: KeyBuckets;

  constructor(folder: string) {
    this.#spool = new KeyBuckets(ALL_KEYS, 1, this.#memory, folder);
  }

  add(hi: number, lo: number, payload: Uint8Array): Promise<void> | undefined {
    return this.#spool.add(hi, lo, payload);
  }

  /** Hands all out again, in the same order. */
  async each(
    take: (hi: number, lo: number, payload: Uint8Array) => Promise<void> | undefined,
  ): Promise<void> {
    const [{ file }]: KeyBucket[] = await this.#spool.finish();
    if (file !== undefined) await eachEntry(file, this.#memory, take);
  }

  close(): Promise<void> {
    return this.#spool.close();
  }
}

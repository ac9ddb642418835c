import type { RecordBatch } from '../formats/batch.ts';
import { newReadStats } from '../formats/corruption.ts';
import { filesInTurn } from '../records/files-in-turn.ts';
import type { RecordReadOptions } from '../records/read-options.ts';
import { batchesOfOne, manyBatches, readRecordBatches } from '../records/read-records.ts';
import type { Batches } from '../records/record-reader.ts';
import { checkFileNames, type FileNames, filesNamed } from './file-names.ts';
import { END, LATER, type Open, Stage, type Step } from './stage.ts';

/**
 * Options for reading the records of files, like those of `readRecords`. Records of a dataset stay
 * valid as long as they are referenced.
 */
export type DatasetRecordOptions = Partial<Omit<RecordReadOptions, 'reuse' | 'signal' | 'uri'>>;

/**
 * Opens the records of several files in sequence.
 * @throws UsageError for invalid names or options
 */
export function openRecordFiles(names: FileNames, options: DatasetRecordOptions = {}): Open<Uint8Array> {
  checkFileNames(names);
  readRecordBatches(new Uint8Array(0), options); // Check the options without reading anything.
  return () => new RecordStage((signal) => recordBatches(names, { ...options, signal }));
}

function recordBatches(names: FileNames, options: DatasetRecordOptions & { signal: AbortSignal }): Batches {
  const files = filesInTurn((signal) => filesNamed(names, { ...options, signal }), options);
  return manyBatches(files, (file, stats) => batchesOfOne(file, options, stats), newReadStats());
}

/**
 * Opens the batches of records of one iteration.
 * @param signal fires if the iteration ends while a batch is pending; the wait must then end
 *   immediately
 */
export type OpenBatches = (signal: AbortSignal) => AsyncIterator<RecordBatch>;

/**
 * Yields the records of batches one by one, as views. Skipping a record is free, and only each
 * batch needs a promise.
 */
export class RecordStage extends Stage<Uint8Array> {
  readonly #open: OpenBatches;
  readonly #stop = new AbortController();
  #batches: AsyncIterator<RecordBatch> | undefined;
  #batch: RecordBatch | undefined;
  #at = 0;
  #length = 0;
  #pending: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;
  #ended = false;

  constructor(open: OpenBatches) {
    super();
    this.#open = open;
  }

  next(): Step<Uint8Array> {
    if (this.#at < this.#length) return this.#batch!.record(this.#at++);
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#ended) return END;
    this.#pending ??= this.#request();
    return LATER;
  }

  override pass(count: number): number {
    const passed = Math.min(count, this.#length - this.#at);
    this.#at += passed;
    return passed;
  }

  ready(): Promise<void> {
    return this.#pending ?? Promise.resolve();
  }

  close(): Promise<void> | undefined {
    if (this.#ended || this.#batches === undefined) return undefined;
    this.#ended = true;
    if (this.#pending !== undefined) this.#stop.abort();
    return Promise.resolve(this.#batches.return?.()).then(() => {});
  }

  #request(): Promise<void> {
    this.#batches ??= this.#open(this.#stop.signal);
    return this.#batches.next().then(this.#take, this.#fail);
  }

  readonly #take = ({ done, value }: IteratorResult<RecordBatch>): void => {
    this.#pending = undefined;
    if (done) {
      this.#ended = true;
      this.#batch = undefined;
      return;
    }
    this.#batch = value;
    this.#at = 0;
    this.#length = value.length;
  };

  readonly #fail = (error: unknown): void => {
    this.#pending = undefined;
    this.#batch = undefined;
    this.#ended = true;
    this.#failure = { error };
  };
}

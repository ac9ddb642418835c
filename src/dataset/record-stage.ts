import { checkOptionNames } from '../bytes/arguments.ts';
import type { RecordBatch } from '../formats/batch.ts';
import type { RecordRun } from '../messages/record-run.ts';
import { readNames, readRecordBatches } from '../records/read-records.ts';
import { checkFileNames, type FileNames } from './file-names.ts';
import type { Places, RecordSource } from './places.ts';
import type { Position } from './position.ts';
import { type DatasetRecordOptions, FilesReading } from './record-files.ts';
import { END, LATER, type Open, Stage, type Step } from './stage.ts';

/**
 * Opens the records of several files in sequence. For positions, see {@link FilesReading}.
 * @throws UsageError for invalid names or options
 */
export function openRecordFiles(names: FileNames, options: DatasetRecordOptions = {}): Open<Uint8Array> {
  checkFileNames(names);
  // Records must stay valid, and each iteration has a signal and addresses of its own.
  const { reuse: _reuse, signal: _signal, uri: _uri, ...known } = readNames();
  checkOptionNames('records', options, known);
  readRecordBatches(new Uint8Array(0), options); // Check the options without reading anything.
  return (_iteration, from = null) => new FileRecordStage(new FilesReading(names, options, from));
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
export abstract class RecordStage extends Stage<Uint8Array> {
  readonly #open: OpenBatches;
  readonly #stop = new AbortController();
  #batches: AsyncIterator<RecordBatch> | undefined;
  #batch: RecordBatch | undefined;
  #at = 0;
  #length = 0;
  /** Number of records to drop from the first batch. */
  #drop: number;
  #pending: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;
  #ended = false;

  /** @param drop number of records to drop from the first batch */
  constructor(open: OpenBatches, drop = 0) {
    super();
    this.#open = open;
    this.#drop = drop;
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

  /** Returns up to `count` ready records without views of them, or undefined if none is ready. */
  take(count: number): RecordRun | undefined {
    const from = this.#at;
    const taken = this.pass(count);
    return taken === 0 ? undefined : { batch: this.#batch!, from, to: from + taken, place: this.place };
  }

  override locate(places: Places): void {
    const batch = this.#batch;
    const last = this.#at - 1;
    if (batch === undefined || last < 0) places.addUnknown();
    else places.add(this.place, batch.firstRecord + last, batch.offset(last));
  }

  /** Source of the current batch, for errors. */
  protected get place(): RecordSource {
    return undefined;
  }

  ready(): Promise<void> {
    return this.#pending ?? Promise.resolve();
  }

  /** Returns the current batch and the number of its records that were delivered. */
  protected get delivered(): { readonly batch: RecordBatch; readonly count: number } | undefined {
    return this.#batch === undefined ? undefined : { batch: this.#batch, count: this.#at };
  }

  /** Called before the current batch is dropped. */
  protected leave(): void {}

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
      this.leave();
      this.#ended = true;
      this.#batch = undefined;
      return;
    }
    this.#batch = value;
    this.#at = this.#drop;
    this.#drop = 0;
    this.#length = value.length;
  };

  readonly #fail = (error: unknown): void => {
    this.#pending = undefined;
    this.#batch = undefined;
    this.#ended = true;
    this.#failure = { error };
  };
}

/** Yields the records of files. */
class FileRecordStage extends RecordStage {
  readonly #reading: FilesReading;
  /** Position outside of a batch. */
  #outside: Position;

  constructor(reading: FilesReading) {
    super((signal) => reading.batches(signal), reading.from === null ? 0 : 1);
    this.#reading = reading;
    this.#outside = reading.from;
  }

  position(): Position {
    const { delivered } = this;
    if (delivered === undefined || delivered.count === 0) return this.#outside;
    const last = delivered.count - 1;
    return this.#reading.position(delivered.batch.firstRecord + last, delivered.batch.offset(last));
  }

  protected override get place(): RecordSource {
    return this.#reading.place;
  }

  protected override leave(): void {
    this.#outside = this.position();
  }
}

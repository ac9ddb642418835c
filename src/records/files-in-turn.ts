import type { ByteSource } from '../bytes/sources.ts';
import type { ObjectOptions } from '../storage/object-options.ts';
import type { ObjectPiece } from '../storage/prefetch/object-piece.ts';
import type { ObjectRef } from '../storage/storage.ts';
import { isRemote } from '../storage/stored-source.ts';
import { PeekedSource } from './peeked-source.ts';

/** A file to read, and what a listing says about it. */
export interface FileToRead {
  readonly path: string | URL;
  readonly size?: number | undefined;
  readonly etag?: string | undefined;
  /** Whether the file is opened by itself, because its reader begins at a position. */
  readonly alone?: boolean | undefined;
}

/** Options for reading several files. */
export interface InTurnOptions {
  readonly objects?: Partial<ObjectOptions> | undefined;
  /** Whether to reuse the memory of chunks of objects. */
  readonly reuse?: boolean | undefined;
  /** Position in each file at which its reader begins. Objects are then opened one by one. */
  readonly start?: object | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Yields the sources of files, one after another. Read each one, or part of it, before you request
 * the next. Consecutive objects share one transfer, which requests the first ranges of the next
 * objects while one is read; its window limits the bytes of all of them.
 *
 * @param list returns the files; its signal fires when no more files are needed
 * @throws RecordpipeError the errors of `list`; errors of a file are thrown by its source
 */
export async function* filesInTurn(
  list: (signal: AbortSignal) => AsyncIterable<FileToRead>,
  options: InTurnOptions,
): AsyncGenerator<ByteSource | PeekedSource, void, undefined> {
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
  const files = list(signal)[Symbol.asyncIterator]();
  try {
    let step: IteratorResult<FileToRead> | undefined = await files.next();
    while (step !== undefined && !step.done) {
      if (isRemote(step.value.path) && options.start === undefined && !step.value.alone) {
        const objects: ObjectsInTurn = new ObjectsInTurn(step.value, files, { ...options, signal });
        try {
          yield* objects.sources();
        } finally {
          await objects.close();
        }
        step = objects.next;
      } else {
        yield step.value.path;
        step = await files.next();
      }
    }
  } finally {
    stop.abort();
    // Do not await this, because a listing that never responds would block closing.
    Promise.resolve(files.return?.()).catch(() => {});
  }
}

const END: IteratorResult<Uint8Array> = { done: true, value: undefined };

/** The sources of consecutive objects, which share one transfer. */
class ObjectsInTurn {
  /** The step of `files` after the last object. */
  next: IteratorResult<FileToRead> | undefined;
  readonly #first: FileToRead;
  readonly #files: AsyncIterator<FileToRead>;
  readonly #options: InTurnOptions;
  /** Addresses of the objects that the transfer knows and that have not been yielded. */
  readonly #known: string[] = [];
  #pieces: AsyncIterator<ObjectPiece> | undefined;
  /** The first piece of the next object. */
  #ahead: Promise<IteratorResult<ObjectPiece>> | undefined;
  #index = -1;
  /** Whether the last piece of the current object has been delivered. */
  #whole = true;

  constructor(first: FileToRead, files: AsyncIterator<FileToRead>, options: InTurnOptions) {
    this.#first = first;
    this.#files = files;
    this.#options = options;
  }

  async *sources(): AsyncGenerator<PeekedSource, void, undefined> {
    const { objects, reuse, signal } = this.#options;
    // Imported on demand to keep start-up fast.
    const { readObjects } = await import('../storage/read-objects.ts');
    const pieces = readObjects(this.#plan(), { ...objects, reuse, signal })[Symbol.asyncIterator]();
    this.#pieces = pieces;
    for (;;) {
      // A reader may stop before the end of an object.
      while (!this.#whole) await this.#chunk();
      this.#ahead = pieces.next();
      const failed = await this.#ahead.then(undefined, () => true as const);
      const uri = this.#known.shift();
      if (failed !== true && failed.done) return;
      if (uri === undefined) await this.#ahead; // The listing failed.
      this.#index++;
      this.#whole = false;
      const size = failed === true ? undefined : () => failed.value.object.size;
      // The transfer itself ends when the signal fires.
      const etag = failed === true ? undefined : () => failed.value.object.etag;
      yield new PeekedSource({ uri, size, etag, chunks: this.#chunks(this.#index) }, undefined);
    }
  }

  /** Ends all requests. */
  async close(): Promise<void> {
    await this.#pieces?.return?.();
  }

  /** Yields the objects up to the next local file. */
  async *#plan(): AsyncGenerator<ObjectRef, void, undefined> {
    let step: IteratorResult<FileToRead> = { done: false, value: this.#first };
    for (; !step.done && isRemote(step.value.path); step = await this.#files.next()) {
      const { path, size, etag } = step.value;
      const uri = String(path);
      this.#known.push(uri);
      yield { uri, size, etag };
    }
    this.next = step;
  }

  #chunks(index: number): AsyncIterable<Uint8Array> {
    const chunks: AsyncIterator<Uint8Array> = {
      next: () => (this.#whole || index !== this.#index ? Promise.resolve(END) : this.#chunk()),
      return: () => Promise.resolve(END),
    };
    return { [Symbol.asyncIterator]: () => chunks };
  }

  #chunk(): Promise<IteratorResult<Uint8Array>> {
    const piece = this.#ahead ?? this.#pieces!.next();
    this.#ahead = undefined;
    return piece.then(this.#take);
  }

  readonly #take = (step: IteratorResult<ObjectPiece>): IteratorResult<Uint8Array> => {
    this.#whole = step.done === true || step.value.last;
    return step.done ? END : { done: false, value: step.value.chunk };
  };
}

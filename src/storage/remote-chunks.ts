import type { OpenSource } from '../bytes/sources.ts';
import type { ObjectOptions } from './object-options.ts';
import type { ObjectReader } from './object-reader.ts';
import type { OnTransferEvent } from './prefetch/transfer-control.ts';
import type { ObjectRef } from './storage.ts';

/** How an object is opened. */
export interface RemoteAccess {
  readonly objects?: Partial<ObjectOptions> | undefined;
  /** Called with retries and the like. */
  readonly onEvent?: OnTransferEvent | undefined;
}

/** Bytes read at a time from a position in an object, and such reads in progress at once. */
const STEP_BYTES = 4 * 1024 * 1024;
const STEPS_AHEAD = 4;

const END: IteratorResult<Uint8Array> = { done: true, value: undefined };

/**
 * Opens an object for reading. The client is imported, and the first request sent, with the first chunk.
 * @param start position of the first byte to read
 */
export function openObjectSource(object: ObjectRef, access: RemoteAccess, start: number): OpenSource {
  const chunks = new ObjectChunks(object, access, start);
  // Callers ask for the size after the first chunk.
  const size = (): number => chunks.size ?? Number.POSITIVE_INFINITY;
  return { uri: object.uri, size, chunks: { [Symbol.asyncIterator]: () => chunks } };
}

/** The chunks of an object, opened with the first. Not a generator: its return() would wait for the request in progress. */
class ObjectChunks implements AsyncIterator<Uint8Array> {
  readonly #object: ObjectRef;
  readonly #access: RemoteAccess;
  readonly #start: number;
  readonly #stop = new AbortController();
  #size: (() => number | undefined) | undefined;
  #iterator: AsyncIterator<Uint8Array> | undefined;

  constructor(object: ObjectRef, access: RemoteAccess, start: number) {
    this.#object = object;
    this.#access = access;
    this.#start = start;
  }

  get size(): number | undefined {
    return this.#size?.();
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    if (this.#stop.signal.aborted) return END;
    this.#iterator ??= await this.#open();
    if (this.#stop.signal.aborted) return END;
    try {
      return await this.#iterator.next();
    } catch (error) {
      if (this.#stop.signal.aborted) return END;
      throw error;
    }
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    this.#stop.abort();
    await this.#iterator?.return?.();
    return END;
  }

  async #open(): Promise<AsyncIterator<Uint8Array>> {
    const { objects, onEvent } = this.#access;
    const options = { ...objects, onEvent, signal: this.#stop.signal };
    // Imported when needed: start-up time counts.
    if (this.#start > 0) {
      const { openObjectReader } = await import('./object-reader.ts');
      const reader = await openObjectReader(this.#object, options);
      this.#size = () => reader.size;
      return rangesFrom(reader, this.#start);
    }
    const { openObject } = await import('./open-object.ts');
    const opened = openObject(this.#object, options);
    this.#size = () => opened.size();
    return opened.chunks[Symbol.asyncIterator]();
  }
}

async function* rangesFrom(reader: ObjectReader, start: number): AsyncGenerator<Uint8Array, void, undefined> {
  const ahead: Promise<Uint8Array>[] = [];
  let at = start;
  try {
    while (at < reader.size || ahead.length > 0) {
      for (; at < reader.size && ahead.length < STEPS_AHEAD; at += STEP_BYTES) {
        const next = reader.read(at, Math.min(at + STEP_BYTES, reader.size));
        next.catch(() => {}); // thrown where it is awaited
        ahead.push(next);
      }
      yield (await ahead.shift()) as Uint8Array;
    }
  } finally {
    await reader.close();
  }
}

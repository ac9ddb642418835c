import { hostModule } from '../bytes/host.ts';
import { asObjectUri } from '../bytes/object-uri.ts';
import type { OpenSource } from '../bytes/sources.ts';
import type { FormatName } from '../formats/registry.ts';
import type { ObjectOptions } from '../storage/object-options.ts';
import type { ObjectReader } from '../storage/object-reader.ts';
import type { OnTransferEvent } from '../storage/prefetch/transfer-control.ts';
import type { ObjectRef } from '../storage/storage.ts';

// What needs a client of an object store. Bundles for browsers have no-object-io.ts in its place (package.json, `browser`).

/**
 * Opens an object for reading. The client is imported, and the first request sent, with the first chunk.
 * @param named its address, `s3://bucket/key`, or that with what is known of it
 * @param onEvent called with retries and the like
 * @param start position of the first byte to read
 */
export function openObjectSource(
  named: string | URL | ObjectRef,
  objects: Partial<ObjectOptions> | undefined,
  onEvent?: OnTransferEvent,
  start = 0,
): OpenSource {
  const object = typeof named === 'string' || named instanceof URL ? { uri: asObjectUri(named) } : named;
  const { uri } = object;
  const chunks = new ObjectChunks(object, { ...objects, onEvent }, start);
  // Whoever asks for the size has had a chunk.
  const size = (): number => chunks.size ?? Number.POSITIVE_INFINITY;
  return { uri, size, chunks: { [Symbol.asyncIterator]: () => chunks } };
}

type Reading = Partial<ObjectOptions> & { readonly onEvent?: OnTransferEvent | undefined };

const END: IteratorResult<Uint8Array> = { done: true, value: undefined };

/** The chunks of an object, opened with the first. No generator: its return() would wait for the answer under way. */
class ObjectChunks implements AsyncIterator<Uint8Array> {
  readonly #object: ObjectRef;
  readonly #options: Reading;
  readonly #start: number;
  readonly #stop = new AbortController();
  #size: (() => number | undefined) | undefined;
  #iterator: AsyncIterator<Uint8Array> | undefined;

  constructor(object: ObjectRef, options: Reading, start: number) {
    this.#object = object;
    this.#options = options;
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
    if (this.#start > 0) return this.#openAt(this.#start);
    const { openObject } = await import('../storage/open-object.ts');
    const opened = openObject(this.#object, { ...this.#options, signal: this.#stop.signal });
    this.#size = () => opened.size();
    return opened.chunks[Symbol.asyncIterator]();
  }

  async #openAt(start: number): Promise<AsyncIterator<Uint8Array>> {
    const { openObjectReader } = await import('../storage/object-reader.ts');
    const reader = await openObjectReader(this.#object, { ...this.#options, signal: this.#stop.signal });
    this.#size = () => reader.size;
    return rangesFrom(reader, start);
  }
}

/** Bytes read at a time from a position in an object, and such reads under way at once. */
const STEP_BYTES = 4 * 1024 * 1024;
const STEPS_AHEAD = 4;

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

/**
 * The first bytes of an object, and its size: two requests.
 * @throws RecordpipeError as `openObjectReader`
 */
export async function objectHead(
  uri: string | URL,
  bytes: number,
  objects: Partial<ObjectOptions> | undefined,
  signal: AbortSignal | undefined,
): Promise<{ head: Uint8Array; size: number }> {
  const { openObjectReader } = await import('../storage/object-reader.ts');
  const reader = await openObjectReader(asObjectUri(uri), { ...objects, signal });
  try {
    return { head: await reader.read(0, Math.min(bytes, reader.size)), size: reader.size };
  } finally {
    await reader.close();
  }
}

/** How the names of several files are expanded. */
interface Naming {
  readonly format?: FormatName | 'auto' | undefined;
  readonly objects?: Partial<ObjectOptions> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The files that a source stands for, as `expandInputs` of `recordpipe/check` has them: a folder, pattern, prefix with a
 * slash at its end, `@list`, or an array of those and of files. Undefined for a source that is none of these.
 */
export function filesOf(source: unknown, options: Naming): AsyncIterable<string> | undefined {
  const names: readonly unknown[] = Array.isArray(source) ? source : [source];
  if (names.length === 0 || !names.every((name) => typeof name === 'string' || name instanceof URL))
    return undefined;
  if (!Array.isArray(source) && !standsForFiles(source as string | URL)) return undefined;
  return expanded(names as (string | URL)[], options);
}

function standsForFiles(name: string | URL): boolean {
  if (typeof name === 'string' && /^@|^s3:\/\/[^/]+$|\/$|[*?[{]/.test(name)) return true;
  const path = String(name).startsWith('file:') ? new URL(name) : name;
  try {
    return hostModule('node:fs')?.statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    return false;
  }
}

async function* expanded(
  names: readonly (string | URL)[],
  { format, objects, signal }: Naming,
): AsyncGenerator<string, void, undefined> {
  const { Expansion } = await import('./inputs/expand.ts');
  const expansion = new Expansion({ format, objects, signal });
  for (const name of names)
    for await (const { path } of expansion.filesOf(name instanceof URL ? name.href : name)) yield path;
}

import { hostModule } from '../bytes/host.ts';
import { asObjectUri } from '../bytes/object-uri.ts';
import type { OpenSource } from '../bytes/sources.ts';
import type { FormatName } from '../framing/format-name.ts';
import type { ObjectOptions } from '../objects/object-options.ts';
import type { ObjectRef } from '../objects/object-source.ts';
import type { OnTransferEvent } from '../objects/transfer-events.ts';

// What needs a client of an object store. Bundles for browsers have no-object-io.ts in its place (package.json, `browser`).

/**
 * Opens an object for reading from its beginning. The client is imported, and the first request sent, when the first chunk is asked for.
 * @param named its address, `s3://bucket/key`, or that with what is known of it
 * @param onEvent told of retries and the like
 */
export function openObjectSource(
  named: string | URL | ObjectRef,
  objects: Partial<ObjectOptions> | undefined,
  onEvent?: OnTransferEvent,
): OpenSource {
  const object = typeof named === 'string' || named instanceof URL ? { uri: asObjectUri(named) } : named;
  const { uri } = object;
  const chunks = new ObjectChunks(object, { ...objects, onEvent });
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
  readonly #stop = new AbortController();
  #size: (() => number | undefined) | undefined;
  #iterator: AsyncIterator<Uint8Array> | undefined;

  constructor(object: ObjectRef, options: Reading) {
    this.#object = object;
    this.#options = options;
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
    const { openObject } = await import('../objects/open-object.ts');
    const opened = openObject(this.#object, { ...this.#options, signal: this.#stop.signal });
    this.#size = () => opened.size();
    return opened.chunks[Symbol.asyncIterator]();
  }
}

/** How the names of several files are expanded. */
interface Naming {
  readonly format?: FormatName | 'auto' | undefined;
  readonly objects?: Partial<ObjectOptions> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The files that a source stands for, as `expandInputs` of `recordpipe/report` has them: a folder, pattern, prefix with a
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
  const { Expansion } = await import('../inputs/expand.ts');
  const expansion = new Expansion({ format, objects, signal });
  for (const name of names)
    for await (const { path } of expansion.filesOf(name instanceof URL ? name.href : name)) yield path;
}

import { RecordpipeError } from '../../src/errors.ts';
import { FetchFailure } from '../../src/storage/errors.ts';
import { compareKeys } from '../../src/storage/object-address.ts';
import { type ObjectWriting, objectOutput } from '../../src/storage/object-output.ts';
import { registerScheme } from '../../src/storage/registry.ts';
import type {
  ObjectInfo,
  ObjectRef,
  ObjectStat,
  Output,
  OutputOptions,
  Place,
  RangeRequest,
  RangeSink,
  Storage,
} from '../../src/storage/storage.ts';

interface MemObject {
  readonly bytes: Uint8Array;
  readonly etag: string;
}

/** Chunk size of responses. */
const CHUNK_BYTES = 64 * 1024;

/**
 * Objects in memory under `mem://` URIs. Shows what a storage must implement, and that no other
 * code depends on the scheme.
 */
export class MemStorage implements Storage {
  readonly objects: Map<string, MemObject> = new Map();
  /** Number of calls per operation. */
  readonly calls: Record<'list' | 'stat' | 'read' | 'write' | 'remove', number> = {
    list: 0,
    stat: 0,
    read: 0,
    write: 0,
    remove: 0,
  };
  #writes = 0;

  /**
   * Registers the scheme.
   * @returns a function that removes it
   */
  register(): () => void {
    return registerScheme({
      name: 'mem',
      addressOf: (uri) => decodeURIComponent(String(uri)),
      load: async () => this,
    });
  }

  put(uri: string, bytes: Uint8Array): void {
    this.#writes += 1;
    this.objects.set(uri, { bytes: bytes.slice(), etag: `mem-${this.#writes}` });
  }

  get(uri: string): Uint8Array {
    const object = this.objects.get(uri);
    if (object === undefined) throw new RecordpipeError('object-missing', 'no such object', { uri });
    return object.bytes;
  }

  place(uri: string): Place {
    const root = /^mem:\/\/[^/]*/.exec(uri)?.[0] ?? uri;
    return {
      name: uri.slice(root.length + 1),
      uriOf: (name) => `${root}/${name}`,
      nameOf: (one) => one.slice(root.length + 1),
      folder: async (one) => one,
      missing: 'object-missing',
    };
  }

  async *list(prefix: string): AsyncGenerator<ObjectInfo, void, undefined> {
    this.calls.list += 1;
    for (const uri of [...this.objects.keys()].sort(compareKeys))
      if (uri.startsWith(prefix)) yield this.#info(uri);
  }

  async stat({ uri }: ObjectRef): Promise<ObjectStat> {
    this.calls.stat += 1;
    return { ...this.#info(uri), checksums: [], metadata: {} };
  }

  async read({ uri, start, end, etag }: RangeRequest, sink: RangeSink, signal: AbortSignal): Promise<void> {
    this.calls.read += 1;
    await new Promise((resolve) => setImmediate(resolve));
    const object = this.objects.get(uri);
    if (object === undefined) throw new FetchFailure('missing', 'no such object');
    if (etag !== undefined && etag !== object.etag) throw new FetchFailure('changed', 'it was overwritten');
    const stop = Math.min(end ?? object.bytes.length, object.bytes.length);
    sink.onHead({ ...this.#info(uri), start, end: stop });
    for (let at = start; at < stop; at += CHUNK_BYTES) {
      if (signal.aborted) throw new FetchFailure('aborted', 'aborted');
      sink.onData(object.bytes.slice(at, Math.min(at + CHUNK_BYTES, stop)));
    }
  }

  write(uri: string, options: OutputOptions): Promise<Output> {
    this.calls.write += 1;
    return objectOutput(uri, options, async (wanted) => this.#writing(wanted, options.overwrite));
  }

  async remove(uri: string): Promise<void> {
    this.calls.remove += 1;
    this.objects.delete(uri);
  }

  #writing(uri: string, overwrite: boolean): ObjectWriting {
    if (!overwrite && this.objects.has(uri))
      throw new RecordpipeError('already-exists', 'an object has that name already', { uri });
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    return {
      get bytes() {
        return bytes;
      },
      write: async (chunk) => {
        bytes += chunk.length;
        chunks.push(chunk.slice());
      },
      close: async () => this.put(uri, Buffer.concat(chunks)),
      abort: async () => {},
    };
  }

  #info(uri: string): ObjectInfo {
    const object = this.objects.get(uri);
    if (object === undefined) throw new RecordpipeError('object-missing', 'no such object', { uri });
    return { uri, size: object.bytes.length, etag: object.etag, modified: new Date(0) };
  }
}

import { inflate } from '../bytes/inflate/inflate.ts';
import { looksLikeGzip } from '../bytes/sniff.ts';
import type { ByteSource } from '../bytes/sources.ts';
import { RecordpipeError } from '../errors.ts';
import { PeekedSource } from '../records/peeked-source.ts';
import { isRereadable } from '../storage/inspect.ts';
import type { ObjectOptions } from '../storage/object-options.ts';
import { isRemote } from '../storage/registry.ts';
import type { StoredFile } from '../storage/storage.ts';
import { openStoredFile } from '../storage/stored-file.ts';
import type { TableSource } from './formats/table-format.ts';

const CHUNK_BYTES = 1024 * 1024;

/** An open table, which must be closed. */
export interface OpenTableSource extends TableSource {
  close(): Promise<void>;
}

/** How to read a table. */
export interface TableAccess {
  /** Name for messages. Default: the path or address. */
  readonly uri?: string | undefined;
  readonly objects?: Partial<ObjectOptions> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens a table. Files and objects can be read at any position and several times; other sources,
 * such as standard input, once. `stream` decompresses gzip.
 *
 * @throws RecordpipeError `not-found`, `access-denied`, `io-failure`, `unsupported-source`; for
 *   objects also `object-missing`, `retries-exhausted`, `aborted`
 */
export async function openTableSource(source: ByteSource, access: TableAccess): Promise<OpenTableSource> {
  const { signal, objects } = access;
  const isFile =
    (typeof source === 'string' && source !== '-') || source instanceof URL
      ? isRemote(source) || isRereadable(source)
      : false;
  const file = isFile ? await openStoredFile(source as string | URL, { objects, signal }) : undefined;
  const uri = access.uri ?? (typeof source === 'string' || source instanceof URL ? String(source) : 'table');
  let compressed = false;
  return {
    uri,
    byteLength: file?.size,
    get compressed() {
      return compressed;
    },
    slice: (start, end) => readSlice(file, uri, start, end),
    stream: () =>
      plainChunks(source, access, () => {
        compressed = true;
      }),
    close: async () => file?.close(),
  };
}

async function readSlice(
  file: StoredFile | undefined,
  uri: string,
  start: number,
  end: number,
): Promise<Uint8Array> {
  if (file === undefined)
    throw new RecordpipeError('unsupported-source', 'this format must be read from a file, not a pipe', {
      uri,
    });
  const bytes = new Uint8Array(end - start);
  await file.read(bytes, 0, bytes.length, start);
  return bytes;
}

/** Yields the bytes of a source, decompressed. */
async function* plainChunks(
  source: ByteSource,
  { objects, signal }: TableAccess,
  onCompressed: () => void,
): AsyncGenerator<Uint8Array> {
  const peeked = PeekedSource.open(source, { chunkBytes: CHUNK_BYTES }, signal, objects);
  try {
    while (peeked.head.length < 3 && !peeked.whole) await peeked.peek();
    const chunks = chunksOf(peeked);
    if (looksLikeGzip(peeked.head)) {
      onCompressed();
      yield* inflate(chunks, { kind: 'gzip', zlibConcat: false, whenTruncated: 'throw' });
    } else yield* chunks;
  } finally {
    await peeked.close();
  }
}

async function* chunksOf(peeked: PeekedSource): AsyncGenerator<Uint8Array> {
  yield* peeked.taken.splice(0);
  for (let next = await peeked.iterator.next(); !next.done; next = await peeked.iterator.next())
    yield next.value;
}

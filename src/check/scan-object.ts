import type { OpenSource } from '../bytes/sources.ts';
import { recordFormat } from '../formats/registry.ts';
import { identifyPeeked } from '../records/identify-source.ts';
import { openObjectSource } from '../records/object-io.ts';
import { PeekedSource } from '../records/peeked-source.ts';
import { type OnBatch, type RecordScan, scanSource } from '../records/scan-source.ts';
import { shareRequests } from './count-quickly.ts';
import type { FileInput, FileTask, Watch } from './file-task.ts';
import { sinceThePlan } from './file-task.ts';

/** What comes by the network is not read into the scanner's buffers, which are for records that reach from one chunk into the next. */
const CHUNK_BYTES = 64 * 1024;
/** What counting does not look at. */
const COUNTING = { checksum: 'length', strictPadding: false } as const;

/** Finds out what an object is, and walks through all its records as they come. */
export async function scanObject(
  { path: uri, size, etag, frozen }: FileInput,
  task: FileTask,
  { signal, onProgress, onRetry, onSize, onFinding }: Watch,
  onBatch?: OnBatch,
): Promise<RecordScan> {
  shareRequests(task.requests);
  const { format = 'auto', compression = 'auto', objects } = task.reading;
  let changed = false;
  const given = openObjectSource({ uri, size, etag }, objects, ({ type }) => {
    if (type === 'retry') onRetry?.();
    if (type === 'restarted') changed = true;
  });
  const opened = frozen ? unlessChanged(given, () => changed) : given;
  const source = new PeekedSource(opened, signal);
  const known = format === 'auto' ? 'auto' : recordFormat(format);
  const found = await identifyPeeked(source, { format: known, compression, uri });
  const options = {
    ...task.reading,
    ...(task.check === 'count' && COUNTING),
    uri,
    compression: found.compression,
    maxErrors: task.maxErrors,
    chunkBytes: CHUNK_BYTES,
    signal,
    onProgress,
    onFinding,
  };
  const stored = found.size?.();
  if (stored !== undefined && Number.isFinite(stored)) onSize?.(stored);
  const scanned = await scanSource(recordFormat(found.format), source, options, onBatch);
  const bytes = found.size?.() ?? 0;
  return { ...scanned, bytes: Math.max(scanned.bytes, Number.isFinite(bytes) ? bytes : 0) };
}

/** The object, which must be in the state that is known of it: it is begun anew in another one before a byte of it comes. */
function unlessChanged(opened: OpenSource, changed: () => boolean): OpenSource {
  const chunks = opened.chunks[Symbol.asyncIterator]();
  const checked: AsyncIterator<Uint8Array> = {
    next: async () => {
      const step = await chunks.next();
      if (!changed()) return step;
      await chunks.return?.();
      throw sinceThePlan('object-changed', opened.uri!, 'the object was overwritten');
    },
    return: async () => (await chunks.return?.()) ?? { done: true, value: undefined },
  };
  return { ...opened, chunks: { [Symbol.asyncIterator]: () => checked } };
}

import { certainFormat } from '../formats/format-name.ts';
import { HopWorth } from '../records/hop-worth.ts';
import { type ObjectReader, openObjectReader } from '../storage/object-reader.ts';
import type { FileInput } from './file-input.ts';
import type { Watch } from './file-task.ts';
import type { CheckedReading } from './files-options.ts';
import { BLOCK_BYTES, HOP_BYTES, type HopCount, loadHopper } from './header-hops.ts';

/**
 * Counts the records of an uncompressed object in TFRecord or RecordIO by its headers, each of which is a request where records are large. Undefined at
 * anything unusual, and where all of it is read faster: the scan does so.
 */
export async function hopObject(
  { path: uri, size, etag }: FileInput,
  reading: Partial<CheckedReading>,
  { signal, onProgress, onRetry, onSize }: Watch,
): Promise<HopCount | undefined> {
  const { compression, objects } = reading;
  if (compression === 'gzip' || compression === 'zlib' || size === 0) return undefined;
  if (objects?.verifyObject) return undefined; // for which all of it is read
  const reader = await openObjectReader(
    { uri, size, etag },
    { ...objects, signal, onEvent: ({ type }) => type === 'retry' && onRetry?.() },
  );
  try {
    onSize?.(reader.size);
    return await hop(reader, reading, onProgress);
  } finally {
    await reader.close();
  }
}

async function hop(
  reader: ObjectReader,
  reading: Partial<CheckedReading>,
  onProgress: Watch['onProgress'],
): Promise<HopCount | undefined> {
  const { size: bytes } = reader;
  const { format: wantedFormat = 'auto' } = reading;
  if (bytes === 0) return undefined;
  let read = await reader.read(0, Math.min(BLOCK_BYTES, bytes));
  const format = certainFormat(read);
  if (format === undefined || (wantedFormat !== 'auto' && wantedFormat !== format)) return undefined;
  const hopper = await loadHopper(format, reading);
  const block = hopper.nextBuffer();
  const worth = new HopWorth();
  let wanted = BLOCK_BYTES;
  for (let at = 0; ; ) {
    const before = at;
    block.set(read);
    if (!hopper.walk(block, read.length)) return undefined;
    at += hopper.position;
    if (hopper.frame > BLOCK_BYTES) {
      hopper.hop();
      at += hopper.frame;
      wanted = HOP_BYTES;
    } else if (hopper.position > 0 || wanted < BLOCK_BYTES) {
      wanted = BLOCK_BYTES;
    } else {
      return undefined; // no whole record in a whole block: the object ends within one
    }
    onProgress?.(Math.min(at, bytes));
    if (at >= bytes)
      return at === bytes && hopper.mayEnd ? { format, records: hopper.records, bytes } : undefined;
    if (!worth.goesOn(at - before, at, bytes)) return undefined;
    read = await reader.read(at, Math.min(at + wanted, bytes));
  }
}

import { RecordpipeError } from '../../errors.ts';
import type { BoundaryFinder, RecordSource } from '../../formats/record-format.ts';
import { type AnyFormat, type AnyOptions, recordFormat } from '../../formats/registry.ts';
import { hopHeaders } from '../../records/hop-headers.ts';
import { defaultChunkBytes } from '../../records/read-options.ts';
import { type OnBatch, prepareScan, type RangeScan, scanOpened } from '../../records/scan-source.ts';
import { rangeBounds } from '../../records/workers/range-bounds.ts';
import { orFailure, type RecordStart } from '../../records/workers/range-plan.ts';
import { type ByteRange, openRange, type RangeSource } from '../../records/workers/range-source.ts';
import { packError } from '../../records/workers/serve-jobs.ts';
import type { FileTask, Watch } from '../file-checker.ts';
import { type FileInput, objectOf, uriOf } from '../file-input.ts';
import { REMOTE_CHUNK_BYTES, scanOptions } from '../scan-file.ts';
import type { CheckedRange, CheckOrder, RangeCounts } from './range-order.ts';

/** Number of bytes after a finding that its message may depend on. */
const SHOWN_BYTES = 1024;

const NOTHING: RangeCounts = {
  records: 0,
  payloadBytes: 0,
  errors: [],
  errorCount: 0,
  trailingBytes: 0,
  warnings: 0,
};

/**
 * Checks the records of one range of a file or object.
 * @throws RecordpipeError `aborted`; other failures are part of the result
 */
export function checkRange(order: CheckOrder, task: FileTask, watch: Watch): Promise<CheckedRange> {
  return orFailure(checked(order, task, watch));
}

async function checked(order: CheckOrder, task: FileTask, watch: Watch): Promise<CheckedRange> {
  const { input, plan, from } = order;
  const format = recordFormat(order.format);
  const options = format.readOptions(task.reading as Partial<AnyOptions>);
  const finder = (await format.boundaryFinder!(options)) as BoundaryFinder;
  const source = await openRange(objectOf(input), order.objects, watch);
  try {
    if (source.size !== plan.size)
      throw new RecordpipeError('source-changed', 'the file has changed', { uri: input.path });
    const range = await rangeBounds(finder, source.read, order);
    const { start } = range;
    const first = { offset: start, record: typeof from === 'number' ? 0 : from.record };
    if (start < 0) return { ...range, next: first, scan: NOTHING, independent: true };
    if (task.check === 'count' && task.look === undefined) {
      const records = await hopped(source, format, options, range, watch);
      const next = { offset: range.end, record: first.record + (records ?? 0) };
      if (records !== undefined) return { ...range, next, scan: { ...NOTHING, records }, independent: true };
    }
    // Import modules lazily to reduce startup time.
    const module = task.look && (await import('../look-inside.ts'));
    const inside = await module?.lookInside(task.look!, input, task.maxErrors);
    const scan = await scanRange(
      source,
      format,
      range,
      first,
      input,
      task,
      { ...watch, onFinding: undefined },
      inside?.onBatch,
    );
    const { offset = 0, record = 0 } = scan.next;
    const { records, payloadBytes, trailingBytes, warnings, stoppedAt } = scan;
    const found = inside === undefined ? scan : module!.withFailures(scan, inside.failures, task.maxErrors);
    const errors = found.errors.map(packError);
    const { errorCount } = found;
    return {
      ...range,
      next: { offset, record },
      scan: {
        records,
        payloadBytes,
        errors,
        errorCount,
        trailingBytes,
        warnings,
        ...(stoppedAt !== undefined && { stoppedAt }),
      },
      independent: isIndependent(scan, range),
      looked: inside?.found(),
    };
  } finally {
    await source.close();
  }
}

/**
 * Counts the records of a range by their headers. Returns undefined if the contents require a scan,
 * or if reading all of an object is faster.
 */
async function hopped(
  source: RangeSource,
  format: AnyFormat,
  options: AnyOptions,
  range: ByteRange,
  watch: Watch,
): Promise<number | undefined> {
  const hop = await format.headerHop?.(options);
  if (hop === undefined || (hop.readsAll && !source.isLocal)) return undefined;
  return (await hopHeaders(source.part(range), hop, watch)) ? hop.records : undefined;
}

/** Scans the records of a range. @param start place of the first record */
export async function scanRange(
  source: RangeSource,
  format: AnyFormat,
  range: ByteRange,
  start: RecordStart,
  input: FileInput,
  task: FileTask,
  { signal, onProgress, onFinding }: Watch,
  onBatch: OnBatch,
): Promise<RangeScan> {
  const { isLocal, size } = source;
  const { maxErrors, ...reading } = {
    ...scanOptions(input, task, { signal }),
    compression: 'none',
    blocking: isLocal,
    chunkBytes: isLocal ? defaultChunkBytes(onBatch === undefined) : REMOTE_CHUNK_BYTES,
  } as const;
  const prepared = await prepareScan(format, reading as Partial<AnyOptions>);
  const open = (nextBuffer?: () => Uint8Array): RecordSource => ({
    uri: uriOf(input),
    compression: 'none',
    size: () => size,
    start,
    ...source.open(range, nextBuffer),
  });
  const memory = { buffered: isLocal, isFile: isLocal };
  return scanOpened(prepared, open, { maxErrors, onProgress, onFinding }, onBatch, memory);
}

/**
 * Reports whether a scan of a range has the same result as one that continues after its end: it
 * reached the end, and its last finding does not depend on the bytes or records after it.
 */
function isIndependent(
  { next, atEnd, last, trailingBytes, warnings }: RangeScan,
  { end }: ByteRange,
): boolean {
  if (next.offset !== end || atEnd > 0 || trailingBytes > 0 || warnings > 0) return false;
  if (last === undefined) return true;
  const { offset = end, record = 0 } = last;
  return offset + SHOWN_BYTES <= end && record + 1 < (next.record ?? 0);
}

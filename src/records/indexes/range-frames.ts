import { DATA_ERROR_CODES, isRecordpipeError } from '../../errors.ts';
import type { FormatName } from '../../formats/names/index.ts';
import type { BoundaryFinder } from '../../formats/record-format.ts';
import { type AnyOptions, recordFormat } from '../../formats/registry.ts';
import type { ObjectOptions } from '../../storage/object-options.ts';
import type { ObjectRef } from '../../storage/storage.ts';
import { hopHeaders } from '../hop-headers.ts';
import { rangeBounds } from '../workers/range-bounds.ts';
import { orFailure, type RangeOrder, type RangeResult } from '../workers/range-plan.ts';
import { type ByteRange, openRange, type RangeSource } from '../workers/range-source.ts';
import { frameFinder } from './frame-finder.ts';
import { type FrameTable, FrameTableBuilder } from './frame-table.ts';

/** A range of a file or object in which to find the frames. It can be sent to a worker thread. */
export interface FramesOrder extends RangeOrder {
  readonly object: ObjectRef;
  readonly objects: Partial<ObjectOptions> | undefined;
  readonly format: FormatName;
  readonly options: AnyOptions;
}

/** The frames of a range. */
export interface RangeFrames extends RangeResult {
  /** The packed frames; undefined if the contents require a scan of the whole file. */
  readonly frames?: Pick<FrameTable, 'count' | 'shortest' | 'extra'>;
}

/** Finds the frames of one range of a file. */
export function rangeFrames(order: FramesOrder): Promise<RangeFrames> {
  return orFailure(found(order));
}

async function found(order: FramesOrder): Promise<RangeFrames> {
  const { object, objects, plan, from, options } = order;
  const format = recordFormat(order.format);
  const finder = (await format.boundaryFinder!(options)) as BoundaryFinder;
  const source = await openRange(object, objects, {});
  try {
    const { start, end } = await rangeBounds(finder, source.read, order);
    const first = { offset: start, record: typeof from === 'number' ? 0 : from.record };
    if (start < 0) return { start, end, next: first, independent: true };
    const table = source.size === plan.size ? await find(source, order, { start, end }) : undefined;
    if (table === undefined) return { start, end, next: first, independent: false };
    const { count, shortest, extra } = table;
    const next = { offset: end, record: first.record + count };
    return { start, end, next, independent: true, frames: { count, shortest, extra } };
  } finally {
    await source.close();
  }
}

/** Finds the frames of a range. Returns undefined at any irregularity. */
async function find(
  source: RangeSource,
  { format: name, options, object: { uri } }: FramesOrder,
  range: ByteRange,
): Promise<FrameTable | undefined> {
  const format = recordFormat(name);
  const bytes = range.end - range.start;
  const builder = new FrameTableBuilder();
  const hop = await format.headerHop?.(options, builder);
  if (hop !== undefined && (await hopHeaders(source.part(range), hop, {}))) return builder.finish(bytes);
  // Reading all of an object may be faster than requesting its headers.
  if (source.isLocal && format.frameFinder === undefined) return undefined;
  const scanned = new FrameTableBuilder();
  const finder = await frameFinder(name, options, uri, bytes, scanned);
  try {
    const { chunks } = source.open(range, () => finder.nextBuffer());
    for await (const chunk of chunks) finder.push(chunk);
    finder.end();
  } catch (error) {
    // The end of the range may be a wrong guess.
    if (isRecordpipeError(error) && DATA_ERROR_CODES.has(error.code)) return undefined;
    throw error;
  }
  return scanned.finish(bytes);
}

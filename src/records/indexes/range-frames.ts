import type { FormatName } from '../../formats/names/index.ts';
import type { BoundaryFinder } from '../../formats/record-format.ts';
import { type AnyFormat, type AnyOptions, recordFormat } from '../../formats/registry.ts';
import type { StoredFile } from '../../storage/storage.ts';
import { openStoredFile } from '../../storage/stored-file.ts';
import { readAtOf } from '../find-boundary.ts';
import { hopHeaders, partOf } from '../hop-headers.ts';
import { rangeBounds } from '../workers/range-bounds.ts';
import { orFailure, type RangeOrder, type RangeResult } from '../workers/range-plan.ts';
import { type FrameTable, FrameTableBuilder } from './frame-table.ts';

/** A range of a local file whose frames to find. It can be sent to a worker thread. */
export interface FramesOrder extends RangeOrder {
  readonly path: string;
  readonly format: FormatName;
  readonly options: AnyOptions;
}

/** The frames of a range. */
export interface RangeFrames extends RangeResult {
  /** The packed frames; undefined if the contents require a scan of the whole file. */
  readonly frames?: Pick<FrameTable, 'count' | 'shortest' | 'extra'>;
}

const CHUNK_BYTES = 256 * 1024;

/** Finds the frames of one range of a file. */
export function rangeFrames(order: FramesOrder): Promise<RangeFrames> {
  return orFailure(found(order));
}

async function found(order: FramesOrder): Promise<RangeFrames> {
  const { path, plan, from, options } = order;
  const format = recordFormat(order.format);
  const finder = (await format.boundaryFinder!(options)) as BoundaryFinder;
  const file = await openStoredFile(path);
  try {
    const { start, end } = await rangeBounds(finder, readAtOf(file), order);
    const first = { offset: start, record: typeof from === 'number' ? 0 : from.record };
    if (start < 0) return { start, end, next: first, independent: true };
    const builder = new FrameTableBuilder();
    const regular = file.size === plan.size && (await find(file, format, options, builder, start, end));
    if (!regular) return { start, end, next: first, independent: false };
    const { count, shortest, extra } = builder.finish(end - start);
    const next = { offset: end, record: first.record + count };
    return { start, end, next, independent: true, frames: { count, shortest, extra } };
  } finally {
    await file.close();
  }
}

/** Adds the frames of `[start, end)` to `builder`. Returns false at any irregularity. */
async function find(
  file: StoredFile,
  format: AnyFormat,
  options: AnyOptions,
  builder: FrameTableBuilder,
  start: number,
  end: number,
): Promise<boolean> {
  const hop = await format.headerHop?.(options, builder);
  if (hop !== undefined) return hopHeaders(partOf(file, start, end), hop, {});
  const finder = await format.frameFinder?.(options, CHUNK_BYTES, builder);
  if (finder === undefined) return false;
  for (let at = start; at < end; ) {
    const buffer = finder.nextBuffer();
    const have = Math.min(buffer.length, end - at);
    file.readNow(buffer, 0, have, at);
    finder.push(have === buffer.length ? buffer : buffer.subarray(0, have));
    at += have;
  }
  finder.end();
  return true;
}

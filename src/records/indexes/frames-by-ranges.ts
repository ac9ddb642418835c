// biome-ignore lint/style/useNodejsImportProtocol: webpack recognizes Workers by this name only.
import { Worker } from 'worker_threads';
import { checkAborted, onAbort } from '../../bytes/abortable.ts';
import { RecordpipeError } from '../../errors.ts';
import type { FormatName } from '../../formats/names/index.ts';
import { type AnyOptions, recordFormat } from '../../formats/registry.ts';
import type { StoredFile } from '../../storage/storage.ts';
import type { HopWatch } from '../hop-headers.ts';
import { RangePass } from '../workers/range-pass.ts';
import { rangePlan } from '../workers/range-plan.ts';
import { shareOfRanges } from '../workers/share-ranges.ts';
import { WorkerPool } from '../workers/worker-pool.ts';
import { type FrameTable, FrameTableBuilder } from './frame-table.ts';
import { type FramesOrder, type RangeFrames, rangeFrames } from './range-frames.ts';

/**
 * Finds the frames of a large file or object on several worker threads. Returns undefined if it is too
 * small, if its format or the options do not allow it, or if the contents require a scan.
 */
export async function framesByRanges(
  file: StoredFile,
  format: FormatName,
  options: AnyOptions,
  jobs: number,
  { signal, onProgress }: HopWatch,
): Promise<FrameTable | undefined> {
  const plan = rangePlan(file.size, jobs);
  const { remote, path } = file;
  const shared = remote && shareOfRanges(remote.object, remote.objects, jobs);
  if (plan === undefined || (remote !== undefined && shared === undefined)) return undefined;
  if (!(await recordFormat(format).boundaryFinder?.(options))) return undefined;
  checkAborted(signal);
  const orders: FramesOrder[] = Array.from({ length: Math.ceil(plan.size / plan.rangeBytes) }, (_, cut) => ({
    object: remote?.object ?? { uri: path },
    objects: shared?.objects,
    format,
    options,
    plan,
    from: cut,
    until: cut + 1,
  }));
  const builder = new FrameTableBuilder();
  let complete = true;
  const pass = new RangePass<FramesOrder, RangeFrames>(orders, ({ frames, end }) => {
    if (frames === undefined) complete = false;
    else builder.append(frames);
    onProgress?.(end);
  });
  const pool = new WorkerPool<FramesOrder>({ size: jobs, start, here: rangeFrames, died, closed });
  const stop = (): void => void pool.close();
  onAbort(signal, stop);
  try {
    const perform = (order: FramesOrder): Promise<RangeFrames> => pool.run(order) as Promise<RangeFrames>;
    await Promise.all(Array.from({ length: jobs * (shared?.ahead ?? 1) }, () => pass.help(perform)));
  } catch (error) {
    checkAborted(signal);
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
    await pool.close();
  }
  return complete && pass.failure === undefined ? builder.finish(plan.size) : undefined;
}

function start(): Worker {
  return new Worker(new URL('./recordpipe-index-worker.js', import.meta.url));
}

function died(reason: unknown): Error {
  if (reason instanceof Error) return reason;
  return new RecordpipeError('io-failure', `a worker thread died with exit code ${reason}; use fewer jobs`);
}

function closed(): RecordpipeError {
  return new RecordpipeError('aborted', 'stopped before the end of the file');
}

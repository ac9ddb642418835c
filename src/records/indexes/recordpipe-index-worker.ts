/**
 * Entry point of the worker threads that find the frames of ranges. The file name contains the
 * package name because bundled code resolves it in the folder of the bundle, next to workers of
 * other packages.
 */
import { serveJobs } from '../workers/serve-jobs.ts';
import { type FramesOrder, rangeFrames } from './range-frames.ts';

serveJobs(async (order) => {
  const value = await rangeFrames(order as FramesOrder);
  return { value, ...(value.frames && { buffers: [value.frames.extra.buffer as ArrayBuffer] }) };
});

import { checkAborted } from '../bytes/abortable.ts';
import { checkOptionNames } from '../bytes/option-names.ts';
import { typeName } from '../bytes/type-name.ts';
import { UsageError } from '../errors.ts';
import { objectOptions } from '../objects/object-options.ts';
import { partSizes } from '../objects/upload/part-sizes.ts';
import { storedBytes } from '../report/file-task.ts';
import { checkedReading } from '../report/report-options.ts';
import { PartBuffers } from './part-buffers.ts';
import { type PlannedUpload, planUploads } from './plan-uploads.ts';
import { type UploadTask, uploadOne } from './upload-one.ts';
import { UPLOAD_OPTION_NAMES, type UploadOptions, uploadOptions } from './upload-options.ts';
import { type UploadedFile, type UploadReport, uploadReport } from './upload-report.ts';
import { UploadTally } from './upload-tally.ts';

/**
 * Checks record files and uploads them. Each is read once and checked, and then just those bytes are sent: their checksums are compared on the way, so that a file that has changed
 * in between is noticed and nothing of it stays. Files whose data is bad are refused, the others go on.
 *
 * Files of folders and patterns keep their path below the folder. A destination with a slash at its end, or a bucket, is a folder, any other is the one object's name, as for
 * `aws s3 cp`. An existing object is replaced only with `overwrite`; one that is the same already is no failure.
 *
 * How each is sent: see `openObjectWriter`. What a killed process had sent of a file is found again, and only what is missing of it is sent.
 *
 * @param inputs files, folders, patterns, `@list`: see `expandInputs`
 * @param destination `s3://bucket/folder/`, or `s3://bucket/key` for one file
 * @throws RecordpipeError `not-found` where an input stands for no file; `aborted`, after which nothing unfinished is left in the bucket; what keeps the manifest from being written. What is wrong with
 * a file, or keeps it from being sent, is in the report.
 * @throws UsageError for a wrong option or destination
 * @example
 * ```ts
 * import { uploadFiles } from 'recordpipe/upload';
 * async function publish(folder: string): Promise<void> {
 *   const { ok, files } = await uploadFiles(folder, 's3://bucket/train/', { overwrite: true, manifest: 'train.manifest' });
 *   for (const { path, status, error } of files) console.log(path, status, error?.message);
 *   if (!ok) throw new Error('not all of it is there');
 * }
 * console.log(publish.name); // publish
 * ```
 */
export async function uploadFiles(
  inputs: string | readonly string[],
  destination: string,
  given: Partial<UploadOptions> = {},
): Promise<UploadReport> {
  if (typeof destination !== 'string')
    throw new UsageError(`destination: expected s3://bucket/folder/, got ${typeName(destination)}`);
  checkOptionNames('uploadFiles', given, UPLOAD_OPTION_NAMES);
  const { signal, onFile, onProgress, manifest } = given;
  const options = uploadOptions(given);
  const objects = objectOptions(given.objects);
  const { jobs: _, ...reading } = given;
  const checked = await checkedReading(reading as Parameters<typeof checkedReading>[0]);
  checkAborted(signal);
  const { files: planned, notices } = await planUploads(inputs, destination, given);
  const { windowBytes, maxRequests, partBytes } = objects;
  const largest = planned.reduce(
    (most, file) => Math.max(most, partSizes(partBytes, storedBytes(file))(1)),
    0,
  );
  const most = Math.max(1, Math.min(maxRequests, Math.floor(windowBytes / largest)));
  const schema = given.schema && (await import('../stats/read-schema.ts')).readSchema(given.schema);
  const look = schema && { schema };
  const task: UploadTask = {
    options,
    objects,
    reading: checked,
    look,
    buffers: new PartBuffers(most),
    signal,
  };
  const tally = new UploadTally(planned, options.dryRun, onFile, onProgress);
  await run(planned, task, tally);
  checkAborted(signal);
  const report = { ...uploadReport(tally.finish(), planned.length, null), notices };
  if (manifest === undefined || options.dryRun || !report.ok) return report;
  const { writeManifest } = await import('../manifest/write-manifest.ts');
  await writeManifest(
    manifest,
    report.files.map(({ uri }) => uri),
    { overwrite: options.overwrite, objects, signal },
  );
  return { ...report, manifest };
}

/** Several files at once, in order. */
async function run(planned: readonly PlannedUpload[], task: UploadTask, tally: UploadTally): Promise<void> {
  const stop = new AbortController();
  const signal = task.signal === undefined ? stop.signal : AbortSignal.any([task.signal, stop.signal]);
  const queue = planned.entries();
  let ended = false;
  const lane = async (): Promise<void> => {
    for (let next = queue.next(); !next.done && !ended; next = queue.next()) {
      const [index, file] = next.value;
      const done: UploadedFile = await uploadOne(file, { ...task, signal }, tally.watch(index));
      tally.take(index, done);
      if (task.options.failFast && (done.status === 'refused' || done.status === 'failed')) ended = true;
    }
  };
  const lanes = Array.from({ length: Math.min(task.options.jobs, planned.length) }, lane);
  try {
    await Promise.all(lanes);
  } catch (error) {
    // The others take back what they have begun.
    stop.abort(error);
    await Promise.allSettled(lanes);
    throw error;
  }
}

import { checkAborted } from '../bytes/abortable.ts';
import { checkOptionNames, typeName } from '../bytes/arguments.ts';
import { storedBytes } from '../check/file-input.ts';
import { checkedReading } from '../check/files-options.ts';
import { UsageError } from '../errors.ts';
import { objectOptions } from '../storage/object-options.ts';
import { partSizes } from '../storage/upload/write-options.ts';
import { type PlannedUpload, planUploads } from './plan-uploads.ts';
import { PartBuffers } from './send-file.ts';
import { type UploadTask, uploadFile } from './upload-file.ts';
import { UPLOAD_OPTION_NAMES, type UploadOptions, uploadOptions } from './upload-options.ts';
import { type UploadedFile, type UploadReport, UploadTally, uploadReport } from './upload-report.ts';

/**
 * Validates record files and uploads them. Each file is read and validated, then uploaded with the
 * checksums of the validated bytes. If the file changes in the meantime, its upload fails and is
 * removed. Invalid files are rejected; the run continues with the others.
 *
 * Files from folders and patterns keep their path below the folder. A destination that ends with a
 * slash, or consists only of a bucket, is a folder; any other destination is the key of a single
 * object, as with `aws s3 cp`. Existing objects are replaced only with `overwrite`; an existing
 * object with the same contents is not a failure.
 *
 * See `openObjectWriter` for how files are sent. An upload reuses the parts that a killed process
 * has already sent, and sends only the missing ones.
 *
 * @param inputs files, folders, patterns, `@list`: see `expandInputs`
 * @param destination `s3://bucket/folder/`, or `s3://bucket/key` for one file
 * @throws RecordpipeError `not-found` if an input matches no file; `aborted`, after which no
 *   incomplete upload remains in the bucket; any error that prevents writing the manifest. Failures
 *   of files are in the report.
 * @throws UsageError for an invalid option or destination
 * @example
 * ```ts
 * import { uploadFiles } from 'recordpipe/upload';
 * async function publish(folder: string): Promise<void> {
 *   const { ok, files } = await uploadFiles(folder, 's3://bucket/train/', { overwrite: true, manifest: 'train.manifest' });
 *   for (const { path, status, error } of files) console.log(path, status, error?.message);
 *   if (!ok) throw new Error('not all files were uploaded');
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
  const checked = checkedReading(reading as Parameters<typeof checkedReading>[0]);
  checkAborted(signal);
  const { files: planned, notices } = await planUploads(inputs, destination, given);
  const { windowBytes, maxRequests, partBytes } = objects;
  const largest = planned.reduce((max, file) => Math.max(max, partSizes(partBytes, storedBytes(file))(1)), 0);
  const maxBuffers = Math.max(1, Math.min(maxRequests, Math.floor(windowBytes / largest)));
  const schema = given.schema && (await import('../check/schema/read-schema.ts')).readSchema(given.schema);
  const look = schema && { schema };
  const task: UploadTask = {
    options,
    objects,
    reading: checked,
    look,
    buffers: new PartBuffers(maxBuffers),
    signal,
  };
  const tally = new UploadTally(planned, options.dryRun, onFile, onProgress);
  await run(planned, task, tally);
  checkAborted(signal);
  const report = { ...uploadReport(tally.finish(), planned.length, null), notices };
  if (manifest === undefined || options.dryRun || !report.ok) return report;
  const { writeManifest } = await import('../pipemode/manifest/write-manifest.ts');
  await writeManifest(
    manifest,
    report.files.map(({ uri }) => uri),
    { overwrite: options.overwrite, objects, signal },
  );
  return { ...report, manifest };
}

/** Uploads files in order, several of them in parallel. */
async function run(planned: readonly PlannedUpload[], task: UploadTask, tally: UploadTally): Promise<void> {
  const stop = new AbortController();
  const signal = task.signal === undefined ? stop.signal : AbortSignal.any([task.signal, stop.signal]);
  const queue = planned.entries();
  let ended = false;
  const lane = async (): Promise<void> => {
    for (let next = queue.next(); !next.done && !ended; next = queue.next()) {
      const [index, file] = next.value;
      const done: UploadedFile = await uploadFile(file, { ...task, signal }, tally.watch(index));
      tally.take(index, done);
      if (task.options.failFast && (done.status === 'refused' || done.status === 'failed')) ended = true;
    }
  };
  const lanes = Array.from({ length: Math.min(task.options.jobs, planned.length) }, lane);
  try {
    await Promise.all(lanes);
  } catch (error) {
    // The other uploads then remove their parts.
    stop.abort(error);
    await Promise.allSettled(lanes);
    throw error;
  }
}

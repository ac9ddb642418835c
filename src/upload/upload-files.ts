import { stat } from 'node:fs/promises';
import { basename, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkAborted } from '../bytes/abortable.ts';
import { checkOptionNames, checkPath, typeName } from '../bytes/arguments.ts';
import { storedBytes } from '../check/file-input.ts';
import { type CheckedReading, checkedReading } from '../check/files-options.ts';
import type { Look } from '../check/look-inside.ts';
import { isItemFailure, isRecordpipeError, RecordpipeError, UsageError } from '../errors.ts';
import { Expansion } from '../records/inputs/expand.ts';
import type { ExpandOptions, InputNotice } from '../records/inputs/input-options.ts';
import { compileGlob, isGlob } from '../storage/glob.ts';
import { compareKeys, parseObjectUri } from '../storage/object-address.ts';
import { type ObjectOptions, objectOptions } from '../storage/object-options.ts';
import { isRemote, storageOf } from '../storage/registry.ts';
import type { ObjectStat } from '../storage/storage.ts';
import { openUpload } from '../storage/upload/object-upload.ts';
import { crcText } from '../storage/upload/upload-requests.ts';
import { objectWriteOptions, partSizes } from '../storage/upload/write-options.ts';
import { checkAndHash, type FileHash, PartBuffers, type SentFile, sendFile } from './send-file.ts';
import {
  type CompleteUploadOptions,
  UPLOAD_OPTION_NAMES,
  type UploadOptions,
  uploadOptions,
} from './upload-options.ts';
import { type UploadedFile, type UploadReport, UploadTally, uploadReport } from './upload-report.ts';

/** A file and where it goes. */
export interface PlannedUpload {
  readonly path: string;
  readonly uri: string;
}

/**
 * Which file becomes which object. Files of folders and patterns keep their path below the folder, or below the part of the pattern that has no wildcard;
 * others go by their own name. A destination that ends with a slash, or names just a bucket, is a folder; any other is the one object's name.
 * @throws UsageError for several files without a folder to go to, two files that would become one object, standard input
 * @throws RecordpipeError as `expandInputs`
 */
export async function planUploads(
  inputs: string | readonly string[],
  destination: string,
  options: ExpandOptions,
): Promise<{ readonly files: PlannedUpload[]; readonly notices: readonly InputNotice[] }> {
  checkPath('destination', destination);
  if (!destination.startsWith('s3://'))
    throw new UsageError(`destination: expected s3://bucket/key or s3://bucket/folder/, got ${destination}`);
  const { bucket, key } = parseObjectUri(destination);
  const found = new Map<string, { readonly path: string; readonly name: string }>();
  let folders = false;
  const expansion = new Expansion(options);
  for (const input of typeof inputs === 'string' ? [inputs] : inputs) {
    const base = await baseOf(input);
    folders ||= base !== undefined;
    for await (const { path } of expansion.filesOf(input)) {
      if (isRemote(path))
        throw new UsageError(
          `inputs: expected local files, got ${path}; recordpipe convert writes from S3 to S3`,
        );
      if (path === '-')
        throw new UsageError('inputs: standard input cannot be checked before it is sent; name files');
      if (!found.has(resolve(path))) found.set(resolve(path), { path, name: nameBelow(base, path) });
    }
  }
  const { notices } = await expansion.finish();
  const folder = key === '' || key.endsWith('/');
  if (!folder && (found.size > 1 || folders)) {
    const what = found.size > 1 ? `${found.size} files` : 'a folder or pattern';
    throw new UsageError(
      `destination: expected a folder for ${what}, got ${destination}; it ends with a slash: ${destination}/`,
    );
  }
  const prefix = key === '' ? `s3://${bucket}/` : destination;
  const files = [...found.values()].sort((a, b) => compareKeys(a.path, b.path));
  const planned = files.map(({ path, name }) => ({ path, uri: folder ? prefix + name : destination }));
  return { files: distinct(planned), notices };
}

/** The folder below which names are kept; undefined for a single file, or a list. */
async function baseOf(input: string): Promise<string | undefined> {
  if (input === '-' || input.startsWith('@')) return undefined;
  const path = input.startsWith('file://') ? fileURLToPath(input) : input;
  const found = await stat(path).catch(() => undefined);
  if (found !== undefined) return found.isDirectory() ? path : undefined;
  if (!isGlob(path)) return undefined;
  const { prefix } = compileGlob(path);
  return prefix.slice(0, prefix.lastIndexOf('/') + 1) || '.';
}

function nameBelow(base: string | undefined, path: string): string {
  if (base === undefined) return basename(path);
  const name = relative(resolve(base), resolve(path)).replaceAll(sep, '/');
  // A pattern may climb up: '{../x,y}/*'.
  return name.startsWith('../') ? basename(path) : name;
}

function distinct(planned: PlannedUpload[]): PlannedUpload[] {
  const seen = new Map<string, string>();
  for (const { path, uri } of planned) {
    const other = seen.get(uri);
    if (other !== undefined)
      throw new UsageError(`inputs: ${other} and ${path} would both become ${uri}; upload them apart`);
    seen.set(uri, path);
  }
  return planned;
}

/** What all files of an upload have in common. */
export interface UploadTask {
  readonly options: CompleteUploadOptions;
  readonly objects: ObjectOptions;
  readonly reading: Partial<CheckedReading>;
  /** The schema to check records against, if any. */
  readonly look: Look | undefined;
  readonly buffers: PartBuffers;
  readonly signal: AbortSignal | undefined;
}

/** Told how many bytes of a file have been read for checking, and how many are on the other side. */
export interface UploadWatch {
  onChecked(bytes: number): void;
  onSent(bytes: number): void;
}

/** Metadata in which the checksum of an object is kept, for services that keep none themselves. */
const CRC_NAME = 'recordpipe-crc32c';

/**
 * Checks one file and sends it. What is wrong with it, and what kept it from being sent, is in the answer.
 * @throws RecordpipeError `aborted`
 */
export async function uploadOne(
  { path, uri }: PlannedUpload,
  task: UploadTask,
  watch: UploadWatch,
): Promise<UploadedFile> {
  const start = performance.now();
  const { options, signal } = task;
  let known: Pick<UploadedFile, 'bytes' | 'crc32c' | 'records' | 'report'> = {
    bytes: 0,
    crc32c: null,
    records: null,
  };
  const outcome = (
    rest: Omit<UploadedFile, 'path' | 'uri' | 'seconds' | keyof typeof known>,
  ): UploadedFile => ({
    path,
    uri,
    ...known,
    ...rest,
    seconds: Math.round(performance.now() - start) / 1000,
  });
  try {
    const { report, hash } = await checkAndHash(path, {
      reading: options.validate ? task.reading : undefined,
      maxErrors: options.maxErrors,
      look: task.look,
      partBytes: (size) => partSizes(task.objects.partBytes, size)(1),
      signal,
      onProgress: (bytes) => watch.onChecked(bytes),
    });
    known = {
      bytes: hash?.size ?? report?.bytes ?? 0,
      crc32c: hash === undefined ? null : hex(hash.crc),
      records: report?.records ?? null,
      ...(options.validate && report !== undefined && { report }),
    };
    if (hash === undefined)
      return outcome({
        status: report?.unreadable ? 'failed' : 'refused',
        ...(report !== undefined && { error: report.errors[0] }),
      });
    const skipped = await skippable(uri, hash, task);
    if (skipped !== undefined) return outcome({ status: skipped });
    if (options.dryRun) return outcome({ status: 'would-upload', parts: Math.max(hash.parts.length, 1) });
    const sent = await send(path, uri, hash, task, watch);
    return outcome({
      status: 'uploaded',
      verified: sent.verified,
      parts: sent.parts,
      resumedParts: sent.resumedParts,
      ...(sent.etag !== undefined && { etag: sent.etag }),
      ...(sent.versionId !== undefined && { versionId: sent.versionId }),
    });
  } catch (error) {
    if (!isItemFailure(error) || signal?.aborted) throw error;
    if (error.code === 'already-exists' && options.skip === 'existing') return outcome({ status: 'kept' });
    return outcome({ status: 'failed', error: error.toJSON() });
  }
}

/** Whether the object that is there makes sending unnecessary. */
async function skippable(
  uri: string,
  { size, crc }: FileHash,
  { options, objects, signal }: UploadTask,
): Promise<'unchanged' | 'kept' | undefined> {
  if (options.skip === undefined) return undefined;
  const there = await statIfExists(uri, objects, signal);
  if (there === undefined) return undefined;
  if (options.skip === 'existing') return 'kept';
  const kept = there.checksums.find(
    ({ algorithm, kind }) => algorithm === 'crc32c' && kind === 'whole',
  )?.value;
  const same = kept !== undefined ? kept === crcText(crc) : there.metadata[CRC_NAME] === hex(crc);
  if (same && there.size === size) return 'unchanged';
  if (options.overwrite) return undefined;
  throw new RecordpipeError('already-exists', 'another object of this name exists', { uri });
}

async function statIfExists(
  uri: string,
  objects: ObjectOptions,
  signal: AbortSignal | undefined,
): Promise<ObjectStat | undefined> {
  try {
    return await (await storageOf(uri, objects)).stat({ uri }, signal);
  } catch (error) {
    if (isRecordpipeError(error, 'object-missing')) return undefined;
    throw error;
  }
}

async function send(
  path: string,
  uri: string,
  hash: FileHash,
  task: UploadTask,
  watch: UploadWatch,
): Promise<SentFile> {
  const sent = await sendOnce(path, uri, hash, task, watch, true);
  // An upload that was begun for what the file held earlier carries the checksum of that. Its parts are right all the same; not so what is said of them.
  const told = sent.metadata[CRC_NAME];
  if (sent.resumedParts === 0 || told === undefined || told === hex(hash.crc)) return sent;
  return sendOnce(path, uri, hash, { ...task, options: { ...task.options, overwrite: true } }, watch, false);
}

async function sendOnce(
  path: string,
  uri: string,
  hash: FileHash,
  { options, objects, buffers, signal }: UploadTask,
  watch: UploadWatch,
  resume: boolean,
): Promise<SentFile> {
  const { contentType, metadata, overwrite } = options;
  const upload = await openUpload(
    uri,
    objectWriteOptions({
      ...objects,
      overwrite,
      contentType,
      metadata: { ...metadata, [CRC_NAME]: hex(hash.crc) },
      expectedBytes: hash.size,
      signal,
    }),
  );
  try {
    return await sendFile({ path, hash, upload, buffers, resume, onSent: (bytes) => watch.onSent(bytes) });
  } catch (error) {
    await upload.abandon(error);
    throw signal?.aborted ? abortedAt(path, signal) : error;
  }
}

function abortedAt(path: string, signal: AbortSignal): RecordpipeError {
  return new RecordpipeError('aborted', 'aborted by its signal', { uri: path }, signal.reason);
}

function hex(crc: number): string {
  return crc.toString(16).padStart(8, '0');
}

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
  const checked = checkedReading(reading as Parameters<typeof checkedReading>[0]);
  checkAborted(signal);
  const { files: planned, notices } = await planUploads(inputs, destination, given);
  const { windowBytes, maxRequests, partBytes } = objects;
  const largest = planned.reduce(
    (most, file) => Math.max(most, partSizes(partBytes, storedBytes(file))(1)),
    0,
  );
  const most = Math.max(1, Math.min(maxRequests, Math.floor(windowBytes / largest)));
  const schema = given.schema && (await import('../check/schema/read-schema.ts')).readSchema(given.schema);
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
  const { writeManifest } = await import('../pipemode/manifest/write-manifest.ts');
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

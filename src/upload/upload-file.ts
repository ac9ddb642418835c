import type { CheckedReading } from '../check/files-options.ts';
import type { Look } from '../check/look-inside.ts';
import { isItemFailure, isRecordpipeError, RecordpipeError } from '../errors.ts';
import type { ObjectOptions } from '../storage/object-options.ts';
import { storageOf } from '../storage/registry.ts';
import type { ObjectStat } from '../storage/storage.ts';
import { openUpload } from '../storage/upload/object-upload.ts';
import { crcText, objectWriteOptions, partSizes } from '../storage/upload/write-options.ts';
import { checkAndHash, type FileHash } from './check-and-hash.ts';
import type { PlannedUpload } from './plan-uploads.ts';
import { type PartBuffers, type SentFile, sendFile } from './send-file.ts';
import type { CompleteUploadOptions } from './upload-options.ts';
import type { UploadedFile, UploadWatch } from './upload-report.ts';

/** Options and resources shared by all files of an upload. */
export interface UploadTask {
  readonly options: CompleteUploadOptions;
  readonly objects: ObjectOptions;
  readonly reading: Partial<CheckedReading>;
  /** How to check record contents against the schema, if there is one. */
  readonly look: Look | undefined;
  readonly buffers: PartBuffers;
  readonly signal: AbortSignal | undefined;
}

/** Metadata key for the checksum of an object, used with services that do not store one. */
const CRC_NAME = 'recordpipe-crc32c';

/**
 * Checks one file and uploads it. Failures of the file are returned in the result.
 * @throws RecordpipeError `aborted`
 */
export async function uploadFile(
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

/** Returns the status if an existing object makes the upload unnecessary; otherwise, undefined. */
async function skippable(
  uri: string,
  { size, crc }: FileHash,
  { options, objects, signal }: UploadTask,
): Promise<'unchanged' | 'kept' | undefined> {
  if (options.skip === undefined) return undefined;
  const existing = await statIfExists(uri, objects, signal);
  if (existing === undefined) return undefined;
  if (options.skip === 'existing') return 'kept';
  const stored = existing.checksums.find(
    ({ algorithm, kind }) => algorithm === 'crc32c' && kind === 'whole',
  )?.value;
  const same = stored !== undefined ? stored === crcText(crc) : existing.metadata[CRC_NAME] === hex(crc);
  if (same && existing.size === size) return 'unchanged';
  if (options.overwrite) return undefined;
  throw new RecordpipeError('already-exists', 'a different object with this key exists', { uri });
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
  // If a resumed upload began with earlier contents of the file, its parts are correct, but its
  // metadata still has the old checksum.
  const stated = sent.metadata[CRC_NAME];
  if (sent.resumedParts === 0 || stated === undefined || stated === hex(hash.crc)) return sent;
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

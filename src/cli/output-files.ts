import { constants } from 'node:fs';
import { access, open, readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { KnownFile, RecordSchema } from 'recordpipe/check';
import { isItemFailure, isRecordpipeError, RecordpipeError, UsageError } from 'recordpipe/errors';
import { complainAbout } from './advice.ts';
import { exitCodeOf, OK, worse } from './exit-codes.ts';
import { type InputSelection, inputsOf, listsIn } from './options/inputs.ts';
import { type Access, type AnyObjectOptions, accessOf, isAddress } from './options/objects.ts';
import type { ReadingOptions } from './options/reading.ts';

/**
 * Rejects a report path that refers to an input, output or list, even under another name.
 * @throws UsageError
 */
export async function refuseReportOn(
  files: readonly string[],
  report: string,
  option = '--report',
): Promise<void> {
  const reportId = await identity(report);
  for (const file of files) {
    if (file === '-') continue;
    if (isAddress(file) ? file === report : (await identity(file)) === reportId)
      throw new UsageError(
        `${option}: ${report} is also an input or output of this command; choose another name`,
      );
  }
}

/**
 * Throws an error early if a report cannot be written.
 * @throws RecordpipeError `not-found`, `access-denied`, `io-failure`
 */
export async function checkReportFolder(path: string): Promise<void> {
  if (isAddress(path)) return;
  const existing = await stat(path).catch(() => undefined);
  if (existing?.isDirectory()) throw reportError(path, new Error('the path is a directory; specify a file'));
  await access(existing === undefined || existing.isFile() ? dirname(path) : path, constants.W_OK).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw reportError(path, error);
      const text = `the directory ${dirname(path)} does not exist; create it first`;
      throw new RecordpipeError('not-found', text, { uri: path }, error);
    },
  );
}

/**
 * Throws an error early if a file cannot be written, or exists and must not be replaced.
 * @throws RecordpipeError `already-exists`, `not-found`, `io-failure`
 */
export async function checkNewFile(
  path: string,
  { force, ...options }: AnyObjectOptions & { readonly force?: true },
): Promise<void> {
  await checkReportFolder(path);
  if (force) return;
  const exists = isAddress(path)
    ? await isObject(path, options)
    : (await stat(path).catch(() => undefined))?.isFile();
  if (exists) throw new RecordpipeError('already-exists', 'already exists', { uri: path });
}

/**
 * Throws an error early if an output cannot be written or would replace an input.
 * @param others other files that must not be replaced
 */
export async function checkOutput(
  inputs: readonly (string | KnownFile)[],
  output: string,
  option: string,
  options: Pick<ReadingOptions, 'format'> & InputSelection & AnyObjectOptions,
  others: readonly string[] = [],
): Promise<void> {
  await refuseReportOn([...listsIn(inputs), ...others], output, option);
  // A list from standard input can be read only once.
  const possible = inputs.includes('@-') ? [] : inputs.filter((input) => mayContain(input, output));
  // Checking the output first avoids listing each prefix twice, here and in the run.
  if (possible.length > 0 && (!isAddress(output) || (await isObject(output, options)))) {
    const { expandInputs } = await import('recordpipe/check');
    // The run itself prints the notices and checks the shards.
    const quietly = { ...inputsOf(options, true), strictShards: false };
    const files = await expandInputs(possible, options.format, { ...accessOf(options), ...quietly });
    await refuseReportOn(files, output, option);
  }
  await checkReportFolder(output);
}

/** Reports whether an input may match an output. A local file never matches an object. */
function mayContain(input: string | KnownFile, output: string): boolean {
  const name = typeof input === 'string' ? input : input.uri;
  return name.startsWith('@') || isAddress(name) === isAddress(output);
}

async function isObject(uri: string, options: AnyObjectOptions): Promise<boolean> {
  const { statObject } = await import('recordpipe/storage');
  const { objects, signal } = accessOf(options);
  try {
    await statObject(uri, { ...objects, signal });
    return true;
  } catch (error) {
    if (isRecordpipeError(error, 'object-missing')) return false;
    // Access was denied, so the object may exist.
    if (isRecordpipeError(error, 'access-denied')) return true;
    throw error;
  }
}

/**
 * Kinds of reports. A run replaces an older report of the same kind without requiring `--force`.
 */
export type ReportKind = 'validation' | 'repair' | 'page';

/** Patterns that match the beginning of each kind of report. */
const BEGINNINGS: Record<ReportKind, RegExp> = {
  validation: /^\{\n {2}"ok": (true|false),\n {2}"files": \[(\]|\n {4}\{\n {6}"uri": ")/,
  // A single result, or an array of results (--output-dir).
  repair: /^(\[\]|(\[\n {2})?\{\n +("uri": ".*",\n +)?"ok": (true|false),\n +"from": "\w+",\n +"to": ")/,
  page: /^<!DOCTYPE html>\n<html[^>]*>\n<head>\n<meta charset="utf-8">\n<meta name="generator" content="recordpipe">/,
};

/** Number of bytes needed to determine the kind of a file. */
const BEGINNING_BYTES = 4096;

/**
 * Reports whether an existing file may be replaced: `--force` is set, the file is empty, or it is a
 * report of this kind.
 * @throws RecordpipeError `already-exists` if it may not be replaced
 */
export async function checkReplaceable(
  path: string,
  kind: ReportKind | undefined,
  force: boolean | undefined,
): Promise<boolean> {
  if (force) return true;
  // `writeWhole` checks objects, and files that are created in the meantime.
  if (isAddress(path)) return false;
  const existing = await stat(path).catch(() => undefined);
  if (existing?.isFile() !== true) return false;
  if (existing.size === 0 && kind !== undefined) return true;
  if (kind !== undefined && BEGINNINGS[kind].test(await beginningOf(path))) return true;
  const what = kind === undefined ? 'already exists' : 'already exists and is not a report of this command';
  throw new RecordpipeError('already-exists', what, { uri: path });
}

/**
 * Writes a report atomically. Devices and pipes are written in place.
 * @param kind kind of the report; undefined for documents that users edit, which only `--force`
 *   replaces
 */
export async function writeReport(
  path: string,
  text: string,
  kind: ReportKind | undefined,
  force: boolean | undefined,
  access: Partial<Access> = {},
): Promise<void> {
  const { writeWhole } = await import('recordpipe/records/write');
  const overwrite = await checkReplaceable(path, kind, force);
  await writeWhole(path, [Buffer.from(text)], { overwrite, sync: true, ...access });
}

async function beginningOf(path: string): Promise<string> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return '';
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(BEGINNING_BYTES), 0, BEGINNING_BYTES, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

/**
 * Returns the identity of a file: its inode or, if the file does not exist, its directory and name.
 */
async function identity(path: string): Promise<string> {
  const existing = await stat(path, { bigint: true }).catch(() => undefined);
  if (existing !== undefined) return `${existing.dev} ${existing.ino}`;
  const folder = await realpath(dirname(path)).catch(() => resolve(dirname(path)));
  return join(folder, basename(path));
}

function reportError(uri: string, cause: NodeJS.ErrnoException): RecordpipeError {
  const isDenied = cause.code === 'EACCES' || cause.code === 'EPERM';
  const why = isDenied
    ? 'permission denied; check the permissions of the file and its directory'
    : cause.message;
  const code = isDenied ? 'access-denied' : 'io-failure';
  return new RecordpipeError(code, `cannot write the report: ${why}`, { uri }, cause);
}

/**
 * Reads the schema specified by `--schema`.
 * @throws RecordpipeError `not-found`, `io-failure`; UsageError for an invalid schema
 */
export async function readSchemaFile(path: string): Promise<RecordSchema> {
  const { readSchema } = await import('recordpipe/check');
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT')
      throw new RecordpipeError(
        'not-found',
        'no such schema file; to write one, run recordpipe schema',
        { uri: path },
        error,
      );
    const what = error.code === 'EISDIR' ? 'is a directory; specify a schema file' : error.message;
    throw new RecordpipeError('io-failure', what, { uri: path }, error);
  });
  try {
    return readSchema(text);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(error.message.replace(/^schema:/, `--schema: ${path}:`));
  }
}

/**
 * Returns the output paths in a directory, and creates the directory if necessary.
 * @param names one name for each file
 * @throws UsageError if two files have the same output
 */
export async function outputPaths(
  folder: string,
  files: readonly string[],
  names: readonly string[],
): Promise<string[]> {
  const first = new Map<string, number>();
  for (const [i, name] of names.entries()) {
    const other = first.get(name);
    if (other !== undefined)
      throw new UsageError(
        `--output-dir: ${files[other]} and ${files[i]} would both be written to ${name}; use a separate directory for each`,
      );
    first.set(name, i);
  }
  if (isAddress(folder)) return names.map((name) => `${folder.replace(/\/?$/, '/')}${name}`);
  const { makeFolder } = await import('recordpipe/records/write');
  makeFolder(folder);
  return names.map((name) => join(folder, name));
}

/** Results of a command over several files. */
export interface FileResults<R> {
  readonly results: readonly R[];
  readonly failed: number;
  /** Exit code of the most severe failure. */
  readonly exitCode: number;
}

/**
 * Processes files one after another.
 * @param onFailure reports a failed file and returns its result, if any; if undefined, the first
 *   failure ends the run
 */
export async function eachFile<R>(
  files: readonly string[],
  work: (file: string, index: number) => Promise<R>,
  onFailure?: (error: RecordpipeError, file: string) => R | undefined | Promise<R | undefined>,
): Promise<FileResults<R>> {
  const results: R[] = [];
  let failed = 0;
  let exitCode = OK;
  for (const [index, file] of files.entries()) {
    try {
      results.push(await work(file, index));
    } catch (error) {
      if (onFailure === undefined || !isItemFailure(error)) throw error;
      failed++;
      const result = await onFailure(error, file);
      if (result !== undefined) results.push(result);
      complainAbout(error);
      exitCode = worse(exitCode, exitCodeOf(error.code));
    }
  }
  return { results, failed, exitCode };
}

import { constants } from 'node:fs';
import { access, mkdir, open, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { RecordpipeError } from 'recordpipe';
import { UsageError } from 'recordpipe/errors';
import { writeWhole } from 'recordpipe/records/write';
import { isS3 } from './reaching.ts';

/**
 * Fails where a report would take the place of a file that it reports on, under whatever name.
 * @throws UsageError
 */
export async function refuseReportOn(
  files: readonly string[],
  report: string,
  option = '--report',
): Promise<void> {
  const wanted = await identity(report);
  for (const file of files) {
    if (file === '-') continue;
    if (isS3(file) ? file === report : (await identity(file)) === wanted)
      throw new UsageError(
        `${option}: ${report} is also an input or output of this command; choose another name`,
      );
  }
}

/**
 * Fails before the work begins rather than after it, when a report could not be written.
 * @throws RecordpipeError `not-found`, `io-failure`
 */
export async function checkReportFolder(path: string): Promise<void> {
  if (isS3(path)) return;
  const there = await stat(path).catch(() => undefined);
  if (there?.isDirectory()) throw reportError(path, new Error('it is a directory; name a file in it'));
  await access(there === undefined || there.isFile() ? dirname(path) : path, constants.W_OK).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw reportError(path, error);
      const text = `the directory ${dirname(path)} does not exist; create it first`;
      throw new RecordpipeError('not-found', text, { uri: path }, error);
    },
  );
}

/** Makes a folder, where it is not there. @throws RecordpipeError `io-failure` */
export async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((error: Error) => {
    const text = `the directory cannot be created: ${error.message}`;
    throw new RecordpipeError('io-failure', text, { uri: folder }, error);
  });
}

/** The kinds of reports: a run writes them again, so that an older one is replaced without `--force`. */
export type ReportKind = 'validation' | 'repair' | 'page';

/** What a report of each kind begins with. */
const BEGINNINGS: Record<ReportKind, RegExp> = {
  validation: /^\{\n {2}"ok": (true|false),\n {2}"files": \[(\]|\n {4}\{\n {6}"uri": ")/,
  // One result, or an array of them (--output-dir).
  repair: /^(\[\]|(\[\n {2})?\{\n +("uri": ".*",\n +)?"ok": (true|false),\n +"from": "\w+",\n +"to": ")/,
  page: /^<!DOCTYPE html>\n<html[^>]*>\n<head>\n<meta charset="utf-8">\n<meta name="generator" content="recordpipe">/,
};

/** Longest part of a file that tells what it is. */
const BEGINNING_BYTES = 4096;

/**
 * Whether an existing file of this name may be replaced: with `--force`, where it is empty, or where it is a report of this kind.
 * @throws RecordpipeError `already-exists` where it may not
 */
export async function checkReplaceable(
  path: string,
  kind: ReportKind | undefined,
  force: boolean | undefined,
): Promise<boolean> {
  if (force) return true;
  // `writeWhole` checks these, and those that appear meanwhile.
  if (isS3(path)) return false;
  const there = await stat(path).catch(() => undefined);
  if (there?.isFile() !== true) return false;
  if (there.size === 0 && kind !== undefined) return true;
  if (kind !== undefined && BEGINNINGS[kind].test(await beginningOf(path))) return true;
  const what = kind === undefined ? 'already exists' : 'exists, and is not a report of this command';
  throw new RecordpipeError('already-exists', what, { uri: path });
}

/**
 * Writes a report so that a file of that name is either the old one or a whole new one; devices and pipes are written in place.
 * @param kind undefined for documents that people edit: they are replaced only with `--force`
 */
export async function writeReport(
  path: string,
  text: string,
  kind: ReportKind | undefined,
  force: boolean | undefined,
): Promise<void> {
  const overwrite = await checkReplaceable(path, kind, force);
  await writeWhole(path, [Buffer.from(text)], { overwrite, sync: !isS3(path) });
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

/** What a file is, whatever its name: by its place on the disk, or, where there is none yet, by its folder and name. */
async function identity(path: string): Promise<string> {
  const there = await stat(path, { bigint: true }).catch(() => undefined);
  if (there !== undefined) return `${there.dev} ${there.ino}`;
  const folder = await realpath(dirname(path)).catch(() => resolve(dirname(path)));
  return join(folder, basename(path));
}

function reportError(uri: string, cause: Error): RecordpipeError {
  return new RecordpipeError('io-failure', `the report cannot be written: ${cause.message}`, { uri }, cause);
}

import { constants } from 'node:fs';
import { access, mkdir, open, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { RecordpipeError } from 'recordpipe';
import { UsageError } from 'recordpipe/errors';
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
    if (file !== '-' && !isS3(file) && (await identity(file)) === wanted)
      throw new UsageError(`${option}: ${report} is the same file as ${file}`);
  }
}

/**
 * Fails before the work begins rather than after it, when a report could not be written.
 * @throws RecordpipeError `not-found`, `io-failure`
 */
export async function checkReportFolder(path: string): Promise<void> {
  const there = await stat(path).catch(() => undefined);
  if (there?.isDirectory()) throw reportError(path, new Error('it is a directory; name a file in it'));
  await access(there === undefined || there.isFile() ? dirname(path) : path, constants.W_OK).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw reportError(path, error);
      const text = `there is no folder ${dirname(path)} to write the report to; make it first`;
      throw new RecordpipeError('not-found', text, { uri: path }, error);
    },
  );
}

/** Makes a folder, where it is not there. @throws RecordpipeError `io-failure` */
export async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((error: Error) => {
    const text = `the folder cannot be made: ${error.message}`;
    throw new RecordpipeError('io-failure', text, { uri: folder }, error);
  });
}

/** Writes a report so that a file of that name is either the old one or a whole new one; devices and pipes stay what they are. */
export async function writeReport(path: string, text: string): Promise<void> {
  const there = await stat(path).catch(() => undefined);
  if (there !== undefined && !there.isFile()) {
    await writeFile(path, text).catch((error: Error) => {
      throw reportError(path, error);
    });
    return;
  }
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  try {
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw reportError(path, error as Error);
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

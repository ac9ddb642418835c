import { join } from 'node:path';
import { isItemFailure, type RecordpipeError, UsageError } from 'recordpipe/errors';
import { errorText } from './advice.ts';
import { exitCodeOf, OK, worse } from './exit-codes.ts';
import { isAddress } from './options/objects.ts';
import { complain } from './output.ts';
import { makeFolder } from './report-file.ts';

/**
 * The output paths in a directory, which is created if it does not exist.
 * @param names one for each file
 * @throws UsageError for two files with the same output
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
        `--output-dir: ${files[other]} and ${files[i]} would both be written to ${name}; use a directory for each`,
      );
    first.set(name, i);
  }
  if (isAddress(folder)) return names.map((name) => `${folder.replace(/\/?$/, '/')}${name}`);
  await makeFolder(folder);
  return names.map((name) => join(folder, name));
}

/** The results of a command over files. */
export interface FileResults<R> {
  readonly results: readonly R[];
  readonly failed: number;
  /** The exit code of the worst failure. */
  readonly exitCode: number;
}

/**
 * Processes files one after the other.
 * @param onFailure reports a file that failed and returns its result, if it has one; without it, the
 *   first failure ends the run
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
      complain(errorText(error));
      exitCode = worse(exitCode, exitCodeOf(error.code));
    }
  }
  return { results, failed, exitCode };
}

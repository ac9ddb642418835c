import { isItemFailure } from 'recordpipe/errors';
import { errorText } from './advice.ts';
import { exitCodeOf, INVALID, OK } from './exit-codes.ts';
import { complain } from './output.ts';

/** What became of many files. */
export interface EachFile<R> {
  readonly results: readonly R[];
  readonly failed: number;
  /** That of the worst failure: invalid data comes before files that cannot be read or written. */
  readonly exitCode: number;
}

/**
 * Does the same with each of many files, one after the other.
 * @param keepGoing whether a file that fails is reported, and the others follow
 * @throws RecordpipeError the first failure, unless `keepGoing`; `aborted` in any case
 */
export async function eachFile<R>(
  files: readonly string[],
  keepGoing: boolean,
  work: (file: string, index: number) => Promise<R>,
): Promise<EachFile<R>> {
  const results: R[] = [];
  let failed = 0;
  let exitCode = OK;
  for (const [index, file] of files.entries()) {
    try {
      results.push(await work(file, index));
    } catch (error) {
      if (!keepGoing || !isItemFailure(error)) throw error;
      failed++;
      complain(errorText(error));
      if (exitCode !== INVALID) exitCode = exitCodeOf(error.code);
    }
  }
  return { results, failed, exitCode };
}

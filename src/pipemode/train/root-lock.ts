import { join } from 'node:path';
import { isRecordpipeError, RecordpipeError } from '../../errors.ts';
import { makeFolder } from '../../storage/local/make-folder.ts';
import { withFileLock } from '../job/file-lock.ts';

/** Name of the lock file in the root of a host. It remains after a job. */
const NAME = '.recordpipe-job.lock';
/** Maximum time to wait for a job that is ending. */
const WAIT_MS = 200;

/**
 * Runs `work` while no other job may use these folders. Two jobs in one folder would mix their
 * models, and the second would remove the results of the first.
 *
 * @param roots the folders of the hosts that run here
 * @throws RecordpipeError `already-exists` if another job uses a folder; `access-denied`,
 *   `io-failure`, `unsupported-source`; errors from `work`
 */
export async function whileRootsLocked<R>(
  [root, ...others]: readonly string[],
  work: () => Promise<R>,
): Promise<R> {
  if (root === undefined) return work();
  makeFolder(root);
  let isOurs = false;
  try {
    return await withFileLock(join(root, NAME), { timeoutMs: WAIT_MS, signal: undefined }, () => {
      isOurs = true;
      return whileRootsLocked(others, work);
    });
  } catch (error) {
    if (isOurs || !isRecordpipeError(error, 'pipe-timeout')) throw error;
    const what = 'another job is running in this folder; wait until it ends, or use another folder (root)';
    throw new RecordpipeError('already-exists', what, { uri: root }, error);
  }
}

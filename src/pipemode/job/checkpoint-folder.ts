import { JOB_ROOT } from './training-job.ts';

/** Folders of a job that a run fills or replaces. */
const JOB_FOLDERS = ['input', 'code', 'pipe_state'].map((name) => `${JOB_ROOT}/${name}`);

/**
 * Returns why a path cannot be the local folder of checkpoints, or undefined if it can. A run
 * empties this folder between attempts, so it must not contain anything else.
 */
export function checkpointFolderMistake(path: string): string | undefined {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) return `expected a path without .., got ${path}`;
  const folder = `/${parts.join('/')}`;
  const isTaken =
    contains(folder, JOB_ROOT) ||
    folder === `${JOB_ROOT}/output` ||
    JOB_FOLDERS.some((one) => contains(one, folder));
  return isTaken
    ? `${folder} contains other files of the job; use a separate folder, such as ${JOB_ROOT}/checkpoints`
    : undefined;
}

/** Whether a path of SageMaker's containers is below the root of the job. */
export function isInJobRoot(path: string): boolean {
  return path.startsWith(`${JOB_ROOT}/`);
}

function contains(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);
}

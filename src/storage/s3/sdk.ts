import { homedir } from 'node:os';
import { loadPackage } from '../load-package.ts';

/** The AWS SDK's client of S3, imported at the first use, which takes a third of a second. */
export type S3Sdk = typeof import('@aws-sdk/client-s3');

/** @throws RecordpipeError `missing-package` */
export function s3Sdk(): Promise<S3Sdk> {
  ensureHome();
  return loadPackage('@aws-sdk/client-s3', () => import('@aws-sdk/client-s3'));
}

/** As in the passwd entry of Debian's user `nobody`. */
const NO_HOME = '/nonexistent';

/**
 * The SDK asks for the home folder, in which profiles are, and fails for a user without a passwd entry: containers run as
 * such users.
 */
function ensureHome(): void {
  if (process.env['HOME']) return;
  try {
    homedir();
  } catch {
    process.env['HOME'] = NO_HOME;
  }
}

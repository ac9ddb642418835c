import { homedir } from 'node:os';
import { RecordpipeError } from '../../errors.ts';

/** The S3 client of the AWS SDK. */
export type S3Sdk = typeof import('@aws-sdk/client-s3');

/**
 * Imports the AWS SDK on first use. The import takes a third of a second.
 *
 * @throws RecordpipeError `missing-package`, `io-failure`
 */
export function s3Sdk(): Promise<S3Sdk> {
  ensureHome();
  return loadOptional(() => import('@aws-sdk/client-s3'));
}

/**
 * Imports undici on first use. Names its file, because Bun has a module of its own called undici, which
 * lacks `dispatch`.
 *
 * @throws RecordpipeError `missing-package`, `io-failure`
 */
export function undici(): Promise<typeof import('undici')> {
  return loadOptional(() => import('undici/index.js'));
}

/** Imports one of the optional dependencies that `s3://` needs. */
export async function loadOptional<Package>(load: () => Promise<Package>): Promise<Package> {
  try {
    return await load();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND')
      throw new RecordpipeError(
        'missing-package',
        's3:// needs optional packages that are not installed; run: npm install @aws-sdk/client-s3 undici',
        {},
        error,
      );
    const text =
      code === 'EMFILE'
        ? 'too many open files to load the packages that s3:// needs; raise the limit (ulimit -n)'
        : `a package that s3:// needs cannot be loaded: ${message}`;
    throw new RecordpipeError('io-failure', text, {}, error);
  }
}

/** Home directory of Debian's user `nobody`. */
const NO_HOME = '/nonexistent';

/**
 * Sets HOME if the system has no home directory for the user. The SDK reads profiles from the home
 * directory, and would fail in a container that runs as a user without a passwd entry.
 */
function ensureHome(): void {
  if (process.env['HOME']) return;
  try {
    homedir();
  } catch {
    process.env['HOME'] = NO_HOME;
  }
}

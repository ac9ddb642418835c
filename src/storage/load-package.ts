import { RecordpipeError } from '../errors.ts';

/**
 * Imports a package that only object stores need.
 * @throws RecordpipeError `missing-package` where it is not installed, `io-failure` where its files cannot be read
 */
export async function loadPackage<Package>(name: string, load: () => Promise<Package>): Promise<Package> {
  try {
    return await load();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND')
      throw new RecordpipeError(
        'missing-package',
        `s3:// needs the package ${name}, which is not installed; install it with: npm install ${name}`,
        {},
        error,
      );
    const text =
      code === 'EMFILE'
        ? `too many open files to load the package ${name}; raise the limit (ulimit -n)`
        : `the package ${name} cannot be loaded: ${message}`;
    throw new RecordpipeError('io-failure', text, {}, error);
  }
}

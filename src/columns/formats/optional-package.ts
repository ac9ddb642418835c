import { RecordpipeError } from '../../errors.ts';

/**
 * Imports packages that users install only if they need them.
 *
 * @param who the start of the message if a package is missing, for example `CSV files need`
 * @param names the packages to install
 * @throws RecordpipeError `missing-package` with the command that installs them; `io-failure` if a
 *   package is installed and cannot be loaded
 */
export async function optionalPackage<Package>(
  who: string,
  names: readonly string[],
  load: () => Promise<Package>,
): Promise<Package> {
  try {
    return await load();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const packages = names.join(' and ');
    if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND')
      throw new RecordpipeError(
        'missing-package',
        `${who} ${packages}, which ${names.length > 1 ? 'are' : 'is'} not installed; run: npm install ${names.join(' ')}`,
        {},
        error,
      );
    throw new RecordpipeError('io-failure', `${packages} cannot be loaded: ${message}`, {}, error);
  }
}

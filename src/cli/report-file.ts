import { constants } from 'node:fs';
import { access, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { RecordpipeError } from 'recordpipe';

/**
 * Fails before the work begins rather than after it, when a report could not be written.
 * @throws RecordpipeError `io-failure`
 */
export async function checkReportFolder(path: string): Promise<void> {
  await access(dirname(path), constants.W_OK).catch((error: Error) => {
    throw reportError(path, error);
  });
}

/** Writes a report so that a file of that name is either the old one or a whole new one. */
export async function writeReport(path: string, text: string): Promise<void> {
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

function reportError(uri: string, cause: Error): RecordpipeError {
  return new RecordpipeError('io-failure', `the report cannot be written: ${cause.message}`, { uri }, cause);
}

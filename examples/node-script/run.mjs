import { DATA_ERROR_CODES, isRecordpipeError } from 'recordpipe';

/**
 * Runs a program. Exits with 1 if data is invalid and with 3 if something cannot be read or written,
 * as the recordpipe command does. Other errors keep their stack.
 */
export async function run(program) {
  try {
    await program();
  } catch (error) {
    if (!isRecordpipeError(error)) throw error;
    console.error(error.message); // contains the file, record and offset
    process.exitCode = DATA_ERROR_CODES.has(error.code) ? 1 : 3;
  }
}

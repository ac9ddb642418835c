import { readFile } from 'node:fs/promises';
import { RecordpipeError } from 'recordpipe';
import { type RecordSchema, readSchema } from 'recordpipe/check';
import { UsageError } from 'recordpipe/errors';

/**
 * The schema in a file.
 * @throws RecordpipeError `not-found`, `io-failure`; UsageError for what is no schema
 */
export async function schemaFile(path: string): Promise<RecordSchema> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const code = error.code === 'ENOENT' ? 'not-found' : 'io-failure';
    const what = code === 'not-found' ? 'no such schema file; recordpipe schema writes one' : error.message;
    throw new RecordpipeError(code, what, { uri: path }, error);
  });
  try {
    return readSchema(text);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(error.message.replace(/^schema:/, `--schema: ${path}:`));
  }
}

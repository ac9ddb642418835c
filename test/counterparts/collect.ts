import { isRecordpipeError, type RecordpipeError } from '../../src/index.ts';

/** Copies of all records, and the error that ended them, if any. */
export interface Collected {
  readonly payloads: Uint8Array[];
  readonly error: RecordpipeError | undefined;
}

/** Reads until the end or a RecordpipeError. Rethrows other errors. */
export async function collect(records: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Collected> {
  const payloads: Uint8Array[] = [];
  try {
    for await (const record of records) payloads.push(record.slice());
  } catch (error) {
    if (!isRecordpipeError(error)) throw error;
    return { payloads, error };
  }
  return { payloads, error: undefined };
}

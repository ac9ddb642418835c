import { isRecordpipeError, type RecordpipeError } from '../../src/index.ts';

/** Copies of all records, and what ended them. */
export interface Collected {
  readonly payloads: Uint8Array[];
  readonly error: RecordpipeError | undefined;
}

/** Reads to the end, or to an error of the family; anything else is a crash and is thrown on. */
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

import type { RecordpipeError } from '../../src/index.ts';
import { tfrecordWays } from './ways.ts';

/**
 * The result of reading a source: copies of all records, their offsets, and the error that ended
 * them.
 */
export interface Outcome {
  readonly payloads: Uint8Array[];
  readonly offsets: number[];
  error: RecordpipeError | undefined;
}

/** The properties of an error that must be equal in every way of reading. */
export interface Where {
  readonly code: string;
  readonly record: number | undefined;
  readonly offset: number | undefined;
}

export function where(error: RecordpipeError | undefined): Where | undefined {
  return error && { code: error.code, record: error.record, offset: error.offset };
}

// For TFRecord, the format of most tests. Other formats are in ways.ts.
export const decodeAll: (typeof tfrecordWays)['decodeAll'] = tfrecordWays.decodeAll;
export const readAll: (typeof tfrecordWays)['readAll'] = tfrecordWays.readAll;
export const readEach: (typeof tfrecordWays)['readEach'] = tfrecordWays.readEach;
export const scan: (typeof tfrecordWays)['scan'] = tfrecordWays.scan;

import type { RecordpipeError } from '../../src/index.ts';
import { tfrecordWays } from './ways.ts';

/** What reading a source came to: copies of all records, where they began, and what ended it. */
export interface Outcome {
  readonly payloads: Uint8Array[];
  readonly offsets: number[];
  error: RecordpipeError | undefined;
}

/** The part of an error that must be the same however a file is read. */
export interface Where {
  readonly code: string;
  readonly record: number | undefined;
  readonly offset: number | undefined;
}

export function where(error: RecordpipeError | undefined): Where | undefined {
  return error && { code: error.code, record: error.record, offset: error.offset };
}

// TFRecord, which most tests are about; the other formats' are in ways.ts.
export const decodeAll: (typeof tfrecordWays)['decodeAll'] = tfrecordWays.decodeAll;
export const readAll: (typeof tfrecordWays)['readAll'] = tfrecordWays.readAll;
export const readEach: (typeof tfrecordWays)['readEach'] = tfrecordWays.readEach;
export const scan: (typeof tfrecordWays)['scan'] = tfrecordWays.scan;

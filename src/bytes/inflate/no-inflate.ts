import { RecordpipeError } from '../../errors.ts';
import type * as inflating from './inflate.ts';
import { inflateWithStreams } from './inflate-web.ts';

// Replaces inflate.ts in bundles for browsers.

export const inflate: typeof inflating.inflate = inflateWithStreams;

export const inflateBytes: typeof inflating.inflateBytes = () => {
  const text = 'inflating synchronously requires Node, but this is the browser build; use readTFRecords';
  throw new RecordpipeError('unsupported-source', text);
};

import { RecordpipeError } from '../errors.ts';
import type * as hostIo from './host-io.ts';

// Stands in for host-io.ts in bundles for browsers: about 3 kB less, gzipped.

export const inflateBytes: typeof hostIo.inflateBytes = () =>
  missing('inflating synchronously (use readTFRecords)');
export const inflateInHost: typeof hostIo.inflateInHost = () => undefined;

function missing(purpose: string): never {
  throw new RecordpipeError('unsupported-source', `${purpose} needs Node; this is a build for browsers`);
}

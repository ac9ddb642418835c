import { RecordpipeError } from '../errors.ts';
import type * as objectIo from './object-io.ts';

// Stands in for object-io.ts in bundles for browsers.

export const openObjectSource: typeof objectIo.openObjectSource = () => {
  throw new RecordpipeError('unsupported-source', 's3:// needs Node; this is a build for browsers');
};

export const filesOf: typeof objectIo.filesOf = () => undefined;

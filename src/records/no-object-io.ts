import { RecordpipeError } from '../errors.ts';
import type * as objectIo from './object-io.ts';

// Stands in for object-io.ts in bundles for browsers.

export const openObjectSource: typeof objectIo.openObjectSource = ({ uri }) => {
  const text =
    'reading s3:// addresses needs Node; this is a build for browsers: pass the Response of fetch()';
  throw new RecordpipeError('unsupported-source', text, { uri });
};

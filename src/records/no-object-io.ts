import { RecordpipeError } from '../errors.ts';
import type * as objectIo from './object-io.ts';

// Stands in for object-io.ts in bundles for browsers.

export const openObjectSource: typeof objectIo.openObjectSource = () => missing();
export const objectHead: typeof objectIo.objectHead = () => missing();
export const filesOf: typeof objectIo.filesOf = () => undefined;

function missing(): never {
  throw new RecordpipeError('unsupported-source', 's3:// needs Node; this is a build for browsers');
}

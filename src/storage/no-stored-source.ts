import { RecordpipeError } from '../errors.ts';
import type * as storedSource from './stored-source.ts';

// Replaces stored-source.ts in bundles for browsers, which have neither files nor object stores.

export const isRemote = ((source: unknown) => /^s3:/.test(String(source))) as typeof storedSource.isRemote;
export const openStored: typeof storedSource.openStored = (source) => missing(source);
export const peekStored: typeof storedSource.peekStored = () => undefined;
export const storedHead: typeof storedSource.storedHead = async (source) => missing(source);

function missing(source: unknown): never {
  const what = isRemote(source as string) ? 's3://' : 'reading a path or descriptor';
  throw new RecordpipeError('unsupported-source', `${what} requires Node; this is the browser build`);
}

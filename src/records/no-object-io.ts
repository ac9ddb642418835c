import type * as objectIo from './object-io.ts';

// Stands in for object-io.ts in bundles for browsers.

export const filesOf: typeof objectIo.filesOf = () => undefined;

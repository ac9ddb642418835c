import type * as objectIo from './object-io.ts';

// Replaces object-io.ts in bundles for browsers.

export const filesOf: typeof objectIo.filesOf = () => undefined;

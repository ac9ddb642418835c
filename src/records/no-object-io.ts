import type * as objectIo from './object-io.ts';

// Replaces object-io.ts in bundles for browsers.

export const sourcesOf: typeof objectIo.sourcesOf = () => undefined;

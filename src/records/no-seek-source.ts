import type * as seekSource from './seek-source.ts';

// Stands in for seek-source.ts in bundles for browsers.

export const openSeeking: typeof seekSource.openSeeking = async () => undefined;

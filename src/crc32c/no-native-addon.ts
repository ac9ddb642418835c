import type * as addon from './native-addon.ts';

// Replaces native-addon.ts in bundles for browsers.

export const nativeAddon: typeof addon.nativeAddon = () => undefined;

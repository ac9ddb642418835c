import type * as nativeAddon from './native-addon.ts';

// Replaces native-addon.ts in bundles for browsers.

export const loadNativeAddon: typeof nativeAddon.loadNativeAddon = () => ({
  problem: 'browsers cannot load Node-API modules',
});

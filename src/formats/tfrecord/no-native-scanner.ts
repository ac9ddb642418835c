import type * as nativeScanner from './native-scanner.ts';

// Replaces native-scanner.ts in bundles for browsers, where no kernel is native.

export const TFRecordNativeScanner: typeof nativeScanner.TFRecordNativeScanner = undefined as never;

export const alignedBuffers: typeof nativeScanner.alignedBuffers = (bytes, count) =>
  Array.from({ length: count }, () => new Uint8Array(bytes));

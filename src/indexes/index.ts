export { type BuildIndexOptions, type BuiltIndex, buildIndex, type WrittenKind } from './build-index.ts';
export { IndexedRecords } from './indexed-records.ts';
export type { LayoutOptions } from './layout-options.ts';
export type { IndexKind } from './load-index.ts';
export { type IndexedOptions, openIndexed } from './open-indexed.ts';
export type { FrameScanOptions } from './scan-frames.ts';

export { type BuildIndexOptions, type BuiltIndex, buildIndex } from './build-index.ts';
export { type CheckedIndex, type CheckIndexOptions, checkIndex } from './check-index.ts';
export type { IndexKind, WrittenKind } from './index-files.ts';
export { defaultIndexPath } from './index-files.ts';
export type { IndexedRecords } from './indexed-records.ts';
export type { FrameScanOptions, LayoutOptions } from './layout-options.ts';
export { type MXIndexedOptions, MXIndexedReader, openMXIndexedRecordIO } from './mx-indexed-reader.ts';
export {
  type MXIndexedWriteOptions,
  MXIndexedWriter,
  openMXIndexedRecordIOWriter,
} from './mx-indexed-writer.ts';
export { type IndexedOptions, openIndexed } from './open-indexed.ts';
export type { MXKey, MXKeyType } from './text-indexes.ts';

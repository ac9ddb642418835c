/**
 * One interface to S3, S3-compatible services and local files: list, read and write objects.
 *
 * @module
 */

export type { Removed } from './cache/cache-files.ts';
export {
  type CachedObject,
  type CacheListing,
  type CacheRemoval,
  listCache,
  removeFromCache,
} from './cache/inspect-cache.ts';
export { type DiagnoseOptions, diagnoseStore, type StoreDiagnosis } from './diagnose-store.ts';
export { statObject } from './inspect.ts';
export type { ListOptions, ListWarning } from './list-objects.ts';
export { listObjects } from './list-objects.ts';
export {
  type CacheOptions,
  DEFAULT_OBJECT_OPTIONS,
  type ObjectOptions,
  type TransferOptions,
} from './object-options.ts';
export { ObjectReader, openObjectReader } from './object-reader.ts';
export type { ObjectPiece, OnObjectError } from './prefetch/object-piece.ts';
export type { ObjectRefs } from './prefetch/object-plan.ts';
export type {
  ObjectReadOptions,
  OnTransferEvent,
  TransferControl,
  TransferEvent,
  TransferStats,
} from './prefetch/transfer-control.ts';
export {
  type ObjectPieces,
  type ObjectsReadOptions,
  type OpenObject,
  openObject,
  readObjects,
} from './read-objects.ts';
export type { S3Credentials, S3CredentialsProvider, S3Options } from './s3/s3-options.ts';
export type {
  ObjectChecksum,
  ObjectInfo,
  ObjectRef,
  ObjectSource,
  ObjectStat,
  RangeHead,
  RangeReader,
  RangeRequest,
  RangeSink,
  StoreCheck,
} from './storage.ts';
export { ObjectWriter, openObjectWriter } from './upload/object-writer.ts';
export type { WrittenObject } from './upload/stored-object.ts';
export type { ObjectWriteOptions } from './upload/write-options.ts';

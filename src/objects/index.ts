/**
 * Where bytes come from when they are not in this process: S3 and what speaks like it, and local files behind the same face.
 *
 * @module
 */
export { type DiagnoseOptions, diagnoseStore, type StoreDiagnosis } from './diagnose/diagnose-store.ts';
export type { StoreCheck } from './diagnose/store-check.ts';
export { listObjects } from './list-objects.ts';
export type { ListOptions, ListWarning } from './list-options.ts';
export {
  DEFAULT_OBJECT_OPTIONS,
  type ObjectOptions,
  type S3Credentials,
  type S3CredentialsProvider,
  type S3Options,
  type TransferOptions,
} from './object-options.ts';
export type { ObjectPiece, OnObjectError } from './object-piece.ts';
export type { ObjectRefs } from './object-queue.ts';
export { ObjectReader, openObjectReader } from './object-reader.ts';
export type {
  ObjectChecksum,
  ObjectInfo,
  ObjectRef,
  ObjectSource,
  ObjectStat,
  RangeHead,
  RangeRequest,
  RangeSink,
} from './object-source.ts';
export { type OpenObject, openObject } from './open-object.ts';
export { type ObjectPieces, type ObjectsReadOptions, readObjects } from './read-objects.ts';
export { statObject } from './stat-object.ts';
export type { ObjectReadOptions, TransferControl } from './transfer-control.ts';
export type { OnTransferEvent, TransferEvent } from './transfer-events.ts';
export type { TransferStats } from './transfer-stats.ts';
export { ObjectWriter, openObjectWriter } from './upload/object-writer.ts';
export type { WrittenObject } from './upload/stored-object.ts';
export type { ObjectWriteOptions } from './upload/write-object-options.ts';

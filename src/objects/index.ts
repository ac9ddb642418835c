/**
 * Where bytes come from when they are not in this process: S3 and what speaks like it, and local files behind the same face.
 *
 * @module
 */
export {
  DEFAULT_OBJECT_OPTIONS,
  type ObjectOptions,
  type S3Options,
  type TransferOptions,
} from './object-options.ts';
export type { ObjectChecksum, ObjectInfo, ObjectRef, ObjectSource, ObjectStat } from './object-source.ts';
export { ObjectWriter, openObjectWriter } from './upload/object-writer.ts';
export type { WrittenObject } from './upload/stored-object.ts';
export type { ObjectWriteOptions } from './upload/write-object-options.ts';

/**
 * Uploads record files to an object store after checking them.
 *
 * @module
 */
export { uploadFiles } from './upload-files.ts';
export type { UploadOptions } from './upload-options.ts';
export type { UploadedFile, UploadProgress, UploadReport } from './upload-report.ts';

/**
 * Record files on their way into an object store, checked before they go.
 *
 * @module
 */
export { uploadFiles } from './upload-files.ts';
export type { UploadOptions, UploadProgress } from './upload-options.ts';
export type { UploadedFile, UploadReport } from './upload-report.ts';

/**
 * Names of the record formats, in the order in which detection tries them.
 *
 * @example
 * ```ts
 * import { FORMAT_NAMES } from 'recordpipe/formats/names';
 * console.log(FORMAT_NAMES.join(' ')); // tfrecord recordio textline
 * ```
 */
export const FORMAT_NAMES = ['tfrecord', 'recordio', 'textline'] as const;

/** The name of a record format. */
export type FormatName = (typeof FORMAT_NAMES)[number];

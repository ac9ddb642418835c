import type { CarriageReturns } from '../framing/line-scan.ts';
import type { Multipart } from '../framing/recordio-layout.ts';
import type { FormatName } from '../records/record-format.ts';

/** The format of an indexed file, and those of its options on which it depends where records begin and what they are. */
export type RecordLayout = TFRecordLayout | RecordIOLayout | TextLineLayout;

export interface TFRecordLayout {
  readonly format: 'tfrecord';
}

export interface RecordIOLayout {
  readonly format: 'recordio';
  readonly multipart: Multipart;
  readonly lenientFlags: boolean;
}

export interface TextLineLayout {
  readonly format: 'textline';
  readonly delimiter: Uint8Array;
  readonly cr: CarriageReturns;
}

/** By position: what an index file says for them. */
export const FORMAT_CODES: readonly (FormatName | undefined)[] = [
  undefined,
  'tfrecord',
  'recordio',
  'textline',
];
export const MULTIPART_CODES: readonly Multipart[] = ['dmlc', 'concat', 'error'];
export const CR_CODES: readonly CarriageReturns[] = ['keep', 'crlf', 'all'];
/** Beside the code of `multipart`. */
export const LENIENT_FLAGS = 0x10;

/** In what two layouts differ, in words; undefined where they are the same. */
export function layoutDifference(indexed: RecordLayout, wanted: RecordLayout): string | undefined {
  if (indexed.format !== wanted.format) return differs('format', indexed.format, wanted.format);
  if (indexed.format === 'recordio' && wanted.format === 'recordio') {
    if (indexed.multipart !== wanted.multipart)
      return differs('multipart', indexed.multipart, wanted.multipart);
    if (indexed.lenientFlags !== wanted.lenientFlags)
      return differs('lenientFlags', String(indexed.lenientFlags), String(wanted.lenientFlags));
  }
  if (indexed.format === 'textline' && wanted.format === 'textline') {
    const [before, after] = [shown(indexed.delimiter), shown(wanted.delimiter)];
    if (before !== after) return differs('delimiter', before, after);
  }
  return undefined;
}

function differs(what: string, before: string, after: string): string {
  return `it was made with ${what} ${before}, asked for is ${after}`;
}

function shown(delimiter: Uint8Array): string {
  return `0x${Buffer.from(delimiter).toString('hex')}`;
}

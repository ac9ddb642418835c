import { createHash } from 'node:crypto';
import type { CommonOptions, PayloadOptions } from './options.ts';

/** What of the options decides what is found in files: shards that ran with other ones are not merged. */
export function settingsOf(
  options: CommonOptions & Partial<PayloadOptions>,
): Record<string, string | number | boolean | undefined> {
  const { format, compression, maxRecordSize, onTruncated, trailing, payloadCrc, recover } = options;
  const { multipart, cr, delimiter, encoding, skipBlank, stripBom } = options;
  return {
    format,
    compression,
    maxRecordSize,
    onTruncated,
    trailing,
    payloadCrc,
    recover,
    multipart,
    cr,
    delimiter: delimiter && Buffer.from(delimiter).toString('hex'),
    encoding,
    skipBlank,
    stripBom,
  };
}

/** A document in a few letters. */
export function digest(document: unknown): string {
  return createHash('sha256').update(JSON.stringify(document)).digest('hex').slice(0, 16);
}

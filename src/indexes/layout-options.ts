import { looksLikeGzip, looksLikeZlib } from '../bytes/sniff.ts';
import { RecordpipeError, UsageError } from '../errors.ts';
import type { CarriageReturns } from '../framing/line-scan.ts';
import type { Multipart } from '../framing/recordio-layout.ts';
import type { ObjectOptions } from '../objects/object-options.ts';
import { detectFormat } from '../records/detect-format.ts';
import type { ReadOptions } from '../records/read-options.ts';
import type { FormatName } from '../records/record-format.ts';
import type { RecordReadOptions } from '../records/record-read-options.ts';
import { recordIOReadOptions } from '../records/recordio/recordio-options.ts';
import { textLineReadOptions } from '../records/textline/textline-options.ts';
import { tfrecordReadOptions } from '../records/tfrecord/tfrecord-options.ts';
import type { DataFile } from './data-file.ts';
import type { RecordLayout } from './record-layout.ts';

/** What a file holds, and how it is cut into records. Every field has a default; pass what differs. */
export interface LayoutOptions {
  /** Default `auto`: by content. */
  readonly format: FormatName | 'auto';
  /** RecordIO: see `RecordIOReadOptions`. Defaults `dmlc` and false. */
  readonly multipart: Multipart;
  readonly lenientFlags: boolean;
  /** Text: see `TextLineReadOptions`. Default `"\n"`, and `crlf` with it, else `keep`. */
  readonly delimiter: string | Uint8Array;
  readonly cr: CarriageReturns;
  /** TFRecord: what payload checksums may be, see `TFRecordReadOptions`. Default `crc32c`. */
  readonly payloadCrc: 'crc32c' | 'smdebug';
  /** How `s3://` addresses are reached and read. Default: `DEFAULT_OBJECT_OPTIONS` of `recordpipe/objects`. */
  readonly objects: Partial<ObjectOptions> | undefined;
}

/** As many first bytes tell the format. */
const HEAD_BYTES = 512;

/**
 * How a file is to be cut into records.
 * @throws RecordpipeError `unsupported-source` for a compressed file, `unknown-format`
 * @throws UsageError for a value that no option has
 */
export function layoutOf(file: DataFile, given: Partial<LayoutOptions>): RecordLayout {
  const head = new Uint8Array(Math.min(file.size, HEAD_BYTES));
  file.readNow(head, 0, head.length, 0);
  const { format = 'auto' } = given;
  const name = format === 'auto' ? formatOf(file, head) : format;
  const layout = layoutFrom(readOptions(name, given), name);
  if (format !== 'auto') {
    const compression = compressionOf(name, head);
    if (compression !== undefined) throw compressed(compression, file.path);
  }
  return layout;
}

/**
 * The layout that an index was made with, changed as the options say.
 * @throws UsageError for a value that no option has
 */
export function relaidOut(indexed: RecordLayout, given: Partial<LayoutOptions>): RecordLayout {
  const { format = 'auto' } = given;
  const name = format === 'auto' ? indexed.format : format;
  const { multipart, lenientFlags, delimiter, cr, payloadCrc } = given;
  const defined = Object.entries({ multipart, lenientFlags, delimiter, cr, payloadCrc }).filter(
    ([, value]) => value !== undefined,
  );
  return layoutFrom(readOptions(name, { ...indexed, ...Object.fromEntries(defined) }), name);
}

/** The complete reading options of a format for such a file, uncompressed and strict. */
export function readOptions(
  name: FormatName,
  { multipart, lenientFlags, delimiter, cr, payloadCrc }: Partial<LayoutOptions>,
  more: Partial<RecordReadOptions> = {},
): RecordReadOptions {
  const given = { multipart, lenientFlags, delimiter, cr, payloadCrc, compression: 'none', ...more };
  if (!Object.hasOwn(OPTIONS, name))
    throw new UsageError(
      `format: expected one of auto, ${Object.keys(OPTIONS).join(', ')}, got ${String(name)}`,
    );
  // A format takes what it knows from the options of all formats and leaves the rest.
  return OPTIONS[name](given as object) as RecordReadOptions;
}

// Not by `recordFormat`: indexes are made and looked into without the decoders of all formats, whose modules take 30 ms to load.
const OPTIONS: Readonly<Record<FormatName, (given: object) => ReadOptions>> = {
  tfrecord: tfrecordReadOptions,
  recordio: recordIOReadOptions,
  textline: textLineReadOptions,
};

function layoutFrom(options: Partial<LayoutOptions>, format: FormatName): RecordLayout {
  if (format === 'tfrecord') return { format };
  if (format === 'recordio') {
    const { multipart = 'dmlc', lenientFlags = false } = options;
    return { format, multipart, lenientFlags };
  }
  const { delimiter, cr = 'keep' } = options;
  return { format, delimiter: delimiter as Uint8Array, cr };
}

function formatOf({ path }: DataFile, head: Uint8Array): FormatName {
  // A file without a byte has no records, whatever its format.
  if (head.length === 0) return 'tfrecord';
  const { format, reason } = detectFormat(head);
  if (format !== undefined) return format;
  if (looksLikeGzip(head)) throw compressed('gzip', path);
  if (looksLikeZlib(head)) throw compressed('zlib', path);
  throw new RecordpipeError('unknown-format', `unknown format: ${reason}; pass the format (format)`, {
    uri: path,
  });
}

/** How a file whose format is known seems to be compressed. */
function compressionOf(format: FormatName, head: Uint8Array): 'gzip' | 'zlib' | undefined {
  // Text is told by as few bytes as its readers look at.
  const shown = format === 'textline' ? head.subarray(0, 12) : head;
  if (detectFormat(shown).format === format) return undefined;
  if (looksLikeGzip(head)) return 'gzip';
  return looksLikeZlib(head) ? 'zlib' : undefined;
}

function compressed(compression: string, uri: string): RecordpipeError {
  return new RecordpipeError(
    'unsupported-source',
    `the file is compressed (${compression}) and does not support random access; decompress it (${compression === 'gzip' ? 'gzip -d, or ' : ''}recordpipe convert --output-compression none) and index the result`,
    { uri },
  );
}

import type { OptionNames } from '../../bytes/arguments.ts';
import { looksLikeGzip, looksLikeZlib } from '../../bytes/sniff.ts';
import { RecordpipeError, UsageError } from '../../errors.ts';
import type { ReadOptions } from '../../formats/read-options.ts';
import type { FormatName } from '../../formats/record-format.ts';
import { recordIOReadOptions } from '../../formats/recordio/decoder.ts';
import type { Multipart } from '../../formats/recordio/layout.ts';
import { textLineReadOptions } from '../../formats/textline/options.ts';
import type { CarriageReturns } from '../../formats/textline/scanner.ts';
import { tfrecordReadOptions } from '../../formats/tfrecord/decoder.ts';
import type { ObjectOptions } from '../../storage/object-options.ts';
import type { StoredFile } from '../../storage/storage.ts';
import { detectFormat } from '../detect-format.ts';
import type { RecordReadOptions } from '../record-read-options.ts';
import type { FrameScanOptions } from './scan-frames.ts';

/** The names of the options that say how a file is cut into records. */
const LAYOUT_NAMES: OptionNames<LayoutOptions> = {
  format: true,
  multipart: true,
  lenientFlags: true,
  delimiter: true,
  cr: true,
  payloadCrc: true,
  objects: true,
};

/** With those of a scan. */
export const SCAN_NAMES: OptionNames<FrameScanOptions> = {
  ...LAYOUT_NAMES,
  checksum: true,
  maxRecordBytes: true,
  onProgress: true,
  signal: true,
};

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
  /** How `s3://` addresses are reached and read. Default: `DEFAULT_OBJECT_OPTIONS` of `recordpipe/storage`. */
  readonly objects: Partial<ObjectOptions> | undefined;
}

/** As many first bytes tell the format. */
const HEAD_BYTES = 512;

/**
 * How a file is to be cut into records.
 * @throws RecordpipeError `unsupported-source` for a compressed file, `unknown-format`
 * @throws UsageError for a value that no option has
 */
export function layoutOf(file: StoredFile, given: Partial<LayoutOptions>): RecordLayout {
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

function formatOf({ path }: StoredFile, head: Uint8Array): FormatName {
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

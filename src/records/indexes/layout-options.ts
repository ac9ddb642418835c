import type { OptionNames } from '../../bytes/arguments.ts';
import { looksLikeGzip, looksLikeZlib } from '../../bytes/sniff.ts';
import { RecordpipeError } from '../../errors.ts';
import type { FormatName } from '../../formats/names/index.ts';
import type { Multipart } from '../../formats/recordio/layout.ts';
import { type AnyOptions, detectFormat, FALLBACK_FORMAT, recordFormat } from '../../formats/registry.ts';
import type { CarriageReturns } from '../../formats/textline/options.ts';
import type { ObjectOptions } from '../../storage/object-options.ts';
import type { StoredFile } from '../../storage/storage.ts';
import type { RecordReadOptions } from '../read-options.ts';

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

/**
 * The format of an indexed file, and the options that decide where its records begin: those that
 * `RecordFormat.index` names.
 */
export interface RecordLayout extends Partial<AnyOptions> {
  readonly format: FormatName;
}

/** The first difference between two layouts, in words; undefined if they are the same. */
export function layoutDifference(indexed: RecordLayout, wanted: RecordLayout): string | undefined {
  for (const name of ['format', ...recordFormat(wanted.format).index.compared] as const) {
    const [before, after] = [shown(indexed[name]), shown(wanted[name])];
    if (before !== after) return `it was made with ${name} ${before}, asked for is ${after}`;
  }
  return undefined;
}

function shown(value: unknown): string {
  return value instanceof Uint8Array ? `0x${Buffer.from(value).toString('hex')}` : String(value);
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

/** How the data is looked at while its frames are found. Every field has a default; pass what differs. */
export interface FrameScanOptions extends LayoutOptions {
  /** Default `length`: headers are verified. `full`: the payloads' checksums as well, where the format has them. */
  readonly checksum: 'length' | 'full';
  /** Largest payload in bytes. Default 2^31 - 1, at most 2^32 - 64. */
  readonly maxRecordBytes: number;
  /** Told now and then how many bytes have been looked at. */
  readonly onProgress: ((bytes: number) => void) | undefined;
  /** Ends the work with an `aborted` error. */
  readonly signal: AbortSignal | undefined;
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
  const layout = layoutFrom(name, readOptions(name, given));
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
  return layoutFrom(
    name,
    readOptions(name, { ...indexed, ...Object.fromEntries(defined) } as Partial<LayoutOptions>),
  );
}

/** The complete reading options of a format for an uncompressed file, strict. */
export function readOptions(
  name: FormatName,
  { multipart, lenientFlags, delimiter, cr, payloadCrc }: Partial<LayoutOptions>,
  more: Partial<RecordReadOptions> = {},
): RecordReadOptions {
  const given = { multipart, lenientFlags, delimiter, cr, payloadCrc, compression: 'none', ...more };
  return recordFormat(name).readOptions(given as Partial<AnyOptions>) as RecordReadOptions;
}

function layoutFrom(format: FormatName, options: AnyOptions): RecordLayout {
  const stored = recordFormat(format).index.options;
  return { format, ...Object.fromEntries(stored.map((name) => [name, options[name]])) };
}

function formatOf({ path }: StoredFile, head: Uint8Array): FormatName {
  // A file without a byte has no records, whatever its format.
  if (head.length === 0) return FALLBACK_FORMAT;
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
  const compression = recordFormat(format).detectCompression(head);
  return compression === 'none' || detectFormat(head).format === format ? undefined : compression;
}

function compressed(compression: string, uri: string): RecordpipeError {
  return new RecordpipeError(
    'unsupported-source',
    `the file is compressed (${compression}) and does not support random access; decompress it (${compression === 'gzip' ? 'gzip -d, or ' : ''}recordpipe convert --output-compression none) and index the result`,
    { uri },
  );
}

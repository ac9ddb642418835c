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

/** The format of a file and how it is divided into records. Every field has a default. */
export interface LayoutOptions {
  /** Format of the file. Default `auto`: detected from the content. */
  readonly format: FormatName | 'auto';
  /** RecordIO: see `RecordIOReadOptions`. Defaults `dmlc` and false. */
  readonly multipart: Multipart;
  /** Whether to accept the parts of multipart RecordIO records in any order: see `RecordIOOptions`. */
  readonly lenientFlags: boolean;
  /**
   * Text: see `TextLineReadOptions`. Defaults: `"\n"` for the delimiter; for carriage returns,
   * `crlf` with that delimiter and `keep` with any other.
   */
  readonly delimiter: string | Uint8Array;
  /** How to treat carriage returns in text lines: see `TextLineOptions`. */
  readonly cr: CarriageReturns;
  /** TFRecord: kind of payload checksums; see `TFRecordReadOptions`. Default `crc32c`. */
  readonly payloadCrc: 'crc32c' | 'smdebug';
  /** How to access `s3://` addresses. Default: `DEFAULT_OBJECT_OPTIONS` of `recordpipe/storage`. */
  readonly objects: Partial<ObjectOptions> | undefined;
}

/** How to scan data for its frames. Every field has a default. */
export interface FrameScanOptions extends LayoutOptions {
  /**
   * Which checksums are verified. `length` (default) verifies the headers. `full` also verifies the
   * payload checksums, if the format has them.
   */
  readonly checksum: 'length' | 'full';
  /** Maximum payload size in bytes. Default 2^31 - 1, at most 2^32 - 64. */
  readonly maxRecordBytes: number;
  /** Called periodically with the number of bytes scanned so far. */
  readonly onProgress: ((bytes: number) => void) | undefined;
  /** Signal that aborts the scan with an `aborted` error. */
  readonly signal: AbortSignal | undefined;
}

/** The option names of {@link FrameScanOptions}. */
export const SCAN_NAMES: OptionNames<FrameScanOptions> = {
  format: true,
  multipart: true,
  lenientFlags: true,
  delimiter: true,
  cr: true,
  payloadCrc: true,
  objects: true,
  checksum: true,
  maxRecordBytes: true,
  onProgress: true,
  signal: true,
};

/**
 * The format of an indexed file and the options that determine where its records begin, as listed
 * in `RecordFormat.index`.
 */
export interface RecordLayout extends Partial<AnyOptions> {
  readonly format: FormatName;
}

/** Number of bytes that suffices to detect the format. */
const HEAD_BYTES = 512;

/**
 * Returns the layout of a file. Detects what the options do not specify.
 * @throws RecordpipeError `unsupported-source` for a compressed file, `unknown-format`
 * @throws UsageError for an invalid option value
 */
export function layoutOf(file: StoredFile, given: Partial<LayoutOptions>): RecordLayout {
  const head = new Uint8Array(Math.min(file.size, HEAD_BYTES));
  file.readNow(head, 0, head.length, 0);
  const { format = 'auto' } = given;
  const name = format === 'auto' ? formatOf(file, head) : format;
  const layout = layoutFrom(name, given);
  if (format !== 'auto') {
    const compression = compressionOf(name, head);
    if (compression !== undefined) throw compressed(compression, file.path);
  }
  return layout;
}

/**
 * Returns the layout of an index with the changes that the options request.
 * @throws UsageError for an invalid option value
 */
export function changedLayout(indexed: RecordLayout, given: Partial<LayoutOptions>): RecordLayout {
  const { format = 'auto', multipart, lenientFlags, delimiter, cr, payloadCrc } = given;
  const name = format === 'auto' ? indexed.format : format;
  const changes = Object.entries({ multipart, lenientFlags, delimiter, cr, payloadCrc }).filter(
    ([, value]) => value !== undefined,
  );
  return layoutFrom(name, { ...indexed, ...Object.fromEntries(changes) } as Partial<LayoutOptions>);
}

/** Describes the first difference between two layouts. Returns undefined if they are equal. */
export function layoutDifference(indexed: RecordLayout, wanted: RecordLayout): string | undefined {
  for (const name of ['format', ...recordFormat(wanted.format).index.compared] as const) {
    const [before, after] = [shown(indexed[name]), shown(wanted[name])];
    if (before !== after) return `the index was built with ${name} ${before}, but ${after} is requested`;
  }
  return undefined;
}

/** Returns complete, strict reading options of a format for an uncompressed file. */
export function readOptions(
  name: FormatName,
  { multipart, lenientFlags, delimiter, cr, payloadCrc }: Partial<LayoutOptions>,
  more: Partial<RecordReadOptions> = {},
): RecordReadOptions {
  const given = { multipart, lenientFlags, delimiter, cr, payloadCrc, compression: 'none', ...more };
  return recordFormat(name).readOptions(given as Partial<AnyOptions>) as RecordReadOptions;
}

function layoutFrom(format: FormatName, given: Partial<LayoutOptions>): RecordLayout {
  const options: AnyOptions = readOptions(format, given);
  const stored = recordFormat(format).index.options;
  return { format, ...Object.fromEntries(stored.map((name) => [name, options[name]])) };
}

function formatOf({ path }: StoredFile, head: Uint8Array): FormatName {
  // An empty file has no records in any format.
  if (head.length === 0) return FALLBACK_FORMAT;
  const { format, reason } = detectFormat(head);
  if (format !== undefined) return format;
  if (looksLikeGzip(head)) throw compressed('gzip', path);
  if (looksLikeZlib(head)) throw compressed('zlib', path);
  throw new RecordpipeError('unknown-format', `unknown format: ${reason}; specify the format (format)`, {
    uri: path,
  });
}

/** Returns the apparent compression of a file whose format is known. */
function compressionOf(format: FormatName, head: Uint8Array): 'gzip' | 'zlib' | undefined {
  const compression = recordFormat(format).detectCompression(head);
  return compression === 'none' || detectFormat(head).format === format ? undefined : compression;
}

function compressed(compression: string, uri: string): RecordpipeError {
  const tool = `${compression === 'gzip' ? 'gzip -d, or ' : ''}recordpipe convert --output-compression none`;
  const text = `the file is compressed (${compression}) and does not support random access; decompress the file (${tool}), and index the result`;
  return new RecordpipeError('unsupported-source', text, { uri });
}

function shown(value: unknown): string {
  return value instanceof Uint8Array ? `0x${Buffer.from(value).toString('hex')}` : String(value);
}

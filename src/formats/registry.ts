import { describeForeignFile, foreignText } from '../bytes/sniff.ts';
import { UsageError } from '../errors.ts';
import type { CodecOptions } from './codec-options.ts';
import { FORMAT_NAMES, type FormatName } from './names/index.ts';
import type { Certainty, Detection, RecordCodec, RecordFormat } from './record-format.ts';
import { recordIOFormat } from './recordio/format.ts';
import type { RecordIOOptions } from './recordio/options.ts';
import { textLineFormat } from './textline/format.ts';
import type { TextLineOptions } from './textline/options.ts';
import { tfrecordFormat } from './tfrecord/format.ts';
import type { TFRecordOptions } from './tfrecord/options.ts';

/** Format of each name. */
const FORMATS: Readonly<Record<FormatName, object>> = {
  tfrecord: tfrecordFormat,
  recordio: recordIOFormat,
  textline: textLineFormat,
};

/** Reading options of all formats. Each format uses its own options and ignores the others. */
export interface AnyOptions extends TFRecordOptions, RecordIOOptions, TextLineOptions {}

/** A format whose options are known only at run time. */
export type AnyFormat = RecordFormat<AnyOptions>;

const registered = /* @__PURE__ */ new Map<string, AnyFormat>(
  /* @__PURE__ */ FORMAT_NAMES.map((name) => [name, FORMATS[name] as AnyFormat]),
);

/**
 * The format assumed for an empty file and for a stream that cannot be decompressed. Its decoder
 * reports the error.
 */
export const FALLBACK_FORMAT: FormatName = FORMAT_NAMES[0];

/** Returns the names of all formats. */
export function formatNames(): FormatName[] {
  return [...registered.keys()] as FormatName[];
}

/** Returns all formats. */
export function formats(): AnyFormat[] {
  return [...registered.values()];
}

/**
 * Returns the format with this name.
 * @param others other accepted names, listed in the error
 * @throws UsageError for an unknown name
 */
export function recordFormat(name: FormatName, others: readonly string[] = ['auto']): AnyFormat {
  const format = registered.get(name);
  if (format === undefined)
    throw new UsageError(
      `format: expected one of ${[...others, ...formatNames()].join(', ')}, got ${String(name)}`,
    );
  return format;
}

/** Returns the format that foreign index files of this kind describe. */
export function formatOfForeignIndex(kind: string): FormatName | undefined {
  return formats().find(({ foreignIndexes }) => foreignIndexes?.includes(kind))?.name as
    | FormatName
    | undefined;
}

/**
 * Returns the decoder and scanner of the format with this name.
 * @throws UsageError for an unknown name
 */
export async function recordCodec(name: FormatName): Promise<RecordCodec<AnyOptions>> {
  return recordFormat(name).codec();
}

/**
 * Registers a format for this thread, and returns a function that unregisters it. Worker threads do
 * not know the format.
 */
export function registerFormat<R extends CodecOptions, W extends object>(
  format: RecordFormat<R, W>,
): () => void {
  registered.set(format.name, format as unknown as AnyFormat);
  return () => registered.delete(format.name);
}

/**
 * Number of leading bytes that suffice to recognize an undamaged binary format and its compression.
 */
export const CERTAIN_BYTES = 12;

/** The format of a file with the evidence for it, or the reason why it is unknown. */
export type DetectedFormat =
  | {
      /** Name of the format. */
      readonly format: FormatName;
      /** Evidence for the format. */
      readonly reason: string;
    }
  | {
      /** The bytes match no format. */
      readonly format: undefined;
      /** Reason why no format matches. */
      readonly reason: string;
      /** The kind of file that it appears to be, as a noun with its article, if known. */
      readonly looksLike?: string;
    };

/**
 * Detects the format of a file from its first bytes, uncompressed. TFRecord is recognized by the
 * checksum of its first length, RecordIO by its magic number, and text by its characters. If the
 * beginning is damaged, the next valid record in `head` determines the format. For known files of
 * other kinds (HTML, a Git LFS pointer, Parquet, npy, zip, tar, zstd, …), the reason names the
 * kind.
 *
 * @param head the first bytes; 12 are enough for an undamaged file, 512 for text and other kinds
 * @example
 * ```ts
 * import { detectFormat, encodeTFRecord } from 'recordpipe';
 * console.log(detectFormat(encodeTFRecord(new Uint8Array(3))).format); // tfrecord
 * console.log(detectFormat(new TextEncoder().encode('PAR1\x15\x04\x15\x10')).looksLike); // a Parquet file
 * ```
 */
export function detectFormat(head: Uint8Array): DetectedFormat {
  const { certainty, ...detected } = detectWithCertainty(head);
  return detected;
}

/** Like {@link detectFormat}, but also returns the certainty of the format. */
export function detectWithCertainty(head: Uint8Array): DetectedFormat & { readonly certainty: Certainty } {
  const page = certainFormat(head) === undefined ? foreignText(head) : undefined;
  if (page !== undefined) return foreign(page);
  const opinions = formats().map((format) => ({ format: format.name as FormatName, ...format.detect(head) }));
  const sure = find(opinions, 'certain') ?? find(opinions, 'likely');
  if (sure !== undefined) return sure;
  const other = describeForeignFile(head);
  if (other !== undefined && other !== ZEROS) return foreign(other);
  const weak = find(opinions, 'damaged') ?? find(opinions, 'truncated') ?? find(opinions, 'possible');
  if (weak !== undefined) return weak;
  if (other !== undefined) return foreign(other);
  if (head.length === 0) return unknown('the file is empty');
  return unknown([...new Set(opinions.map(({ reason }) => reason))].join(', '));
}

/** Returns the format of a file if its first 12 bytes identify it beyond doubt. */
export function certainFormat(head: Uint8Array): FormatName | undefined {
  return formats().find((format) => format.isCertain(head))?.name as FormatName | undefined;
}

/**
 * The evidence for TFRecord or text is weak if there are only zero bytes: a damaged file may also
 * begin with them.
 */
const ZEROS = 'only zero bytes';

function find<T extends Detection>(opinions: readonly T[], certainty: Certainty): T | undefined {
  return opinions.find((opinion) => opinion.certainty === certainty);
}

type Unknown = Extract<DetectedFormat, { format: undefined }> & { readonly certainty: 'no' };

function unknown(reason: string): Unknown {
  return { format: undefined, reason, certainty: 'no' };
}

function foreign(looksLike: string): Unknown {
  return { ...unknown(`this looks like ${looksLike}`), looksLike };
}

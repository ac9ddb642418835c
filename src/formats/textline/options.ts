import { checkRecordOptions } from '../../bytes/arguments.ts';
import { firstNonText, looksLikeGzip, looksLikeZlib } from '../../bytes/sniff.ts';
import { UsageError } from '../../errors.ts';
import {
  type CodecOptions,
  type Compression,
  completeOptions,
  DEFAULT_CODEC_OPTIONS,
  extended,
} from '../codec-options.ts';
import type { Detection, FormatReading } from '../record-format.ts';
import { findMalformedUtf8 } from '../utf8.ts';

/**
 * How to treat carriage returns: `keep` keeps all of them, `crlf` removes one before the delimiter,
 * and `all` removes every one in the line.
 */
export type CarriageReturns = 'keep' | 'crlf' | 'all';

/** Maximum size of a delimiter in bytes. */
export const MAX_DELIMITER_BYTES = 256;

/**
 * Options of lines of text. Some shared options have a specific meaning here:
 *
 * - `maxRecordBytes` applies to a line without its delimiter and one removed carriage return,
 *   before invalid characters are replaced;
 * - `recover: 'scan'` skips lines that are too long or, with `fatal`, not UTF-8; in any other
 *   encoding, reading ends at the first invalid text;
 * - `compat: 'tf'` removes every carriage return (`cr: 'all'`), and a last line that contains
 *   nothing else;
 * - `trailing` has no effect, because every byte belongs to a line.
 */
export interface TextLineOptions extends CodecOptions {
  /**
   * The end of a line: a string (as UTF-8) or 1 to 256 bytes. Default `"\n"`. If matches overlap,
   * the leftmost one counts. A last line without a delimiter is a line.
   */
  readonly delimiter: string | Uint8Array;
  /**
   * How to treat carriage returns: `crlf` removes one before the delimiter; `all` removes every one
   * in the line, as TensorFlow does; `keep` keeps them. The default is `crlf` for the delimiter
   * `"\n"`, and `keep` otherwise.
   */
  readonly cr: CarriageReturns;
  /** Whether to skip empty lines without counting them. Default false. */
  readonly skipBlank: boolean;
  /**
   * Whether to remove a byte order mark (EF BB BF as UTF-8) at the start of the stream. Default
   * false.
   */
  readonly stripBom: boolean;
  /**
   * Encoding of the text. With `bytes`, the default, lines are returned as stored. With `utf8`,
   * malformed UTF-8 becomes U+FFFD, line by line. With any other label of the Encoding standard
   * (`utf-16le`, `latin1`, `shift_jis`, …), the stream is converted to UTF-8 before it is split,
   * and offsets count bytes of the converted stream.
   */
  readonly encoding: string;
  /**
   * Whether text that is invalid in its `encoding` is an error instead of becoming U+FFFD. Default
   * false.
   */
  readonly fatal: boolean;
}

export const DEFAULT_TEXTLINE_OPTIONS: TextLineOptions = /* @__PURE__ */ extended<
  TextLineOptions,
  CodecOptions
>(DEFAULT_CODEC_OPTIONS, {
  delimiter: '\n',
  cr: 'crlf',
  skipBlank: false,
  stripBom: false,
  encoding: 'bytes',
  fatal: false,
});

const CHOICES = {
  cr: ['keep', 'crlf', 'all'],
  skipBlank: [true, false],
  stripBom: [true, false],
  fatal: [true, false],
};

/**
 * Reading properties of lines. In complete options, `encoding` is a standard name and `delimiter`
 * is a byte array.
 */
export const textLineReading: FormatReading<TextLineOptions> = {
  name: 'textline',
  readOptions(given) {
    const options = completeOptions(DEFAULT_TEXTLINE_OPTIONS, given, CHOICES);
    const delimiter = delimiterBytes(options.delimiter);
    const encoding = encodingName(options.encoding);
    if (options.fatal && encoding === 'bytes')
      throw new UsageError(
        "fatal: requires an encoding to check against, such as encoding: 'utf8', got 'bytes'",
      );
    if (options.start?.offset && encoding !== 'bytes' && encoding !== 'utf-8')
      throw new UsageError(
        `start: positions count bytes of UTF-8, but the stream is ${encoding}; convert it to UTF-8, or read it from the beginning`,
      );
    const cr = options.compat === 'tf' ? 'all' : (given?.cr ?? defaultCr(delimiter));
    return { ...options, delimiter, encoding, cr };
  },
  detectCompression,
};

/** Rules for splitting a stream into lines. */
export interface LineCutting {
  /** The end of a line: 1 to 256 bytes. If matches overlap, the leftmost one counts. */
  readonly delimiter: Uint8Array;
  readonly cr: CarriageReturns;
  /** Whether empty lines are skipped. */
  readonly skipBlank: boolean;
  /** Maximum size of a line without its delimiter and one removed carriage return. */
  readonly maxRecordBytes: number;
  /** Whether lines that are not UTF-8 are marked. */
  readonly utf8: boolean;
}

/** Returns the part of complete options that scanners need. */
export function lineCutting(options: TextLineOptions): LineCutting {
  const { delimiter, cr, skipBlank, maxRecordBytes, encoding } = options;
  return { delimiter: delimiterBytes(delimiter), cr, skipBlank, maxRecordBytes, utf8: encoding === 'utf-8' };
}

/** Options for writing a line, and the rules by which it will be read. */
export interface TextLineEncodeOptions {
  /** The end of a line: a string (as UTF-8) or 1 to 256 bytes. Default `"\n"`. */
  readonly delimiter: string | Uint8Array;
  /**
   * How readers treat carriage returns. Payloads that readers would change are rejected. The
   * default for the delimiter `"\n"` is `crlf` (a payload must not end with a carriage return), and
   * otherwise `keep` (any payload without the delimiter is valid). With `all`, no payload may
   * contain a carriage return.
   */
  readonly cr: CarriageReturns;
}

/** Complete encoding options. */
export interface LineEnding {
  readonly delimiter: Uint8Array;
  readonly cr: CarriageReturns;
}

const ENCODE_OPTIONS: readonly (keyof TextLineEncodeOptions)[] = ['delimiter', 'cr'];

/**
 * Returns the complete encoding options of a function that has no others.
 * @param caller name of the function, for the error
 * @throws UsageError for an invalid value, and for an unknown name
 */
export function lineEndingOf(caller: string, given: Partial<TextLineEncodeOptions> | undefined): LineEnding {
  checkRecordOptions(caller, given, ENCODE_OPTIONS);
  return lineEnding(given);
}

/**
 * Returns the complete encoding options.
 * @throws UsageError for an invalid value
 */
export function lineEnding(options: Partial<TextLineEncodeOptions> | undefined): LineEnding {
  const delimiter = delimiterBytes(options?.delimiter ?? '\n');
  const cr = options?.cr ?? defaultCr(delimiter);
  if (!CHOICES.cr.includes(cr))
    throw new UsageError(`cr: expected one of keep, crlf, all, got ${String(cr)}`);
  return { delimiter, cr };
}

/**
 * Returns the default of `cr`: a carriage return is part of a line ending only before a line feed.
 */
function defaultCr(delimiter: Uint8Array): CarriageReturns {
  return delimiter.length === 1 && delimiter[0] === 10 ? 'crlf' : 'keep';
}

/**
 * Returns a copy of the bytes of a delimiter.
 * @throws UsageError if it is empty or too long
 */
function delimiterBytes(delimiter: string | Uint8Array): Uint8Array {
  const bytes =
    typeof delimiter === 'string' ? new TextEncoder().encode(delimiter) : Uint8Array.from(delimiter);
  if (bytes.length === 0 || bytes.length > MAX_DELIMITER_BYTES)
    throw new UsageError(`delimiter: expected 1 to ${MAX_DELIMITER_BYTES} bytes, got ${bytes.length}`);
  return bytes;
}

function encodingName(label: string): string {
  if (label === 'bytes') return label;
  try {
    return new TextDecoder(label).encoding;
  } catch {
    throw new UsageError(
      `encoding: expected bytes, utf8 or an Encoding standard label that this host supports, got ${label}`,
    );
  }
}

/**
 * Returns how likely it is that a file that begins with these bytes is text, which is a weak sign.
 */
export function detect(head: Uint8Array): Detection {
  const at = firstNonText(head);
  if (head.length > 0 && at < 0) return { certainty: 'likely', reason: 'it is text' };
  const why =
    at < head.length
      ? `byte 0x${head[Math.max(at, 0)]?.toString(16).padStart(2, '0')} at ${at}`
      : 'mostly non-ASCII bytes that are not valid UTF-8';
  return { certainty: 'no', reason: `not text (${why})` };
}

/**
 * Number of bytes to inspect. It is small enough that every reader has them, whatever its chunk
 * size.
 */
const HEAD_BYTES = 12;
/** Control characters that occur in text: BEL to CR, and ESC. */
const TEXT_CONTROLS = new Set([7, 8, 9, 10, 11, 12, 13, 27]);

/**
 * Detects the compression of a text stream from its first bytes. The three magic bytes of gzip are
 * not text in any common encoding. The two magic bytes of zlib may be text (`x^`, `HK`), so they
 * count only if the first 12 bytes are not UTF-8 text. For other text, specify the compression.
 */
export function detectCompression(head: Uint8Array): Compression {
  if (looksLikeGzip(head)) return 'gzip';
  return looksLikeZlib(head) && !looksLikeText(head.subarray(0, HEAD_BYTES)) ? 'zlib' : 'none';
}

/**
 * Reports whether `head` is UTF-8 without control characters other than those that occur in text.
 * The last character may be incomplete.
 */
function looksLikeText(head: Uint8Array): boolean {
  const malformed = findMalformedUtf8(head, 0, head.length);
  const cutOff = malformed >= 0 && malformed > head.length - 4 && isBeginning(head, malformed);
  if (malformed >= 0 && !cutOff) return false;
  return head.every((byte) => byte >= 0x20 || TEXT_CONTROLS.has(byte));
}

/** Reports whether the rest of `head` is the beginning of a character. */
function isBeginning(head: Uint8Array, at: number): boolean {
  const lead = head[at];
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (lead < 0xc2 || lead > 0xf4 || at + length <= head.length) return false;
  return head.subarray(at + 1).every((byte) => (byte & 0xc0) === 0x80);
}

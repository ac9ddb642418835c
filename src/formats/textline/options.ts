import { UsageError } from '../../errors.ts';
import { completeOptions, DEFAULT_READ_OPTIONS, type ReadOptions } from '../read-options.ts';
import { defaultCr, delimiterBytes } from './encode.ts';
import type { CarriageReturns, LineCutting } from './scanner.ts';

/**
 * How lines are read. Every field has a default; pass what differs. Of the options that all formats have:
 *
 * - `maxRecordBytes` counts the bytes of a line without its delimiter and one carriage return that goes, before characters are replaced;
 * - `recover: 'scan'` passes over lines that are too long or, with `fatal`, no UTF-8; behind text that is not in another encoding nothing is read;
 * - `compat: 'tf'` drops every carriage return (`cr: 'all'`) and a last line of nothing else;
 * - `trailing` means nothing here: every byte belongs to a line.
 */
export interface TextLineReadOptions extends ReadOptions {
  /**
   * What ends a line: text (as UTF-8) or bytes, 1 to 256 of them. Default `"\n"`. Of matches that overlap the leftmost counts; a last line without
   * one is a line.
   */
  readonly delimiter: string | Uint8Array;
  /**
   * Carriage returns: `crlf` takes one off a line's end, where the delimiter follows; `all` drops every one in the line, as TensorFlow does; `keep` keeps
   * them. Default `crlf` for the delimiter `"\n"`, else `keep`.
   */
  readonly cr: CarriageReturns;
  /** Whether lines of which nothing is left are passed over, and not counted. Default false. */
  readonly skipBlank: boolean;
  /** Whether a byte order mark (EF BB BF as UTF-8) at the start of the stream is taken off. Default false. */
  readonly stripBom: boolean;
  /**
   * `bytes` (default): lines are the bytes that are there. `utf8`: what is not well-formed UTF-8 becomes U+FFFD, line by line. Any other label of the
   * Encoding standard (`utf-16le`, `latin1`, `shift_jis`, …): the stream is turned into UTF-8 before it is cut, and offsets count bytes of that.
   */
  readonly encoding: string;
  /** Whether text that is not in its `encoding` is an error instead of U+FFFD. Default false; only with an encoding. */
  readonly fatal: boolean;
}

export const DEFAULT_TEXTLINE_READ_OPTIONS: TextLineReadOptions = Object.freeze({
  ...DEFAULT_READ_OPTIONS,
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
 * The complete options, checked: `encoding` by its standard name, `delimiter` as bytes.
 * @throws UsageError for a value that no option has
 */
export function textLineReadOptions(given: Partial<TextLineReadOptions> | undefined): TextLineReadOptions {
  const options = completeOptions(DEFAULT_TEXTLINE_READ_OPTIONS, given, CHOICES);
  const delimiter = delimiterBytes(options.delimiter);
  const encoding = encodingName(options.encoding);
  if (options.fatal && encoding === 'bytes') {
    throw new UsageError("fatal: needs an encoding to check against, such as encoding: 'utf8'; got 'bytes'");
  }
  if (options.start?.offset && encoding !== 'bytes' && encoding !== 'utf-8') {
    throw new UsageError(
      `start: positions count bytes of UTF-8, the stream is ${encoding}; convert it to UTF-8, or read it from its beginning`,
    );
  }
  const cr = options.compat === 'tf' ? 'all' : (given?.cr ?? defaultCr(delimiter));
  return { ...options, delimiter, encoding, cr };
}

/** What the scanner has to know of complete options. */
export function lineCutting(options: TextLineReadOptions): LineCutting {
  const { delimiter, cr, skipBlank, maxRecordBytes, encoding } = options;
  return { delimiter: delimiterBytes(delimiter), cr, skipBlank, maxRecordBytes, utf8: encoding === 'utf-8' };
}

function encodingName(label: string): string {
  if (label === 'bytes') return label;
  try {
    return new TextDecoder(label).encoding;
  } catch {
    throw new UsageError(
      `encoding: expected bytes, utf8 or a label of the Encoding standard that this host knows, got ${label}`,
    );
  }
}

import { inflatedHead } from '../bytes/inflate/inflated-head.ts';
import { looksLikeGzip, looksLikeZlib } from '../bytes/sniff.ts';
import type { ByteSource } from '../bytes/sources.ts';
import { trace } from '../bytes/trace.ts';
import { RecordpipeError } from '../errors.ts';
import type { CodecOptions, Compression } from '../formats/codec-options.ts';
import type { FormatName } from '../formats/names/index.ts';
import type { FormatReading } from '../formats/record-format.ts';
import {
  CERTAIN_BYTES,
  certainFormat,
  detectWithCertainty,
  FALLBACK_FORMAT,
  formatNames,
} from '../formats/registry.ts';
import { PEEK_BYTES, PeekedSource, sourceHead } from './peeked-source.ts';
import type { RecordReadOptions } from './read-options.ts';

/** A source with a known format and compression. */
export interface IdentifiedSource {
  readonly format: FormatName;
  readonly compression: Compression;
  readonly uri: string | undefined;
  /** Returns the stored size in bytes. Undefined if the source does not know it. */
  readonly size: (() => number) | undefined;
  /** Returns the ETag of an object. */
  readonly etag?: (() => string | undefined) | undefined;
  /** The source to read in place of the given one. */
  readonly source: ByteSource | PeekedSource;
}

/** Options for opening a source, and the properties of it that are already known. */
export interface IdentifyOptions
  extends HeadOptions,
    Pick<RecordReadOptions, 'chunkBytes' | 'blocking' | 'objects' | 'signal'> {}

/** Properties of the content of a source that are already known. */
export interface HeadOptions extends Pick<RecordReadOptions, 'compression' | 'uri'> {
  /** The format, or `auto` if it is unknown. */
  readonly format: Pick<FormatReading<CodecOptions>, 'name' | 'detectCompression'> | 'auto';
}

/** The first bytes of a source. */
interface Head {
  readonly bytes: Uint8Array;
  /** Whether these are all the bytes of the source. */
  readonly whole: boolean;
  /** Whether no more bytes will be inspected. */
  readonly final: boolean;
}

interface Verdict {
  readonly format: FormatName;
  readonly compression: Compression;
}

/** Number of bytes to inspect first. One page is nearly always enough. */
const FIRST_PEEK_BYTES = 4096;
/**
 * Number of bytes to inspect before content is accepted as text. The first bytes of other files,
 * such as tar archives, may look like text, but not this many.
 */
const TEXT_BYTES = 512;
/**
 * Number of bytes that look like text and exclude a zlib stream, which never begins with this many.
 */
const SURE_TEXT_BYTES = 64;

/**
 * Determines the format and compression of a source from its first bytes. They are read again
 * later, or kept if the source can be read only once.
 * @throws RecordpipeError `unknown-format`; the errors of opening the source; the errors of reading
 *   it if it can be read only once
 */
export async function identifySource(source: ByteSource, given: IdentifyOptions): Promise<IdentifiedSource> {
  const file = await sourceHead(source, FIRST_PEEK_BYTES);
  if (file === undefined) return identifyStream(source, given);
  const uri = given.uri ?? nameOf(source);
  const found = { uri, size: () => file.size, source };
  const short = { bytes: file.head, whole: file.size <= FIRST_PEEK_BYTES };
  const verdict = await judge({ ...short, final: short.whole }, given, uri);
  if (verdict !== undefined) return { ...found, ...traced(verdict, uri) };
  const bytes = (await sourceHead(source, PEEK_BYTES))?.head ?? file.head;
  const long = { bytes, whole: file.size <= PEEK_BYTES, final: true };
  return { ...found, ...traced((await judge(long, given, uri)) as Verdict, uri) };
}

/** Opens a source that can be read only once, and identifies it. */
async function identifyStream(source: ByteSource, given: IdentifyOptions): Promise<IdentifiedSource> {
  const { chunkBytes, blocking, signal, objects } = given;
  return identifyPeeked(PeekedSource.open(source, { chunkBytes, blocking }, signal, objects), given);
}

/** Like {@link identifySource}, but for an open source, which it closes on failure. */
export async function identifyPeeked(peeked: PeekedSource, given: HeadOptions): Promise<IdentifiedSource> {
  const { size, etag } = peeked.opened;
  const uri = given.uri ?? peeked.opened.uri;
  try {
    // Wait for twice as many bytes before each new attempt, so that tiny chunks are not slow.
    for (let needed = CERTAIN_BYTES; ; needed = Math.min(PEEK_BYTES, 2 * peeked.head.length)) {
      while (peeked.head.length < needed && !peeked.whole) await peeked.peek();
      const { head, whole } = peeked;
      const final = whole || head.length === PEEK_BYTES;
      const verdict = await judge({ bytes: head, whole, final }, given, uri);
      if (verdict !== undefined) return { ...traced(verdict, uri), uri, size, etag, source: peeked };
    }
  } catch (error) {
    await peeked.close();
    throw error;
  }
}

function traced(verdict: Verdict, uri: string | undefined): Verdict {
  trace('format', () => `${uri ?? 'the input'}: ${verdict.format}, compression ${verdict.compression}`);
  return verdict;
}

function nameOf(source: ByteSource): string | undefined {
  if (typeof source === 'string' || source instanceof URL) return String(source);
  const { name } = source as { name?: unknown };
  return typeof name === 'string' ? name : undefined;
}

/**
 * Identifies the format and compression from the first bytes. Returns undefined if more bytes are
 * needed, which never happens for a final head.
 */
async function judge(
  head: Head,
  { format, compression }: HeadOptions,
  uri: string | undefined,
): Promise<Verdict | undefined> {
  const { bytes, final } = head;
  if (bytes.length < CERTAIN_BYTES && !final) return undefined;
  if (format !== 'auto') {
    const known = compression === 'auto' ? format.detectCompression(bytes) : compression;
    return { format: format.name as FormatName, compression: known };
  }
  if (compression === 'gzip' || compression === 'zlib') return inside(head, compression, uri);
  if (compression === 'auto' && certainFormat(bytes) === undefined) {
    if (looksLikeGzip(bytes)) return inside(head, 'gzip', uri);
    if (looksLikeZlib(bytes)) return zlibOrNot(head, uri);
  }
  const plain = formatOf(head, 'none', uri);
  return plain && { format: plain, compression: 'none' };
}

/** Identifies the content of a compressed stream. */
async function inside(
  head: Head,
  compression: 'gzip' | 'zlib',
  uri: string | undefined,
): Promise<Verdict | undefined> {
  const { bytes, broken } = await inflatedHead(head.bytes, compression, PEEK_BYTES);
  const enough = bytes.length >= PEEK_BYTES;
  // The decoder of the fallback format reports why the stream cannot be decompressed.
  if (broken && certainFormat(bytes) === undefined) return { format: FALLBACK_FORMAT, compression };
  const inner = { bytes, whole: head.whole && !enough, final: head.final || enough };
  if (bytes.length < CERTAIN_BYTES && !inner.final) return undefined;
  const format = formatOf(inner, compression, uri);
  return format && { format, compression };
}

/**
 * Reports whether the content is a zlib stream. The magic number of zlib has only two bytes, and
 * text and damaged files may begin with them.
 */
async function zlibOrNot(head: Head, uri: string | undefined): Promise<Verdict | undefined> {
  const { bytes, final } = head;
  const { format, certainty } = detectWithCertainty(bytes);
  const text = certainty === 'likely';
  if (!text || bytes.length < SURE_TEXT_BYTES) {
    const { broken, truncated } = await inflatedHead(bytes, 'zlib', PEEK_BYTES);
    if (text && truncated && !final) return undefined;
    if (!broken && !(text && truncated)) return inside(head, 'zlib', uri);
  }
  if (format === undefined) return final ? { format: FALLBACK_FORMAT, compression: 'zlib' } : undefined;
  const plain = formatOf(head, 'none', uri);
  return plain && { format: plain, compression: 'none' };
}

/**
 * Returns the format of the content.
 * @throws RecordpipeError `unknown-format`
 */
function formatOf(
  { bytes, whole, final }: Head,
  compression: Compression,
  uri: string | undefined,
): FormatName | undefined {
  if (bytes.length === 0 && final) return FALLBACK_FORMAT;
  const certain = certainFormat(bytes);
  if (certain !== undefined) return certain;
  const detected = detectWithCertainty(bytes);
  if (detected.format !== undefined) {
    const enough = whole || bytes.length >= TEXT_BYTES || bytes.includes(NEWLINE);
    return final || (detected.certainty === 'likely' && enough) ? detected.format : undefined;
  }
  if (!final && detected.looksLike === undefined) return undefined;
  const where = compression === 'none' ? '' : `inside the ${compression} stream, `;
  const force =
    detected.looksLike === undefined ? `; to force a format, pass one of ${formatNames().join(', ')}` : '';
  const text = `unknown format: ${where}${detected.reason}${force}`;
  throw new RecordpipeError('unknown-format', text, {
    uri,
    record: 0,
    offset: 0,
    compressed: compression !== 'none',
  });
}

const NEWLINE = 10;

import type { ErrorPlace } from '../../errors.ts';
import { RecordBatch } from '../batch.ts';
import { extended } from '../codec-options.ts';
import { CorruptionBudget, newReadStats, type ReadStats } from '../corruption.ts';
import type { DecoderSource, FormatReading, RecordCodec, RecordDecoder } from '../record-format.ts';
import { findMalformedUtf8 } from '../utf8.ts';
import {
  lineTooLong,
  lineTooLongError,
  malformedTextError,
  malformedUtf8Error,
  needsChange,
  strippedLength,
  withoutCr,
} from './cutting.ts';
import { type LineCutting, lineCutting, type TextLineOptions, textLineReading } from './options.ts';
import { type LineScanner, ownLineScanning, sharedLineScanner, TOO_LONG } from './scanner.ts';
import { TextSource } from './text-source.ts';
import { UnfinishedLine } from './unfinished-line.ts';
import { walkable, walkLines } from './walk.ts';

export const textLineCodec: RecordCodec<TextLineOptions> = /* @__PURE__ */ extended<
  RecordCodec<TextLineOptions>,
  FormatReading<TextLineOptions>
>(textLineReading, {
  lenient: (options) =>
    options.recover !== 'none' ||
    options.compat !== undefined ||
    options.stripBom ||
    options.encoding !== 'bytes' ||
    !walkable(lineCutting(options)),
  decoder: (options, source, stats) => new TextLineDecoder(options, source, stats),
  walk: (opened, options, findings, onProgress) =>
    walkLines(opened, sharedLineScanner(lineCutting(options)), findings, onProgress),
  own(bufferBytes, buffers) {
    const { scanner, nextBuffer } = ownLineScanning(bufferBytes, buffers);
    return {
      nextBuffer,
      decoder: (options, source, stats) => new TextLineDecoder(options, source, stats, scanner),
      walk: (opened, options, findings, onProgress) =>
        walkLines(opened, scanner(lineCutting(options)), findings, onProgress),
    };
  },
});

/** Maximum size of a batch, unless a single line is larger. */
const BATCH_BYTES = 1024 * 1024;

/** Lines that have been split but not yet delivered, because some of them must be changed first. */
interface CutLines {
  readonly index: Uint32Array;
  readonly count: number;
  readonly marks: Uint32Array;
  /** Number of lines that have been processed. */
  lines: number;
  /** Number of marks that have been processed. */
  marked: number;
}

/**
 * Splits text into lines. A line is a view of its chunk. Only lines that span chunks, or that must
 * be changed, are copied.
 */
export class TextLineDecoder implements RecordDecoder {
  readonly stats: ReadStats;
  readonly #options: TextLineOptions;
  readonly #source: DecoderSource;
  readonly #cutting: LineCutting;
  readonly #scanner: LineScanner;
  readonly #budget: CorruptionBudget;
  readonly #text: TextSource;
  readonly #unfinished: UnfinishedLine;
  /**
   * The bytes to split. Bytes from index `#at` are unread; `#base` is the position of `#bytes[0]`.
   */
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #base = 0;
  #cut: CutLines | undefined;
  /** Whether the unfinished line is too long, so that only its end must be found. */
  #skipping = false;
  #final = false;
  #ended = false;
  #record = 0;

  constructor(
    options: TextLineOptions,
    source: DecoderSource = {},
    stats: ReadStats = newReadStats(),
    scannerFor: (cutting: LineCutting) => LineScanner = sharedLineScanner,
  ) {
    this.stats = stats;
    this.#options = options;
    this.#source = source;
    this.#cutting = lineCutting(options);
    this.#scanner = scannerFor(this.#cutting);
    this.#budget = new CorruptionBudget(options, stats);
    const { offset = 0, record = 0 } = source.start ?? {};
    this.#text = new TextSource(options, offset);
    this.#base = offset;
    this.#record = record;
    this.#unfinished = new UnfinishedLine(this.#scanner, options.reuse);
  }

  push(chunk: Uint8Array): void {
    if (chunk.length > 0) this.#text.push(chunk);
  }

  end(): void {
    this.#final = true;
  }

  get ended(): boolean {
    return this.#ended;
  }

  get place(): ErrorPlace {
    const { uri, compressed } = this.#source;
    return { uri, compressed, record: this.#record, offset: this.#offset };
  }

  next(): RecordBatch | null {
    try {
      return this.#next();
    } catch (error) {
      this.#ended = true;
      throw error;
    }
  }

  /** Position of the next line in the stream. */
  get #offset(): number {
    const cut = this.#cut;
    if (cut !== undefined && cut.lines < cut.count) return this.#base + cut.index[2 * cut.lines];
    return this.#unfinished.length > 0 ? this.#unfinished.offset : this.#base + this.#at;
  }

  #next(): RecordBatch | null {
    while (!this.#ended) {
      let batch: RecordBatch | undefined;
      if (this.#cut !== undefined) batch = this.#deliverCut(this.#cut);
      else if (this.#at < this.#bytes.length)
        batch = this.#unfinished.length > 0 ? this.#continue() : this.#scan();
      else if (!this.#refill()) {
        this.#checkText();
        if (!this.#final) return null;
        batch = this.#finish();
      }
      if (batch !== undefined) return batch;
    }
    return null;
  }

  /** Fetches the next bytes. Returns false if there are none. */
  #refill(): boolean {
    const bytes = this.#text.next(this.#final);
    if (bytes === undefined) return false;
    this.#base = this.#text.position;
    this.#bytes = bytes;
    this.#at = 0;
    return true;
  }

  /** Splits the window into lines, from the start of a line. */
  #scan(): RecordBatch | undefined {
    const scanner = this.#scanner;
    const bytes = this.#bytes;
    const at = this.#at;
    scanner.scan(bytes, at, Math.min(bytes.length, at + BATCH_BYTES));
    const { count, position, stop, markCount, payloadBytes } = scanner.result;
    this.#at = position;
    if (count > 0) {
      const { index, marks } = scanner.result;
      const own = this.#options.reuse ? index : index.slice(0, 2 * count);
      if (markCount === 0) return this.#batch(bytes, own, count, this.#base, payloadBytes);
      this.#cut = { index: own, count, marks: marks.slice(0, markCount), lines: 0, marked: 0 };
      return undefined;
    }
    if (stop !== TOO_LONG && position > at) return undefined;
    return this.#cutLong();
  }

  /** Handles a line that is too long, or longer than the scanned bytes. */
  #cutLong(): RecordBatch | undefined {
    const bytes = this.#bytes;
    const at = this.#at;
    const end = this.#scanner.find(bytes, at, bytes.length);
    this.#at = end < 0 ? bytes.length : end + this.#cutting.delimiter.length;
    if (end >= 0) return this.#deliver(bytes, at, end, this.#base, this.#at - at, false);
    this.#unfinished.begin(bytes, at, bytes.length, this.#base + at);
    this.#limit(bytes.length - at - this.#cutting.delimiter.length + 1);
    return undefined;
  }

  /** Continues the unfinished line. */
  #continue(): RecordBatch | undefined {
    const line = this.#unfinished;
    const bytes = this.#bytes;
    const { length: ending } = this.#cutting.delimiter;
    const end = line.findEnd(bytes, bytes.length);
    const size = line.length + (end ?? bytes.length);
    // If the end was not found, the last bytes may begin a delimiter.
    this.#limit(end === undefined ? size - ending + 1 : size);
    this.#at = end === undefined ? bytes.length : end + ending;
    if (end === undefined) {
      line.add(bytes, bytes.length, !this.#skipping);
      return undefined;
    }
    if (this.#skipping) {
      this.#skip(size + ending);
      return undefined;
    }
    const { offset } = line;
    return this.#deliver(line.finish(bytes, end), 0, size, offset, size + ending, false);
  }

  /** Abandons the unfinished line if its `size` exceeds the limit, before it is copied. */
  #limit(size: number): void {
    const { cr, maxRecordBytes } = this.#cutting;
    if (this.#skipping || size - (cr === 'keep' ? 0 : 1) <= maxRecordBytes) return;
    this.#budget.spend(lineTooLongError(size, maxRecordBytes, this.place));
    this.#skipping = true;
  }

  /**
   * Throws an error if the text is invalid in its encoding, because nothing after that position can
   * be decoded.
   */
  #checkText(): void {
    const { malformedAt } = this.#text;
    if (malformedAt !== undefined) throw malformedTextError(this.#options.encoding, malformedAt, this.place);
  }

  /** Handles the end of the stream. */
  #finish(): RecordBatch | undefined {
    this.#ended = true;
    const { length, offset } = this.#unfinished;
    if (length === 0) return undefined;
    this.stats.warnings++;
    if (!this.#skipping) {
      return this.#deliver(this.#unfinished.finish(this.#bytes, 0), 0, length, offset, length, true);
    }
    this.#skip(length);
    return undefined;
  }

  /** Delivers the line `bytes[from, end)`, which occupies `whole` bytes in the stream. */
  #deliver(
    bytes: Uint8Array,
    from: number,
    end: number,
    base: number,
    whole: number,
    last: boolean,
  ): RecordBatch | undefined {
    const { cr, maxRecordBytes, skipBlank } = this.#cutting;
    // A carriage return at the end of the file is not part of a line ending.
    const asIs = last && cr !== 'all';
    if (asIs ? end - from > maxRecordBytes : lineTooLong(this.#cutting, bytes, from, end)) {
      this.#budget.spend(lineTooLongError(end - from, maxRecordBytes, this.#placeAt(base + from)));
      this.#skip(whole);
      return undefined;
    }
    const length = asIs ? end - from : strippedLength(this.#cutting, bytes, from, end);
    if (length === 0 && (skipBlank || (last && this.#options.compat === 'tf'))) return undefined;
    if (needsChange(this.#cutting, bytes, from, from + length)) {
      return this.#change(bytes, from, length, base, whole);
    }
    return this.#batch(bytes, Uint32Array.of(from, length), 1, base, length);
  }

  /** Delivers the lines before the next line to change, or that line itself. */
  #deliverCut(cut: CutLines): RecordBatch | undefined {
    const { index, count, marks, lines } = cut;
    const mark = cut.marked < marks.length ? marks[cut.marked] : count;
    if (mark === count) this.#cut = undefined;
    if (lines < mark) {
      cut.lines = mark;
      let payloadBytes = 0;
      for (let i = lines; i < mark; i++) payloadBytes += index[2 * i + 1];
      const some = index.subarray(2 * lines, 2 * mark);
      return this.#batch(this.#bytes, some, mark - lines, this.#base, payloadBytes);
    }
    if (mark === count) return undefined;
    const from = index[2 * mark];
    const length = index[2 * mark + 1];
    const end = this.#scanner.find(this.#bytes, from + length, this.#bytes.length);
    cut.lines++;
    cut.marked++;
    return this.#change(this.#bytes, from, length, this.#base, end + this.#cutting.delimiter.length - from);
  }

  /** Delivers a changed copy of a line. */
  #change(
    bytes: Uint8Array,
    from: number,
    length: number,
    base: number,
    whole: number,
  ): RecordBatch | undefined {
    const { cr, utf8 } = this.#cutting;
    const end = from + length;
    let line = cr === 'all' ? withoutCr(bytes, from, end) : bytes.subarray(from, end);
    if (utf8 && findMalformedUtf8(line, 0, line.length) >= 0) {
      if (this.#options.fatal) {
        this.#budget.spend(malformedUtf8Error(line, this.#placeAt(base + from)));
        this.#skip(whole);
        return undefined;
      }
      line = repairedUtf8(line);
    }
    return this.#batch(line, Uint32Array.of(0, line.length), 1, base + from, line.length);
  }

  #batch(
    bytes: Uint8Array,
    index: Uint32Array,
    count: number,
    base: number,
    payloadBytes: number,
  ): RecordBatch {
    const batch = new RecordBatch(bytes, index, count, this.#record, base, 0);
    this.#record += count;
    this.stats.records += count;
    this.stats.payloadBytes += payloadBytes;
    this.#budget.sawGood();
    return batch;
  }

  /** Skips a line that is empty or invalid. */
  #skip(whole: number): void {
    this.stats.skippedBytes += whole;
    this.#record++;
    this.#skipping = false;
    this.#unfinished.clear();
  }

  #placeAt(offset: number): ErrorPlace {
    return { ...this.place, offset };
  }
}

let host: { decoder: TextDecoder; encoder: TextEncoder } | undefined;

/**
 * Returns a copy of `line` in which U+FFFD replaces malformed UTF-8, as the Encoding standard
 * defines.
 */
function repairedUtf8(line: Uint8Array): Uint8Array {
  host ??= { decoder: new TextDecoder('utf-8', { ignoreBOM: true }), encoder: new TextEncoder() };
  return host.encoder.encode(host.decoder.decode(line));
}

import type { ErrorPlace } from '../../errors.ts';
import { type Findings, placed } from '../corruption.ts';
import type { OnProgress, RecordSource, WalkCounts } from '../record-format.ts';
import { countCr, lineTooLongError } from './cutting.ts';
import type { LineCutting } from './options.ts';
import type { LineScanner } from './scanner.ts';
import { UnfinishedLine } from './unfinished-line.ts';

const CR = 13;
const NOTHING = new Uint8Array(0);

/**
 * Scans by counting lines, in constant memory. Only the first and the last line of each chunk are
 * examined.
 */
export async function walkLines(
  opened: RecordSource,
  scanner: LineScanner,
  findings: Findings,
  onProgress: OnProgress,
): Promise<WalkCounts> {
  const walker = new LineWalker(scanner);
  const { offset = 0, record = 0 } = opened.start ?? {};
  walker.offset = offset;
  const place = (): ErrorPlace => ({
    uri: opened.uri,
    compressed: opened.compression !== 'none',
    record: record + walker.records + walker.skipped,
    offset: walker.offset,
  });
  walker.onTooLong = (bytes) =>
    findings.add(lineTooLongError(bytes, scanner.cutting.maxRecordBytes, place()));
  try {
    for await (const chunk of opened.chunks) {
      onProgress?.(opened.stored.bytes);
      walker.walk(chunk);
    }
    walker.end();
  } catch (error) {
    findings.addOrThrow(placed(error, place()));
  }
  const { records, payloadBytes, warnings } = walker;
  return { records, payloadBytes, trailingBytes: 0, warnings, next: place() };
}

/**
 * Reports whether lines can be counted with these options: no line needs to be inspected, and no
 * line within a piece can exceed the size limit.
 */
export function walkable({ cr, delimiter, skipBlank, maxRecordBytes, utf8 }: LineCutting): boolean {
  return !skipBlank && !utf8 && maxRecordBytes >= MIN_PIECE && (cr !== 'all' || delimiter.length === 1);
}

/**
 * Minimum line size limit for counting. Below it, pieces would be too small, so the decoder scans
 * instead.
 */
const MIN_PIECE = 4096;
const MAX_PIECE = 1024 * 1024 * 1024;

/** Counts the lines of a stream of chunks. */
class LineWalker {
  records = 0;
  payloadBytes = 0;
  /** Number of lines that were too long. */
  skipped = 0;
  /** Number of warnings: 1 for a last line without a delimiter. */
  warnings = 0;
  /** Position of the current line in the stream. */
  offset = 0;
  /** Called for each line that is too long, before it is skipped. */
  onTooLong: (bytes: number) => void = () => {};
  readonly #scanner: LineScanner;
  readonly #line: UnfinishedLine;
  readonly #pieceBytes: number;
  /** Number of carriage returns to remove in the unfinished line. */
  #returns = 0;

  constructor(scanner: LineScanner) {
    this.#scanner = scanner;
    this.#line = new UnfinishedLine(scanner, true);
    this.#pieceBytes = Math.min(scanner.cutting.maxRecordBytes, MAX_PIECE);
  }

  /**
   * Counts the lines of the next chunk, in pieces that are too small to contain a line that is too
   * long.
   */
  walk(chunk: Uint8Array): void {
    const size = this.#pieceBytes;
    if (chunk.length <= size) this.#walkPiece(chunk);
    else for (let at = 0; at < chunk.length; at += size) this.#walkPiece(chunk.subarray(at, at + size));
  }

  /**
   * Counts the rest of the stream as a line. Carriage returns are removed from it only with `cr:
   * 'all'`.
   */
  end(): void {
    const { length } = this.#line;
    const { cr } = this.#scanner.cutting;
    if (length === 0) return;
    this.warnings = 1;
    this.#close(length, cr === 'all' && this.#line.lastByte(NOTHING, 0) === CR, length);
  }

  #walkPiece(piece: Uint8Array): void {
    const line = this.#line;
    const { delimiter, cr } = this.#scanner.cutting;
    let at = 0;
    if (line.length > 0) {
      const end = line.findEnd(piece, piece.length);
      this.#note(piece, 0, end ?? piece.length);
      if (end === undefined) {
        line.add(piece, piece.length, false);
        return;
      }
      const size = line.length + end;
      const endsWithCr = size > 0 && cr !== 'keep' && line.lastByte(piece, end) === CR;
      if (cr === 'crlf' && endsWithCr) this.#returns = 1;
      this.#close(size, endsWithCr, size + delimiter.length);
      at = end + delimiter.length;
    }
    at = delimiter.length === 1 ? this.#count(piece, at) : this.#cut(piece, at);
    if (at === piece.length) return;
    line.begin(piece, at, piece.length, this.offset);
    this.#note(piece, at, piece.length);
  }

  /** Counts the whole lines of `piece` from index `from`. Returns the index after them. */
  #count(piece: Uint8Array, from: number): number {
    const to = piece.lastIndexOf(this.#scanner.cutting.delimiter[0]) + 1;
    if (to <= from) return from;
    this.records += this.#scanner.count(piece, from, to);
    this.payloadBytes += this.#scanner.counted;
    this.offset += to - from;
    return to;
  }

  /** Counts lines whose delimiters may overlap and must therefore be found from left to right. */
  #cut(piece: Uint8Array, from: number): number {
    const { result } = this.#scanner;
    let at = from;
    for (;;) {
      this.#scanner.scan(piece, at, piece.length);
      this.records += result.count;
      this.payloadBytes += result.payloadBytes;
      this.offset += result.position - at;
      if (result.position > at) {
        at = result.position;
        continue;
      }
      const end = this.#scanner.find(piece, at, piece.length);
      if (end < 0) return at;
      const { cr, delimiter } = this.#scanner.cutting;
      const endsWithCr = end > at && cr !== 'keep' && piece[end - 1] === CR;
      this.#returns = endsWithCr ? 1 : 0;
      this.#close(end - at, endsWithCr, end - at + delimiter.length);
      at = end + delimiter.length;
    }
  }

  /** Counts the carriage returns of a piece of the unfinished line, if all are removed. */
  #note(piece: Uint8Array, from: number, to: number): void {
    if (this.#scanner.cutting.cr === 'all') this.#returns += countCr(piece, from, to);
  }

  /** Counts the current line of `size` bytes and moves to the next one. */
  #close(size: number, endsWithCr: boolean, whole: number): void {
    if (size - (endsWithCr ? 1 : 0) > this.#scanner.cutting.maxRecordBytes) {
      this.onTooLong(size);
      this.skipped++;
    } else {
      this.records++;
      this.payloadBytes += size - this.#returns;
    }
    this.offset += whole;
    this.#returns = 0;
    this.#line.clear();
  }
}

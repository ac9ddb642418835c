import type { ErrorPlace } from '../../errors.ts';
import type { FrameFinder, FrameSink } from '../record-format.ts';
import { lineTooLong, lineTooLongError } from './cutting.ts';
import { lineCutting, type TextLineOptions } from './options.ts';
import { ownLineScanning } from './scanner.ts';
import type { LineScanner } from './table-scanner.ts';
import { UnfinishedLine } from './unfinished-line.ts';

const CR = 13;

/** Finds the lines of a file. @throws RecordpipeError `record-too-large` */
export function findLines(options: TextLineOptions, chunkBytes: number, sink: FrameSink): FrameFinder {
  const { scanner, nextBuffer } = ownLineScanning(chunkBytes, 2);
  const walk = new LineWalk(scanner(lineCutting(options)), sink, options.uri);
  return { nextBuffer, push: (chunk) => walk.push(chunk), end: () => walk.end() };
}

/**
 * Finds where lines begin without holding any of them: memory is constant whatever the length of a line.
 * Chunks may lie in memory that is reused.
 */
class LineWalk {
  readonly #scanner: LineScanner;
  readonly #sink: FrameSink;
  readonly #uri: string | undefined;
  /** The line that reaches beyond its chunk. Only its last bytes are kept. */
  readonly #line: UnfinishedLine;
  #record = 0;
  /** Position in the file of the line at hand. */
  #offset = 0;

  constructor(scanner: LineScanner, sink: FrameSink, uri: string | undefined) {
    this.#scanner = scanner;
    this.#sink = sink;
    this.#uri = uri;
    this.#line = new UnfinishedLine(scanner, true);
  }

  /** @throws RecordpipeError `record-too-large` */
  push(chunk: Uint8Array): void {
    let at = this.#line.length > 0 ? this.#continue(chunk) : 0;
    while (at < chunk.length) {
      const next = this.#cut(chunk, at);
      if (next < 0) break;
      at = next;
    }
    if (at === chunk.length) return;
    this.#line.begin(chunk, at, chunk.length, this.#offset);
    // Without the bytes: they are not needed again.
    this.#line.add(chunk, 0, false);
    this.#limit(this.#line.length);
  }

  /** The end of the file: what is left is a line. @throws RecordpipeError `record-too-large` */
  end(): void {
    const { length } = this.#line;
    if (length === 0) return;
    if (length > this.#scanner.cutting.maxRecordBytes) throw this.#tooLong(length);
    this.#sink.addFrame(length);
  }

  /** The line that began in chunks before. Returns the index of the next line in `chunk`. */
  #continue(chunk: Uint8Array): number {
    const line = this.#line;
    const { delimiter } = this.#scanner.cutting;
    const end = line.findEnd(chunk, chunk.length);
    if (end === undefined) {
      line.add(chunk, chunk.length, false);
      this.#limit(line.length);
      return chunk.length;
    }
    const size = line.length + end;
    const stripped = size > 0 && this.#scanner.cutting.cr !== 'keep' && line.lastByte(chunk, end) === CR;
    if (size - (stripped ? 1 : 0) > this.#scanner.cutting.maxRecordBytes) throw this.#tooLong(size);
    line.clear();
    this.#add(size + delimiter.length);
    return end + delimiter.length;
  }

  /** Lines that lie within `chunk`, from `at` on. Returns where they end; -1 if the line at `at` does not end in the chunk. */
  #cut(chunk: Uint8Array, at: number): number {
    const scanner = this.#scanner;
    scanner.scan(chunk, at, chunk.length);
    const { count, position, index } = scanner.result;
    if (count > 0) {
      this.#sink.addSteps(index, count);
      this.#sink.addFrame(position - index[2 * count - 2]);
      this.#record += count;
      this.#offset += position - at;
    }
    if (position > at) return position;
    const end = scanner.find(chunk, at, chunk.length);
    if (end < 0) return -1;
    if (lineTooLong(scanner.cutting, chunk, at, end)) throw this.#tooLong(end - at);
    const next = end + scanner.cutting.delimiter.length;
    this.#add(next - at);
    return next;
  }

  #add(frameBytes: number): void {
    this.#sink.addFrame(frameBytes);
    this.#record++;
    this.#offset += frameBytes;
  }

  /** The unfinished line may end in the beginning of a delimiter, and in a carriage return that does not count. */
  #limit(bytes: number): void {
    const { delimiter, cr, maxRecordBytes } = this.#scanner.cutting;
    const atLeast = bytes - delimiter.length + (cr === 'keep' ? 1 : 0);
    if (atLeast > maxRecordBytes) throw this.#tooLong(bytes);
  }

  #tooLong(bytes: number): Error {
    const place: ErrorPlace = { uri: this.#uri, record: this.#record, offset: this.#offset };
    return lineTooLongError(bytes, this.#scanner.cutting.maxRecordBytes, place);
  }
}

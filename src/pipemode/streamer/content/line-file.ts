import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RecordpipeError } from '../../../errors.ts';
import { fileError } from '../../../storage/local/file-errors.ts';

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
/** Lines that follow each other are read together. */
const BLOCK_BYTES = 256 * 1024;

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
/** What a manifest with a byte order mark is warned of. */
export const BYTE_ORDER_MARK_NOTICE =
  'the manifest begins with a byte order mark, which is ignored here; save it as UTF-8 without one, SageMaker may refuse it';

/** A line and where it came from. */
export interface Line {
  /** From 1, blank ones counted. */
  readonly number: number;
  readonly bytes: Uint8Array;
}

/**
 * The lines of a manifest, by number: of each only its place is in memory (24 bytes), its text lies in a file without a name, so that any order of them costs the
 * same and manifests may have millions.
 */
export class LineFile {
  readonly #descriptor: number;
  readonly #starts: Float64Array;
  readonly #numbers: Float64Array;
  readonly #uri: string;
  #block: Uint8Array = new Uint8Array(0);
  #blockAt = 0;
  #closed = false;

  private constructor(descriptor: number, uri: string, starts: Float64Array, numbers: Float64Array) {
    this.#descriptor = descriptor;
    this.#uri = uri;
    this.#starts = starts;
    this.#numbers = numbers;
    const head = new Uint8Array(BYTE_ORDER_MARK.length);
    readSync(descriptor, head, 0, head.length, 0);
    this.byteOrderMark = BYTE_ORDER_MARK.every((byte, i) => head[i] === byte);
    if (this.byteOrderMark && starts[0] === 0) starts[0] = Math.min(head.length, starts[1]);
  }

  /**
   * Copies a manifest into a file without a name and finds its lines; blank ones are left out.
   * @throws RecordpipeError `malformed-manifest` for a line that is too long; `io-failure`; what `chunks` throws
   */
  static async of(chunks: AsyncIterable<Uint8Array>, uri: string, maxLineBytes: number): Promise<LineFile> {
    const descriptor = unnamedFile();
    try {
      const finder = new LineFinder(uri, maxLineBytes);
      for await (const chunk of chunks) {
        for (let at = 0; at < chunk.length; ) at += writeSync(descriptor, chunk, at);
        finder.push(chunk);
      }
      const { starts, numbers } = finder.end();
      return new LineFile(descriptor, uri, starts, numbers);
    } catch (error) {
      closeSync(descriptor);
      throw fileErrorOf(error);
    }
  }

  /** Whether the manifest begins with a byte order mark, which is not part of its first line. */
  readonly byteOrderMark: boolean;

  /** Lines that are not blank. */
  get count(): number {
    return this.#numbers.length;
  }

  /** A line without its end. Valid until the next one is asked for. */
  line(index: number): Line {
    const start = this.#starts[2 * index];
    const end = this.#starts[2 * index + 1];
    if (start < this.#blockAt || end > this.#blockAt + this.#block.length) this.#read(start, end - start);
    const at = start - this.#blockAt;
    return { number: this.#numbers[index], bytes: this.#block.subarray(at, at + end - start) };
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#descriptor);
  }

  #read(start: number, length: number): void {
    const block = new Uint8Array(Math.max(length, BLOCK_BYTES));
    let have = 0;
    while (have < block.length) {
      const count = readSync(this.#descriptor, block, have, block.length - have, start + have);
      if (count === 0) break;
      have += count;
    }
    if (have < length)
      throw new RecordpipeError('source-changed', 'the copy of the manifest was cut', { uri: this.#uri });
    this.#block = block.subarray(0, have);
    this.#blockAt = start;
  }
}

class LineFinder {
  readonly #uri: string;
  readonly #maxLineBytes: number;
  #starts: Float64Array = new Float64Array(256);
  #numbers: Float64Array = new Float64Array(128);
  #count = 0;
  /** Bytes before the chunk at hand. */
  #before = 0;
  #lineStart = 0;
  #lineNumber = 1;
  /** Whether the line so far holds anything but blanks. */
  #blank = true;
  #last = 0;

  constructor(uri: string, maxLineBytes: number) {
    this.#uri = uri;
    this.#maxLineBytes = maxLineBytes;
  }

  push(chunk: Uint8Array): void {
    let at = 0;
    for (;;) {
      const found = chunk.indexOf(LINE_FEED, at);
      const end = found < 0 ? chunk.length : found;
      this.#look(chunk, at, end);
      if (found < 0) break;
      this.#add(this.#before + found - (this.#last === CARRIAGE_RETURN ? 1 : 0));
      this.#lineStart = this.#before + found + 1;
      this.#lineNumber++;
      this.#blank = true;
      this.#last = LINE_FEED;
      at = found + 1;
    }
    this.#before += chunk.length;
  }

  end(): { starts: Float64Array; numbers: Float64Array } {
    this.#add(this.#before - (this.#last === CARRIAGE_RETURN ? 1 : 0));
    return { starts: this.#starts.slice(0, 2 * this.#count), numbers: this.#numbers.slice(0, this.#count) };
  }

  #look(chunk: Uint8Array, from: number, to: number): void {
    if (to > from) this.#last = chunk[to - 1];
    for (let i = from; this.#blank && i < to; i++) this.#blank = chunk[i] <= 0x20;
    const length = this.#before + to - this.#lineStart;
    if (length <= this.#maxLineBytes) return;
    const what = `line ${this.#lineNumber} is longer than ${this.#maxLineBytes} bytes; is this a manifest of JSON lines?`;
    throw new RecordpipeError('malformed-manifest', what, { uri: this.#uri });
  }

  #add(end: number): void {
    if (this.#blank) return;
    if (this.#count === this.#numbers.length) {
      this.#starts = grown(this.#starts);
      this.#numbers = grown(this.#numbers);
    }
    this.#starts[2 * this.#count] = this.#lineStart;
    this.#starts[2 * this.#count + 1] = end;
    this.#numbers[this.#count++] = this.#lineNumber;
  }
}

function grown(values: Float64Array): Float64Array {
  const larger = new Float64Array(2 * values.length);
  larger.set(values);
  return larger;
}

/** Gone with its descriptor, however the process ends. */
function unnamedFile(): number {
  const path = join(tmpdir(), `recordpipe-${randomUUID()}.tmp`);
  const descriptor = openSync(path, 'wx+', 0o600);
  unlinkSync(path);
  return descriptor;
}

function fileErrorOf(error: unknown): unknown {
  return error instanceof Error && 'syscall' in error ? fileError(error, tmpdir()) : error;
}

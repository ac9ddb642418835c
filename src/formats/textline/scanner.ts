import { growIndex } from '../frame-scan.ts';
import { createFramesKernel, type FramesKernel, sharedFramesKernel } from '../frames-kernel.ts';
import { countCr, findIn, lineTooLong, needsChange, strippedLength } from './cutting.ts';
import { type LineCutting, MAX_DELIMITER_BYTES } from './options.ts';

/** Reasons why a scan stopped: it needs more bytes, or the line at its position is too long. */
export const NEED_MORE = 0;
export const TOO_LONG = 2;

/** The result of a scan. Every call reuses the object. */
export interface LineScan {
  /** Number of whole lines. */
  count: number;
  /** Index in the bytes at which the scan stopped, which is the start of the next line. */
  position: number;
  stop: typeof NEED_MORE | typeof TOO_LONG;
  /** Total size of these lines in bytes, excluding the carriage returns removed at their ends. */
  payloadBytes: number;
  /**
   * The pair (start, length) of each line in the bytes, excluding the carriage returns removed at
   * its end: `2 * count` numbers.
   */
  index: Uint32Array;
  /**
   * Numbers of the lines that must be changed, because they contain carriage returns to remove, or
   * bytes that are not UTF-8.
   */
  marks: Uint32Array;
  markCount: number;
}

/** Splits bytes into lines, for one reader. */
export interface LineScanner {
  readonly cutting: LineCutting;
  /** Result of the last call to `scan`. */
  readonly result: LineScan;
  /**
   * Splits `bytes[from, to)` into whole lines. A line must begin at `from`. The scan may stop early
   * after some lines. If it finds no line, it needs more bytes, or the line at `position` is too
   * long.
   */
  scan(bytes: Uint8Array, from: number, to: number): void;
  /** Returns the index of the first delimiter in `bytes[from, to)`, or -1 if there is none. */
  find(bytes: Uint8Array, from: number, to: number): number;
  /**
   * Counts the lines of `bytes[from, to)`, which must be whole and have a delimiter of one byte.
   * Sets `counted`.
   */
  count(bytes: Uint8Array, from: number, to: number): number;
  /**
   * Number of payload bytes in the lines of the last `count` call, excluding delimiters and removed
   * carriage returns.
   */
  readonly counted: number;
}

/** Number of lines after which a scan stops. The last kernel call may exceed it by a batch. */
export const MAX_LINES: number = 128 * 1024;

export function emptyLineScan(): LineScan {
  const none = new Uint32Array(0);
  return { count: 0, position: 0, stop: NEED_MORE, payloadBytes: 0, index: none, marks: none, markCount: 0 };
}

/**
 * Splits lines in JavaScript, for hosts without WebAssembly SIMD. It returns the same results as
 * the kernel.
 */
export class LineTableScanner implements LineScanner {
  readonly cutting: LineCutting;
  readonly result: LineScan = emptyLineScan();
  counted = 0;

  constructor(cutting: LineCutting) {
    this.cutting = cutting;
  }

  scan(bytes: Uint8Array, from: number, to: number): void {
    const { result, cutting } = this;
    const { delimiter, skipBlank } = cutting;
    const within = bytes.subarray(0, to);
    let at = from;
    result.count = 0;
    result.markCount = 0;
    result.payloadBytes = 0;
    result.stop = NEED_MORE;
    while (result.count < MAX_LINES) {
      const stop = findIn(within, at, delimiter);
      if (stop < 0) break;
      if (lineTooLong(cutting, bytes, at, stop)) {
        result.stop = TOO_LONG;
        break;
      }
      const length = strippedLength(cutting, bytes, at, stop);
      if (length > 0 || !skipBlank) this.#add(bytes, at, length);
      at = stop + delimiter.length;
    }
    result.position = at;
  }

  find(bytes: Uint8Array, from: number, to: number): number {
    return findIn(bytes.subarray(0, to), from, this.cutting.delimiter);
  }

  count(bytes: Uint8Array, from: number, to: number): number {
    const { cr, delimiter } = this.cutting;
    const within = bytes.subarray(0, to);
    const needle = delimiter[0];
    const pairs = cr === 'crlf' && needle !== CR;
    let lines = 0;
    let dropped = cr === 'all' && needle !== CR ? countCr(bytes, from, to) : 0;
    for (let at = within.indexOf(needle, from); at >= 0; at = within.indexOf(needle, at + 1)) {
      lines++;
      if (pairs && at > from && bytes[at - 1] === CR) dropped++;
    }
    this.counted = to - from - lines - dropped;
    return lines;
  }

  #add(bytes: Uint8Array, at: number, length: number): void {
    const { result } = this;
    const { count, markCount } = result;
    result.index = growIndex(result.index, count, count + 1);
    result.index[2 * count] = at;
    result.index[2 * count + 1] = length;
    result.payloadBytes += length;
    if (needsChange(this.cutting, bytes, at, at + length)) {
      result.marks = growIndex(result.marks, markCount, markCount + 1);
      result.marks[markCount] = count;
      result.markCount++;
    }
    result.count++;
  }
}

/**
 * Number of bytes copied into kernel memory per call. Together with the index, they fit into the L2
 * cache.
 */
const STAGE_BYTES = 128 * 1024;
const INDEX_PAIRS = 32 * 1024;
/** A stop code of the kernel in addition to those above. */
const INDEX_FULL = 1;
const NONE = 0xffffffff;
const CR = 13;

/** Bits of the kernel's parameter `flags`. */
const STRIP = { keep: 0, crlf: 1, all: 2 } as const;
const SKIP_BLANK = 4;
/** Bits of the kernel's parameter `what`. */
const HAS_CR = 1;
const NOT_UTF8 = 2;

/**
 * The memory of a kernel for scanning lines. All scanners that use the kernel share it, because it
 * keeps nothing between calls.
 */
export class LineArea {
  readonly kernel: FramesKernel;
  readonly delimiter: number;
  readonly pairs: number;
  readonly marks: number;
  readonly stage: number;

  constructor(kernel: FramesKernel) {
    this.kernel = kernel;
    this.delimiter = kernel.allocate(MAX_DELIMITER_BYTES);
    this.pairs = kernel.allocate(8 * INDEX_PAIRS);
    this.marks = kernel.allocate(4 * INDEX_PAIRS);
    this.stage = kernel.allocate(STAGE_BYTES);
  }
}

/**
 * Splits lines with the WebAssembly kernel. Bytes in kernel memory are scanned in place, and others
 * are copied to a staging buffer.
 */
export class LineWasmScanner implements LineScanner {
  readonly cutting: LineCutting;
  readonly result: LineScan = emptyLineScan();
  counted = 0;
  readonly #area: LineArea;
  readonly #kernel: FramesKernel;
  readonly #flags: number;
  readonly #what: number;
  /**
   * What `count` excludes: nothing, carriage returns before delimiters, or all carriage returns.
   */
  readonly #mode: number;

  constructor(area: LineArea, cutting: LineCutting) {
    const { cr, skipBlank, utf8, delimiter } = cutting;
    this.cutting = cutting;
    this.#area = area;
    this.#kernel = area.kernel;
    this.#flags = STRIP[cr] | (skipBlank ? SKIP_BLANK : 0);
    this.#what = (cr === 'all' ? HAS_CR : 0) | (utf8 ? NOT_UTF8 : 0);
    this.#mode = delimiter[0] === CR ? 0 : STRIP[cr];
  }

  scan(bytes: Uint8Array, from: number, to: number): void {
    const { result } = this;
    const { exports, memory } = this.#kernel;
    const { delimiter, pairs, stage } = this.#area;
    const { delimiter: text, maxRecordBytes } = this.cutting;
    const inPlace = bytes.buffer === memory.buffer;
    let at = from;
    result.count = 0;
    result.markCount = 0;
    result.payloadBytes = 0;
    result.stop = NEED_MORE;
    this.#kernel.heap().set(text, delimiter);
    while (result.count < MAX_LINES) {
      const size = inPlace ? to - at : Math.min(to - at, STAGE_BYTES);
      const start = inPlace ? bytes.byteOffset + at : stage;
      if (!inPlace) this.#kernel.heap().set(bytes.subarray(at, at + size), stage);
      const count =
        exports.scanLines(
          start,
          start + size,
          delimiter,
          text.length,
          pairs,
          INDEX_PAIRS,
          at,
          maxRecordBytes,
          this.#flags,
        ) >>> 0;
      const state = this.#kernel.state();
      const passed = state[0] - start;
      const stop = state[1];
      result.payloadBytes += state[2];
      this.#take(count, start - at);
      at += passed;
      if (stop === TOO_LONG) result.stop = TOO_LONG;
      if (stop === INDEX_FULL) continue;
      // More bytes may follow the staging buffer, unless it does not contain a single line.
      if (stop === TOO_LONG || passed === 0 || at - passed + size === to) break;
    }
    result.position = at;
  }

  find(bytes: Uint8Array, from: number, to: number): number {
    const { exports, memory } = this.#kernel;
    const { delimiter, stage } = this.#area;
    const { length } = this.cutting.delimiter;
    this.#kernel.heap().set(this.cutting.delimiter, delimiter);
    if (bytes.buffer === memory.buffer) {
      const { byteOffset } = bytes;
      const place = exports.findDelimiter(byteOffset + from, byteOffset + to, delimiter, length) >>> 0;
      return place === NONE ? -1 : place - byteOffset;
    }
    for (let at = from; to - at >= length; at += STAGE_BYTES - length + 1) {
      const size = Math.min(to - at, STAGE_BYTES);
      this.#kernel.heap().set(bytes.subarray(at, at + size), stage);
      const place = exports.findDelimiter(stage, stage + size, delimiter, length) >>> 0;
      if (place !== NONE) return at + place - stage;
    }
    return -1;
  }

  count(bytes: Uint8Array, from: number, to: number): number {
    const { exports, memory } = this.#kernel;
    const { stage } = this.#area;
    const inPlace = bytes.buffer === memory.buffer;
    const needle = this.cutting.delimiter[0];
    let lines = 0;
    let dropped = 0;
    for (let at = from; at < to; ) {
      const size = inPlace ? to - at : Math.min(to - at, STAGE_BYTES);
      const start = inPlace ? bytes.byteOffset + at : stage;
      if (!inPlace) this.#kernel.heap().set(bytes.subarray(at, at + size), stage);
      const previous = at === from ? 0 : bytes[at - 1];
      lines += exports.countLines(start, start + size, needle, this.#mode, previous) >>> 0;
      dropped += this.#kernel.state()[0];
      at += size;
    }
    this.counted = to - from - lines - dropped;
    return lines;
  }

  /**
   * Adds `count` lines of the kernel's index.
   * @param origin address of `bytes[0]`, as if all bytes were in kernel memory
   */
  #take(count: number, origin: number): void {
    const { result } = this;
    const { exports, memory } = this.#kernel;
    const { pairs, marks } = this.#area;
    const total = result.count + count;
    result.index = growIndex(result.index, result.count, total);
    result.index.set(new Uint32Array(memory.buffer, pairs, 2 * count), 2 * result.count);
    if (this.#what !== 0) {
      const marked = exports.markLines(origin, pairs, count, this.#what, marks) >>> 0;
      const written = new Uint32Array(memory.buffer, marks, marked);
      result.marks = growIndex(result.marks, result.markCount, result.markCount + marked);
      for (let i = 0; i < marked; i++) result.marks[result.markCount++] = result.count + written[i];
    }
    result.count = total;
  }
}

let shared: LineArea | undefined | null = null;

/** Returns a scanner that uses the kernel that all readers of this process share. */
export function sharedLineScanner(cutting: LineCutting): LineScanner {
  if (shared === null) shared = areaOf(sharedFramesKernel());
  return scannerOf(shared, cutting);
}

/** A separate kernel with buffers in its memory, which its scanners scan in place. */
export interface OwnLineScanning {
  scanner(cutting: LineCutting): LineScanner;
  /** Returns the next buffer, in rotation. */
  nextBuffer(): Uint8Array;
}

/**
 * Creates a separate kernel with its own buffers.
 * @param bytes size of each of the `count` buffers
 */
export function ownLineScanning(bytes: number, count: number): OwnLineScanning {
  const area = areaOf(createFramesKernel());
  const buffers =
    area?.kernel.buffers(bytes, count) ?? Array.from({ length: count }, () => new Uint8Array(bytes));
  let turn = 0;
  return {
    scanner: (cutting) => scannerOf(area, cutting),
    nextBuffer: () => buffers[turn++ % count],
  };
}

function areaOf(kernel: ReturnType<typeof createFramesKernel>): LineArea | undefined {
  return kernel && new LineArea(kernel);
}

function scannerOf(area: LineArea | undefined, cutting: LineCutting): LineScanner {
  return area === undefined ? new LineTableScanner(cutting) : new LineWasmScanner(area, cutting);
}

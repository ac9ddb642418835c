import { createHash, randomUUID } from 'node:crypto';
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isItemFailure, RecordpipeError } from '../../errors.ts';
import { fileError } from '../../storage/local/file-errors.ts';
import { openObject } from '../../storage/read-objects.ts';
import type { StreamChannel } from '../job/stream-channel.ts';
import { LineSplitter, parseManifestLine, type SourceLine } from '../manifest/manifest-lines.ts';
import { BYTE_ORDER_MARK as BYTE_ORDER_MARK_NOTICE } from '../manifest/manifest-list.ts';
import {
  type ChannelContent,
  type ContentDigests,
  type ContentOpening,
  countOfShare,
  digestText,
  type EpochItem,
  epochOrder,
  type OrderOptions,
} from './channel-content.ts';
import { lineCheck } from './line-check.ts';

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const CARRIAGE_RETURN = 13;
const SPACE = 32;
/** Number of bytes read at a time when lines are consecutive. */
const BLOCK_BYTES = 256 * 1024;
const UTF8 = new TextEncoder();

/**
 * The content of an augmented manifest: the named attributes of each line, in the order of the
 * names.
 */
export class AugmentedLines implements ChannelContent {
  readonly valueless = false;
  readonly files = false;
  readonly prefix = undefined;
  readonly count: number;
  readonly countHere: number;
  readonly #lines: LineFile;
  readonly #channel: StreamChannel;
  readonly #order: OrderOptions;
  readonly #opening: ContentOpening;

  private constructor(lines: LineFile, channel: StreamChannel, order: OrderOptions, opening: ContentOpening) {
    this.#lines = lines;
    this.#channel = channel;
    this.#order = order;
    this.#opening = opening;
    this.count = lines.count;
    this.countHere = countOfShare(this.count, order.share);
  }

  /**
   * Reads the manifest once and keeps only the positions of its lines in memory. Checks the lines,
   * so that invalid lines are found before the first epoch.
   */
  static async open(
    channel: StreamChannel,
    order: OrderOptions,
    opening: ContentOpening,
  ): Promise<AugmentedLines> {
    const { uri } = channel;
    const { chunks } = openObject(uri, { ...opening.objects, signal: opening.signal });
    const lines = new LineFile(uri);
    const check = opening.onBadLine === 'error' ? lineCheck(channel) : () => {};
    try {
      await lines.fill(chunks, opening.maxLineBytes, check);
      if (lines.count === 0)
        throw new RecordpipeError('object-missing', 'the manifest has no lines', { uri });
    } catch (error) {
      lines.close();
      throw error;
    }
    if (lines.byteOrderMark) opening.warn('byte-order-mark', BYTE_ORDER_MARK_NOTICE);
    return new AugmentedLines(lines, channel, order, opening);
  }

  bytesOf(): undefined {
    return undefined;
  }

  digests(): ContentDigests {
    return { names: undefined, versions: this.#lines.digest };
  }

  async *items(epoch: number, from = 0): AsyncGenerator<EpochItem, void, undefined> {
    const lines = this.lines(epoch);
    for (let place = from; place < lines.length; place++) yield* this.itemsOf(lines[place], place);
  }

  /** Returns the indices of this host's lines in an epoch, in order. */
  lines(epoch: number): Uint32Array {
    return epochOrder(this.count, epoch, this.#order);
  }

  /** Returns a line unchanged, without its line end. Valid until the next call. */
  line(index: number): Uint8Array {
    return this.#lines.bytes(index);
  }

  async close(): Promise<void> {
    this.#lines.close();
  }

  /**
   * Returns the values of a line. Returns an empty array if the line is invalid and is skipped.
   * @param place place of the line in the order of the epoch
   */
  itemsOf(index: number, place = 0): EpochItem[] {
    const { uri, attributeNames } = this.#channel;
    const line = this.#lines.number(index);
    try {
      const values = parseManifestLine(this.#lines.bytes(index), attributeNames, { uri, line }, 'any');
      return values.map(({ ref, text }) =>
        ref ? { object: { uri: text }, line, place } : { value: UTF8.encode(text), line, place },
      );
    } catch (error) {
      if (this.#opening.onBadLine === 'error' || !isItemFailure(error)) throw error;
      this.#opening.warn(error.code, `${error.message}; the line is skipped`);
      return [];
    }
  }
}

/** Number of values per line in the table of {@link LineFile}: start, end and line number. */
const COLUMNS = 3;

/**
 * The lines of a manifest, accessible by index. Uses 24 bytes of memory per line and stores the
 * text in an unnamed file. Therefore every order of lines has the same cost, and a manifest may
 * have millions of lines.
 */
class LineFile {
  count = 0;
  /** Whether the manifest starts with a byte order mark, which is not part of its first line. */
  byteOrderMark = false;
  /** Digest of the whole manifest. */
  digest = '';
  readonly #uri: string;
  readonly #descriptor: number;
  #table: Float64Array = new Float64Array(128 * COLUMNS);
  #block: Uint8Array = new Uint8Array(0);
  #blockAt = 0;

  constructor(uri: string) {
    this.#uri = uri;
    this.#descriptor = unnamedFile();
  }

  /**
   * Copies a manifest and finds its lines. Skips blank lines.
   * @param check called for each line that is not blank
   * @throws RecordpipeError `malformed-manifest` for a line that is too long; `io-failure`; errors
   *   from `chunks`
   */
  async fill(
    chunks: AsyncIterable<Uint8Array>,
    maxLineBytes: number,
    check: (line: SourceLine) => void,
  ): Promise<void> {
    const splitter = new LineSplitter(maxLineBytes);
    const add = (line: SourceLine): void => {
      if (this.#add(line, maxLineBytes)) check(line);
    };
    const hash = createHash('sha256');
    for await (const chunk of chunks) {
      hash.update(chunk);
      this.#write(chunk);
      for (const line of splitter.push(chunk)) add(line);
    }
    for (const line of splitter.end()) add(line);
    this.digest = digestText(hash);
  }

  /** Returns the one-based number of a line in the manifest. */
  number(index: number): number {
    return this.#table[COLUMNS * index + 2];
  }

  /** Returns a line without its line end. The bytes are valid until the next call. */
  bytes(index: number): Uint8Array {
    const start = this.#table[COLUMNS * index];
    const end = this.#table[COLUMNS * index + 1];
    if (start < this.#blockAt || end > this.#blockAt + this.#block.length) this.#read(start, end - start);
    return this.#block.subarray(start - this.#blockAt, end - this.#blockAt);
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  /** Adds a line. @returns whether it is not blank */
  #add({ number, offset, bytes, tooLong }: SourceLine, maxLineBytes: number): boolean {
    if (tooLong) {
      const what = `line ${number} is longer than ${maxLineBytes} bytes; check that the file is in JSON Lines format, or raise maxLineBytes`;
      throw new RecordpipeError('malformed-manifest', what, { uri: this.#uri });
    }
    if (isBlank(bytes)) return false;
    this.byteOrderMark ||= number === 1 && BYTE_ORDER_MARK.every((byte, i) => bytes[i] === byte);
    const start = this.byteOrderMark && number === 1 ? BYTE_ORDER_MARK.length : 0;
    const end = bytes[bytes.length - 1] === CARRIAGE_RETURN ? bytes.length - 1 : bytes.length;
    const at = COLUMNS * this.count++;
    if (at === this.#table.length) {
      const larger = new Float64Array(2 * this.#table.length);
      larger.set(this.#table);
      this.#table = larger;
    }
    this.#table[at] = offset + start;
    this.#table[at + 1] = offset + Math.max(start, end);
    this.#table[at + 2] = number;
    return true;
  }

  #write(chunk: Uint8Array): void {
    try {
      for (let at = 0; at < chunk.length; ) at += writeSync(this.#descriptor, chunk, at);
    } catch (error) {
      throw fileError(error, tmpdir());
    }
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
      throw new RecordpipeError(
        'source-changed',
        'the temporary copy of the manifest was truncated; check the disk of the temporary folder (TMPDIR)',
        {
          uri: this.#uri,
        },
      );
    this.#block = block.subarray(0, have);
    this.#blockAt = start;
  }
}

function isBlank(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (bytes[i] > SPACE) return false;
  return true;
}

/**
 * Opens a temporary file, which the system deletes when its descriptor is closed, even after a
 * crash.
 */
function unnamedFile(): number {
  const path = join(tmpdir(), `recordpipe-${randomUUID()}.tmp`);
  try {
    const descriptor = openSync(path, 'wx+', 0o600);
    unlinkSync(path);
    return descriptor;
  } catch (error) {
    throw fileError(error, tmpdir());
  }
}

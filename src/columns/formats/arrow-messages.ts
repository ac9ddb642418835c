import { malformedTable } from './arrow-elements.ts';
import { schemaOfFooter } from './arrow-footer.ts';
import { readArrowMessage } from './arrow-metadata.ts';
import type { TableSource } from './table-format.ts';

const CONTINUATION = 0xffffffff;
/** Starts and ends the file format: `ARROW1`, and two bytes of padding at the start. */
const MAGIC = [0x41, 0x52, 0x52, 0x4f, 0x57, 0x31];
const MAGIC_AND_PADDING = 8;
/** Maximum size of the metadata of a message. */
const MAX_METADATA_BYTES = 256 * 1024 * 1024;
/** Memory for a message grows in steps of this size as its bytes arrive. */
const STEP_BYTES = 64 * 1024 * 1024;

/**
 * Yields the messages of an Arrow stream or file, one by one: a schema, dictionaries and batches.
 * Reads no more than one message ahead. A file contains a stream, so both are read in the same way,
 * and a file can be read from a pipe.
 *
 * @throws RecordpipeError `malformed-table` if a message is corrupt, or if the end of the stream is
 *   missing
 */
export async function* arrowMessages(
  source: TableSource,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { uri } = source;
  const bytes = new BytesInOrder(chunks);
  try {
    const start = await bytes.peek(MAGIC_AND_PADDING);
    const isFile = MAGIC.every((byte, i) => start[i] === byte);
    if (isFile) await bytes.take(MAGIC_AND_PADDING);
    for (let number = 0; ; number++) {
      const truncated = (): Error =>
        malformedTable(
          `the Arrow data ends in message ${number}, at byte ${bytes.end}; the data is truncated`,
          uri,
        );
      const prefix = await bytes.peek(8);
      if (prefix.length < 4) throw truncated();
      // Before Arrow 0.15, messages started with the length.
      const headBytes = uint32(prefix, 0) === CONTINUATION ? 8 : 4;
      if (prefix.length < headBytes) throw truncated();
      const metadataBytes = uint32(prefix, headBytes - 4);
      if (metadataBytes === 0) {
        if (number === 0 && !isFile) throw notArrow(number, uri);
        if (number === 0) yield await schemaOfFooter(source);
        break;
      }
      if (metadataBytes > MAX_METADATA_BYTES) throw notArrow(number, uri);
      const head = await bytes.peek(headBytes + metadataBytes);
      if (head.length < headBytes + metadataBytes) throw number === 0 ? notArrow(number, uri) : truncated();
      const message = readArrowMessage(head.subarray(headBytes));
      if (typeof message === 'string')
        throw number === 0
          ? notArrow(number, uri)
          : malformedTable(`message ${number} of the Arrow data is corrupt: ${message}`, uri);
      if (number === 0 && message.kind !== 'schema') {
        if (!isFile) throw notArrow(number, uri);
        yield await schemaOfFooter(source);
      }
      if (number > 0 && message.kind === 'schema')
        throw malformedTable(`message ${number} of the Arrow data is a second schema`, uri);
      const total = head.length + message.bodyBytes;
      if (source.byteLength !== undefined && total > source.byteLength) throw truncated();
      const whole = await bytes.take(total);
      if (whole.length < total) throw truncated();
      yield whole;
    }
    if (isFile && !(await endsWithMagic(bytes)))
      throw malformedTable('the Arrow file does not end with ARROW1; the file is truncated', uri);
  } finally {
    await bytes.close();
  }
}

function notArrow(number: number, uri: string): Error {
  return malformedTable(
    number === 0
      ? 'the data is not an Arrow stream or file: it does not start with a schema'
      : `message ${number} of the Arrow data is corrupt: its length is invalid`,
    uri,
  );
}

async function endsWithMagic(bytes: BytesInOrder): Promise<boolean> {
  let last: Uint8Array = new Uint8Array(0);
  for (;;) {
    const next = await bytes.take(STEP_BYTES);
    if (next.length === 0) return MAGIC.every((byte, i) => last[last.length - MAGIC.length + i] === byte);
    last = Buffer.concat([last, next.subarray(-MAGIC.length)]).subarray(-MAGIC.length);
  }
}

function uint32(bytes: Uint8Array, at: number): number {
  return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
}

/** Takes bytes from chunks, in pieces of any size. */
class BytesInOrder {
  readonly #chunks: AsyncIterator<Uint8Array>;
  /** The next bytes, and after them the rest of the last chunk. */
  #next: Uint8Array = new Uint8Array(0);
  #queued: Uint8Array = new Uint8Array(0);
  #ended = false;
  /** Number of bytes received. */
  end = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Returns the next bytes, fewer only at the end. */
  async take(size: number): Promise<Uint8Array> {
    const bytes = await this.peek(size);
    this.#next = this.#next.subarray(bytes.length);
    return bytes;
  }

  /** Returns the next bytes, fewer only at the end, and keeps them. */
  async peek(size: number): Promise<Uint8Array> {
    if (this.#next.length === 0) {
      this.#next = this.#queued;
      this.#queued = new Uint8Array(0);
    }
    if (this.#next.length < size) await this.#join(size);
    return this.#next.subarray(0, size);
  }

  async #join(size: number): Promise<void> {
    let filled = this.#next.length;
    // New memory is aligned for 64-bit values, and grows with the bytes that arrive.
    let memory = new Uint8Array(Math.min(size, filled + STEP_BYTES));
    memory.set(this.#next);
    while (filled < size) {
      const chunk = this.#queued.length > 0 ? this.#queued : await this.#pull();
      if (chunk === undefined) break;
      const taken = Math.min(size - filled, chunk.length);
      if (filled + taken > memory.length) {
        const grown = new Uint8Array(Math.min(size, Math.max(filled + taken, 2 * memory.length)));
        grown.set(memory.subarray(0, filled));
        memory = grown;
      }
      memory.set(chunk.subarray(0, taken), filled);
      this.#queued = chunk.subarray(taken);
      filled += taken;
    }
    this.#next = memory.subarray(0, filled);
  }

  async #pull(): Promise<Uint8Array | undefined> {
    if (this.#ended) return undefined;
    const { done, value } = await this.#chunks.next();
    if (done) this.#ended = true;
    else this.end += value.length;
    return done ? undefined : value;
  }

  /** Stops reading. */
  async close(): Promise<void> {
    if (!this.#ended) await this.#chunks.return?.();
  }
}

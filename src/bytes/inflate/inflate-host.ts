import type { Inflate, InflateRaw } from 'node:zlib';
import { hostModule } from '../host.ts';
import {
  checkGzipTrailer,
  corruptStream,
  GZIP_TRAILER_BYTES,
  gzipHeaderLength,
  type InflateOptions,
  truncatedStream,
  zlibFollows,
} from './gzip-header.ts';
import { InflateEngine, restBeforeDamage } from './inflate-bytes.ts';

type Zlib = typeof import('node:zlib');

/**
 * Compressed bytes per call of the host's zlib. The value is small, because the host drops the
 * output of a failed call, and little output before damage should be lost.
 */
const SLICE_BYTES = 16 * 1024;
/**
 * Maximum number of compressed bytes of a stream to keep. While they are kept, no output is lost: a
 * failed call is repeated piece by piece.
 */
const HISTORY_BYTES = 8 * 1024 * 1024;
/**
 * Maximum number of compressed bytes of a small member, and maximum number of its inflated bytes.
 */
const SMALL_BYTES = 4 * 1024;
const SMALL_OUTPUT_BYTES = 1024 * 1024;
/** Inflated bytes per delivered chunk. */
const OUTPUT_BYTES = 64 * 1024;

/** Inflates with the host's zlib. Returns undefined if the host has none. */
export function inflateInHost(
  source: AsyncIterable<Uint8Array>,
  options: InflateOptions,
): AsyncIterable<Uint8Array> | undefined {
  const zlib = hostModule('node:zlib');
  return zlib && inflateMembers(zlib, source, options);
}

/** Inflates member by member, and checks headers, trailers and the bytes that follow them. */
async function* inflateMembers(
  zlib: Zlib,
  source: AsyncIterable<Uint8Array>,
  options: InflateOptions,
): AsyncGenerator<Uint8Array> {
  const cursor = new ByteCursor(source);
  const members = options.kind === 'gzip' ? gzipMembers : zlibStreams;
  try {
    // An empty file has no records, whether compressed or not.
    if ((await cursor.front()).length > 0) yield* members(zlib, cursor, options);
  } finally {
    await cursor.close();
  }
}

async function* gzipMembers(
  zlib: Zlib,
  cursor: ByteCursor,
  { whenTruncated }: InflateOptions,
): AsyncGenerator<Uint8Array> {
  let small = false;
  for (let member = 0; member === 0 || (await skipPadding(cursor)); member++) {
    let header = 0;
    while (header === 0) {
      header = gzipHeaderLength(await cursor.front(), member);
      if (header === 0 && !(await cursor.more())) {
        if (whenTruncated === 'stop') return;
        throw truncatedStream('gzip');
      }
    }
    cursor.take(header);
    let crc = 0;
    let size = 0;
    const begun = cursor.taken;
    const whole = small ? inflateSmall(zlib.inflateRawSync, await cursor.front()) : undefined;
    if (whole !== undefined) {
      cursor.take(whole.used);
      crc = zlib.crc32(whole.output);
      size = whole.output.length;
      if (size > 0) yield whole.output;
    } else {
      for await (const chunk of inflateOne(
        () => zlib.createInflateRaw({ chunkSize: OUTPUT_BYTES }),
        cursor,
        'gzip',
        whenTruncated,
      )) {
        crc = zlib.crc32(chunk, crc);
        size += chunk.length;
        yield chunk;
      }
    }
    small = cursor.taken - begun <= SMALL_BYTES;
    const trailer = await cursor.atLeast(GZIP_TRAILER_BYTES);
    if (trailer.length < GZIP_TRAILER_BYTES) {
      if (whenTruncated !== 'throw') return;
      throw truncatedStream('gzip');
    }
    checkGzipTrailer(trailer, crc, size);
    cursor.take(GZIP_TRAILER_BYTES);
  }
}

async function* zlibStreams(
  zlib: Zlib,
  cursor: ByteCursor,
  { zlibConcat, whenTruncated, onNextStream }: InflateOptions,
): AsyncGenerator<Uint8Array> {
  let small = false;
  for (let isNext = false; !isNext || (zlibConcat && zlibFollows(await cursor.atLeast(2))); isNext = true) {
    if (isNext) onNextStream?.();
    const begun = cursor.taken;
    const whole = small ? inflateSmall(zlib.inflateSync, await cursor.front()) : undefined;
    if (whole !== undefined) {
      cursor.take(whole.used);
      if (whole.output.length > 0) yield whole.output;
    } else {
      yield* inflateOne(() => zlib.createInflate({ chunkSize: OUTPUT_BYTES }), cursor, 'zlib', whenTruncated);
    }
    small = cursor.taken - begun <= SMALL_BYTES;
    // Like all readers, ignore bytes after a zlib stream that do not start another one.
  }
}

/**
 * Inflates a whole deflate stream at the start of `bytes`, or returns undefined unless it is small
 * and undamaged. One synchronous call takes 3 µs, whereas a stream engine of the host takes 70 µs.
 * Files with a million small members are common if loggers append to them.
 */
function inflateSmall(
  inflate: Zlib['inflateSync'],
  bytes: Uint8Array,
): { output: Uint8Array; used: number } | undefined {
  try {
    const options = { info: true, maxOutputLength: SMALL_OUTPUT_BYTES };
    const inflated = inflate(bytes.subarray(0, SMALL_BYTES), options) as unknown;
    const { buffer, engine } = inflated as { buffer: Buffer; engine: { bytesWritten: number } };
    return { output: buffer, used: engine.bytesWritten };
  } catch {
    return undefined; // The engine reports the error, and returns the bytes before it.
  }
}

/** Consumes zero bytes at the front. Returns whether any other byte follows. */
async function skipPadding(cursor: ByteCursor): Promise<boolean> {
  for (;;) {
    const front = await cursor.front();
    if (front.length === 0) return false;
    const used = front.findIndex((byte) => byte !== 0);
    cursor.take(used < 0 ? front.length : used);
    if (used >= 0) return true;
  }
}

/** Inflates one deflate stream and leaves the cursor after its last byte. */
async function* inflateOne(
  create: () => InflateRaw | Inflate,
  cursor: ByteCursor,
  kind: string,
  whenTruncated: InflateOptions['whenTruncated'],
): AsyncGenerator<Uint8Array> {
  const engine = new InflateEngine(create());
  const history: Uint8Array[] = [];
  let fed = 0;
  let inflated = 0;
  try {
    while (!engine.ended) {
      const slice = (await cursor.front()).subarray(0, SLICE_BYTES);
      const { output, used } = await engine.feed(slice);
      for (const chunk of output) {
        inflated += chunk.length;
        yield chunk;
      }
      if (engine.failure !== undefined && slice.length > 0) {
        if (fed <= HISTORY_BYTES) yield* restBeforeDamage(create, history, slice, inflated);
        throw corruptStream(kind, engine.failure.message, engine.failure);
      }
      if (engine.failure !== undefined) {
        if (whenTruncated === 'stop') return;
        throw truncatedStream(kind);
      }
      fed += used;
      if (fed <= HISTORY_BYTES) history.push(slice.slice(0, used));
      else history.length = 0;
      cursor.take(used);
    }
  } finally {
    engine.close();
  }
}

/** Inspects and consumes bytes at the front of a stream of chunks. */
export class ByteCursor {
  readonly #source: AsyncIterator<Uint8Array>;
  #front: Uint8Array = new Uint8Array(0);
  /** Number of bytes consumed so far. */
  taken = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Returns the available bytes: at least one, or none at the end of the stream. */
  async front(): Promise<Uint8Array> {
    while (this.#front.length === 0) {
      const { done, value } = await this.#source.next();
      if (done) break;
      this.#front = value;
    }
    return this.#front;
  }

  /**
   * Appends the next chunk to the available bytes. Returns false at the end of the stream. It
   * copies the bytes, so use it only for headers and trailers.
   */
  async more(): Promise<boolean> {
    const { done, value } = await this.#source.next();
    if (done) return false;
    const joined = new Uint8Array(this.#front.length + value.length);
    joined.set(this.#front);
    joined.set(value, this.#front.length);
    this.#front = joined;
    return true;
  }

  /** Returns at least `count` bytes at the front, or fewer at the end of the stream. */
  async atLeast(count: number): Promise<Uint8Array> {
    while (this.#front.length < count && (await this.more()));
    return this.#front;
  }

  /** Consumes `count` of the available bytes. */
  take(count: number): void {
    this.#front = this.#front.subarray(count);
    this.taken += count;
  }

  /** Ends the stream early. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }
}

import type { Inflate, InflateRaw } from 'node:zlib';
import { isRecordpipeError, type RecordpipeError } from '../../errors.ts';
import { requireHostModule } from '../host.ts';
import type { InflateOptions } from './gzip-header.ts';
import {
  checkGzipTrailer,
  corruptStream,
  GZIP_TRAILER_BYTES,
  gzipHeaderLength,
  truncatedStream,
  zlibFollows,
} from './gzip-header.ts';

type Zlib = typeof import('node:zlib');

/** The inflated bytes and, if they are incomplete, the reason. */
export interface Inflated {
  readonly output: Uint8Array;
  readonly error: RecordpipeError | undefined;
}

/**
 * Inflates a whole gzip or zlib stream in memory, synchronously.
 * @throws RecordpipeError `unsupported-source` if the host has no zlib
 */
export function inflateBytes(bytes: Uint8Array, options: InflateOptions): Inflated {
  const zlib = requireHostModule('node:zlib', 'inflating synchronously');
  const parts: Uint8Array[] = [];
  let error: RecordpipeError | undefined;
  try {
    if (bytes.length > 0) (options.kind === 'gzip' ? gzipMembers : zlibStreams)(zlib, bytes, options, parts);
  } catch (failure) {
    if (!isRecordpipeError(failure)) throw failure;
    if (failure.code !== 'truncated-compressed-stream' || options.whenTruncated !== 'stop') error = failure;
  }
  return { output: joined(parts), error };
}

function gzipMembers(
  zlib: Zlib,
  bytes: Uint8Array,
  { whenTruncated }: InflateOptions,
  parts: Uint8Array[],
): void {
  let rest = bytes;
  for (let member = 0; rest.length > 0; member++) {
    const header = gzipHeaderLength(rest, member);
    if (header === 0) throw truncatedStream('gzip');
    rest = rest.subarray(header);
    const { output, used } = inflateOne(zlib, zlib.inflateRawSync, rest, 'gzip', parts);
    const trailer = rest.subarray(used, used + GZIP_TRAILER_BYTES);
    if (trailer.length < GZIP_TRAILER_BYTES) {
      if (whenTruncated !== 'throw') return;
      throw truncatedStream('gzip');
    }
    checkGzipTrailer(trailer, zlib.crc32(output), output.length);
    rest = rest.subarray(used + GZIP_TRAILER_BYTES);
    const padding = rest.findIndex((byte) => byte !== 0);
    rest = rest.subarray(padding < 0 ? rest.length : padding);
  }
}

function zlibStreams(
  zlib: Zlib,
  bytes: Uint8Array,
  { zlibConcat }: InflateOptions,
  parts: Uint8Array[],
): void {
  let rest = bytes;
  do {
    rest = rest.subarray(inflateOne(zlib, zlib.inflateSync, rest, 'zlib', parts).used);
  } while (zlibConcat && zlibFollows(rest));
}

type InflateSync = typeof import('node:zlib').inflateSync;

interface WithInfo {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

/** Inflates one deflate stream at the start of `bytes` and adds its output to `parts`. */
function inflateOne(
  zlib: Zlib,
  inflate: InflateSync,
  bytes: Uint8Array,
  kind: string,
  parts: Uint8Array[],
): { output: Uint8Array; used: number } {
  try {
    const { buffer, engine } = inflate(bytes, { info: true }) as unknown as WithInfo;
    parts.push(buffer);
    return { output: buffer, used: engine.bytesWritten };
  } catch (failure) {
    const { code, message } = failure as NodeJS.ErrnoException;
    parts.push(beforeDamage(zlib, inflate, bytes));
    throw code === 'Z_BUF_ERROR' ? truncatedStream(kind) : corruptStream(kind, message, failure);
  }
}

/**
 * Returns everything that inflates before the damage: the output of the longest prefix that
 * inflates without an error.
 */
function beforeDamage(zlib: Zlib, inflate: InflateSync, bytes: Uint8Array): Uint8Array {
  const finishFlush = zlib.constants.Z_SYNC_FLUSH;
  let good = 0;
  let bad = bytes.length + 1;
  let output: Uint8Array = new Uint8Array(0);
  while (bad - good > 1) {
    const middle = (good + bad) >>> 1;
    try {
      output = inflate(bytes.subarray(0, middle), { finishFlush });
      good = middle;
    } catch {
      bad = middle;
    }
  }
  return output;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0];
  const output = new Uint8Array(parts.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const part of parts) {
    output.set(part, at);
    at += part.length;
  }
  return output;
}

/** Number of pieces into which the input of a failed call is split to locate the damage. */
const PIECES = 16;

/** Runs the host's zlib, one awaited call at a time. */
export class InflateEngine {
  /** Whether the deflate stream has ended. */
  ended = false;
  failure: Error | undefined;
  readonly #engine: InflateRaw | Inflate;
  #output: Uint8Array[] = [];
  #wake = (): void => {};

  constructor(engine: InflateRaw | Inflate) {
    this.#engine = engine;
    engine.on('data', (chunk: Uint8Array) => this.#output.push(chunk));
    engine.on('end', () => {
      this.ended = true;
      this.#wake();
    });
    engine.on('error', (error) => {
      this.failure = error;
      this.#wake();
    });
  }

  /**
   * Inflates `bytes`; an empty array marks the end of the input. Returns the output and the number
   * of bytes that belong to the stream.
   */
  async feed(bytes: Uint8Array): Promise<{ output: Uint8Array[]; used: number }> {
    const engine = this.#engine;
    const before = engine.bytesWritten;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (bytes.length === 0) engine.end();
      else engine.write(bytes, () => resolve());
    });
    return { output: this.#output.splice(0), used: engine.bytesWritten - before };
  }

  close(): void {
    this.#engine.destroy();
  }
}

/**
 * Yields the output of `slice` before the damage in it, after the call for `slice` has failed. It
 * feeds new engines the bytes before `slice` and ever smaller pieces of `slice`, down to single
 * bytes.
 * @param history the bytes of the stream before `slice`
 * @param inflated number of bytes that have already been delivered
 */
export async function* restBeforeDamage(
  create: () => InflateRaw | Inflate,
  history: readonly Uint8Array[],
  slice: Uint8Array,
  inflated: number,
): AsyncGenerator<Uint8Array> {
  const good = [...history];
  let rest = slice;
  let handedOn = inflated;
  while (rest.length > 1) {
    const engine = new InflateEngine(create());
    const size = Math.ceil(rest.length / PIECES);
    let position = 0;
    const feed = async (bytes: Uint8Array): Promise<Uint8Array[]> => {
      const { output } = await engine.feed(bytes);
      const fresh: Uint8Array[] = [];
      for (const chunk of output) {
        const known = Math.min(chunk.length, Math.max(0, handedOn - position));
        position += chunk.length;
        if (known < chunk.length) fresh.push(chunk.subarray(known));
      }
      handedOn = Math.max(handedOn, position);
      return fresh;
    };
    try {
      for (const bytes of good) await feed(bytes);
      for (;;) {
        const piece = rest.subarray(0, size);
        yield* await feed(piece);
        if (engine.failure !== undefined || piece.length === 0) {
          rest = piece;
          break;
        }
        good.push(piece);
        rest = rest.subarray(size);
      }
    } finally {
      engine.close();
    }
  }
}

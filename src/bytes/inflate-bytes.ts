import { isRecordpipeError, type RecordpipeError } from '../errors.ts';
import { checkGzipTrailer, GZIP_TRAILER_BYTES, gzipHeaderLength, zlibFollows } from './gzip-header.ts';
import { requireHostModule } from './host.ts';
import type { InflateOptions } from './inflate.ts';
import { corruptStream, truncatedStream } from './inflate-errors.ts';

type Zlib = typeof import('node:zlib');

/** What could be inflated, and why that is not all. */
export interface Inflated {
  readonly output: Uint8Array;
  readonly error: RecordpipeError | undefined;
}

/**
 * Inflates a whole gzip or zlib stream that is in memory, synchronously.
 * @throws RecordpipeError `unsupported-source` where the host has no zlib
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

/** All that inflates before the damage: the output of the longest beginning that inflates without an error. */
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

import { createCipheriv, createHash } from 'node:crypto';
import { closeSync, openSync, readSync, statSync } from 'node:fs';

/**
 * The bytes of an object: in memory, in a file, or generated on demand, so that gigabytes take no
 * memory.
 */
export interface Content {
  readonly size: number;
  /**
   * Returns the bytes `[start, start + length)`, or fewer, in which case the caller requests the
   * rest. The caller must not change them.
   */
  read(start: number, length: number): Uint8Array;
  /** Input of the ETag. */
  readonly token: string;
  /** All bytes if they are in memory. */
  readonly bytes?: Uint8Array;
}

/** The forms of an object's content in tests and configurations. */
export type ContentLike = Uint8Array | string | Content | GeneratedContent | FileContent;

/** `size` bytes determined by `seed`: see {@link generated}. */
export interface GeneratedContent {
  readonly size: number;
  readonly seed?: number;
}

export interface FileContent {
  readonly file: string;
}

export function contentOf(given: ContentLike): Content {
  if (typeof given === 'string') return inMemory(Buffer.from(given));
  if (given instanceof Uint8Array) return inMemory(given);
  if ('read' in given) return given;
  if ('file' in given) return inFile(given.file);
  return generated(given.size, given.seed);
}

function inMemory(bytes: Uint8Array): Content {
  return {
    size: bytes.length,
    read: (start, length) => bytes.subarray(start, start + length),
    token: createHash('md5').update(bytes).digest('hex'),
    bytes,
  };
}

function inFile(path: string): Content {
  const { size, mtimeMs } = statSync(path);
  return {
    size,
    read(start, length) {
      const fd = openSync(path, 'r');
      try {
        const into = new Uint8Array(Math.min(length, size - start));
        return into.subarray(0, readSync(fd, into, 0, into.length, start));
      } finally {
        closeSync(fd);
      }
    },
    token: createHash('md5').update(`${path} ${size} ${mtimeMs}`).digest('hex'),
  };
}

/** Not a power of two, so that parts of the usual sizes are never equal. */
const PERIOD = 1024 * 1024 - 3;

/**
 * Returns an object of any size whose bytes repeat with a period that differs from all part sizes,
 * so that bytes from an incorrect position differ.
 */
export function generated(size: number, seed = 1): Content {
  let pattern: Uint8Array | undefined;
  return {
    size,
    read(start, length) {
      pattern ??= patternOf(seed);
      const from = start % PERIOD;
      return pattern.subarray(from, from + Math.min(length, size - start));
    },
    token: createHash('md5').update(`${size} ${seed}`).digest('hex'),
  };
}

function patternOf(seed: number): Uint8Array {
  const key = createHash('md5').update(String(seed)).digest();
  return createCipheriv('aes-128-ctr', key, key).update(new Uint8Array(PERIOD));
}

/** Reads a range piece by piece. */
export function* pieces(content: Content, start: number, end: number, max: number): Generator<Uint8Array> {
  for (let at = start; at < end; ) {
    const piece = content.read(at, Math.min(max, end - at));
    if (piece.length === 0) throw new Error(`an object of ${content.size} bytes has none at ${at}`);
    yield piece;
    at += piece.length;
  }
}

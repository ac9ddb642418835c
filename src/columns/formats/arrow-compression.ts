import * as zlib from 'node:zlib';
import { RecordpipeError } from '../../errors.ts';
import type { ArrowPackage } from './arrow-batch.ts';

/** Decompresses the buffers of compressed batches, such as those of Feather files from pandas. */
export function registerDecompressors({ compressionRegistry, CompressionType }: ArrowPackage): void {
  const { LZ4_FRAME, ZSTD } = CompressionType;
  compressionRegistry.set(LZ4_FRAME, { decode: lz4Frame, ...compressionRegistry.get(LZ4_FRAME) });
  compressionRegistry.set(ZSTD, { decode: zstd, ...compressionRegistry.get(ZSTD) });
}

function zstd(bytes: Uint8Array): Uint8Array {
  // Node has it from 22.15 on.
  const decompress = (zlib as { zstdDecompressSync?: (bytes: Uint8Array) => Uint8Array }).zstdDecompressSync;
  if (decompress !== undefined) return decompress(bytes);
  throw new RecordpipeError(
    'unsupported-source',
    'the Arrow data is compressed with zstd, which needs Node 22.15 or later; ' +
      'write the data uncompressed, with LZ4, or as Parquet',
  );
}

const LZ4_MAGIC = 0x184d2204;
const VERSION_BITS = 0xc0;
const VERSION = 0x40;
const HAS_BLOCK_CHECKSUMS = 0x10;
const HAS_CONTENT_SIZE = 0x08;
const HAS_DICTIONARY = 0x01;
const MIN_MATCH = 4;

/**
 * Decompresses an LZ4 frame
 * (https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md).
 *
 * @throws RangeError if it is corrupt
 */
export function lz4Frame(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flags = view.getUint8(4);
  if (view.getUint32(0, true) !== LZ4_MAGIC || (flags & VERSION_BITS) !== VERSION)
    throw new RangeError('the data is not an LZ4 frame');
  if (flags & HAS_DICTIONARY) throw new RangeError('the LZ4 frame needs a dictionary');
  const output = new Lz4Output(bytes.length);
  let at = flags & HAS_CONTENT_SIZE ? 15 : 7;
  for (;;) {
    const head = view.getUint32(at, true);
    at += 4;
    if (head === 0) return output.bytes();
    const size = head & 0x7fffffff;
    if (at + size > bytes.length) throw new RangeError('an LZ4 block ends early');
    const block = bytes.subarray(at, at + size);
    if (head >>> 31) output.literals(block);
    else lz4Block(block, output);
    at += size + (flags & HAS_BLOCK_CHECKSUMS ? 4 : 0);
  }
}

function lz4Block(block: Uint8Array, output: Lz4Output): void {
  let at = 0;
  const extended = (nibble: number): number => {
    let length = nibble;
    if (nibble === 15)
      for (let byte = 255; byte === 255; length += byte) {
        if (at >= block.length) throw new RangeError('an LZ4 block ends early');
        byte = block[at++];
      }
    return length;
  };
  while (at < block.length) {
    const token = block[at++];
    const literals = extended(token >> 4);
    if (at + literals > block.length) throw new RangeError('an LZ4 block ends early');
    output.literals(block.subarray(at, at + literals));
    at += literals;
    if (at === block.length) return;
    if (at + 2 > block.length) throw new RangeError('an LZ4 block ends early');
    const distance = block[at] | (block[at + 1] << 8);
    at += 2;
    output.match(distance, extended(token & 15) + MIN_MATCH);
  }
}

/** Memory that grows. A frame expands to at most 255 times its size. */
class Lz4Output {
  #memory: Uint8Array;
  #end = 0;

  constructor(compressed: number) {
    this.#memory = new Uint8Array(4 * compressed + 64);
  }

  bytes(): Uint8Array {
    return this.#memory.subarray(0, this.#end);
  }

  literals(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#memory.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** Repeats bytes from `distance` bytes before the end, which may include the new ones. */
  match(distance: number, length: number): void {
    if (distance === 0 || distance > this.#end) throw new RangeError('an LZ4 match is out of range');
    this.#reserve(length);
    const memory = this.#memory;
    let to = this.#end;
    if (distance >= length) memory.copyWithin(to, to - distance, to - distance + length);
    else for (const end = to + length; to < end; to++) memory[to] = memory[to - distance];
    this.#end += length;
  }

  #reserve(size: number): void {
    if (this.#end + size <= this.#memory.length) return;
    const grown = new Uint8Array(2 * (this.#end + size));
    grown.set(this.#memory.subarray(0, this.#end));
    this.#memory = grown;
  }
}

/**
 * The files that the benchmarks read: the same bytes in every run. Record k is `pool[k %
 * pool.length]` of against/payload.mjs, so writers write the same records that readers of the same
 * size read.
 */

import { closeSync, fsyncSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { crc32c, crc32cCombine, maskCrc32c } from 'recordpipe';
import { mix, payloadPool } from './against/payload.mjs';
import { FORMATS, frameBytes } from './formats.mjs';
import { duringSync } from './timings.mjs';

export const SEED = 20251121;

/**
 * A directory of test files. Each can be deleted when it is no longer needed; `removeAll` deletes
 * the rest.
 */
export class DataFolder {
  #files = new Set();

  constructor(path) {
    this.path = path;
    mkdirSync(path, { recursive: true });
  }

  /** Reserves a path for a file or directory, here or in another directory. */
  name(name, folder = this.path) {
    const path = join(folder, `${process.pid}-${name}`);
    this.#files.add(path);
    return path;
  }

  /**
   * Writes a file of `count` records of `size` bytes and flushes it to disk; its pages stay cached.
   */
  records(name, count, size, format = 'tfrecord') {
    const each = frameBytes(format, size);
    this.#checkSpace(count * each);
    const path = this.name(name);
    const pool = FORMATS[format].pool(count, size, SEED);
    const block = Buffer.alloc(pool.length * each);
    for (const [k, payload] of pool.entries()) FORMATS[format].frame(payload, block, k * each);
    writeFile(path, (write) => {
      for (let left = count; left > 0; left -= pool.length) {
        write(left >= pool.length ? block : block.subarray(0, left * each));
      }
    });
    return { path, count, size, format, fileBytes: count * each };
  }

  /** Writes a file of `count` TFRecords of 0.5 to 1.5 times `size` bytes. */
  variedRecords(name, count, size) {
    const path = this.name(name);
    const pool = payloadPool(count, size + (size >> 1), SEED);
    const payloads = pool.map((payload, k) => payload.subarray(0, (size >> 1) + (mix(k) % (size + 1))));
    const lengths = payloads.map(({ length }) => frameBytes('tfrecord', length));
    const block = Buffer.alloc(lengths.reduce((sum, length) => sum + length, 0));
    let at = 0;
    for (const payload of payloads) at = FORMATS.tfrecord.frame(payload, block, at);
    this.#checkSpace(Math.ceil(count / pool.length) * block.length);
    let fileBytes = 0;
    writeFile(path, (write) => {
      for (let left = count; left > 0; left -= pool.length) {
        const some = lengths.slice(0, Math.min(left, pool.length));
        const bytes = some.reduce((sum, length) => sum + length, 0);
        write(block.subarray(0, bytes));
        fileBytes += bytes;
      }
    });
    return { path, count, size, format: 'tfrecord', fileBytes };
  }

  /**
   * Writes a file of `count` records that are too large to build in memory. It repeats one block
   * and combines its checksums.
   */
  hugeRecords(name, count, size) {
    this.#checkSpace(count * frameBytes('tfrecord', size));
    const path = this.name(name);
    const [block] = payloadPool(1, 2 ** 24, SEED);
    const tail = block.subarray(0, size % block.length);
    const blocks = Math.floor(size / block.length);
    const crcOfBlock = crc32c(block);
    let crc = 0;
    for (let k = 0; k < blocks; k++) crc = crc32cCombine(crc, crcOfBlock, block.length);
    crc = crc32cCombine(crc, crc32c(tail), tail.length);
    const header = Buffer.alloc(12);
    header.writeBigUInt64LE(BigInt(size));
    header.writeUInt32LE(maskCrc32c(crc32c(header.subarray(0, 8))), 8);
    const footer = Buffer.alloc(4);
    footer.writeUInt32LE(maskCrc32c(crc));
    writeFile(path, (write) => {
      for (let record = 0; record < count; record++) {
        write(header);
        for (let k = 0; k < blocks; k++) write(block);
        write(tail);
        write(footer);
      }
    });
    return { path, count, size, format: 'tfrecord', fileBytes: count * frameBytes('tfrecord', size) };
  }

  /**
   * Allocates `bytes` of memory and frees them, so that the next allocation of that size is fast. A
   * virtual machine returns memory that has been free for two seconds to its host; getting it back
   * made writing ten times slower.
   */
  warmMemory(bytes) {
    const path = this.name('scratch');
    const file = openSync(path, 'w');
    const block = Buffer.alloc(2 ** 20, 1);
    try {
      for (let done = 0; done < bytes; done += block.length) writeSync(file, block);
    } finally {
      closeSync(file);
      this.remove(path);
    }
  }

  remove(path) {
    rmSync(path, { recursive: true, force: true });
    this.#files.delete(path);
  }

  removeAll() {
    for (const path of this.#files) rmSync(path, { recursive: true, force: true });
    this.#files.clear();
  }

  /** Checks that there is space for the file and for one that a write case adds. */
  #checkSpace(bytes) {
    const needed = bytes + 2 ** 29;
    const { bavail, bsize } = statfsSync(this.path);
    if (bavail * bsize >= needed) return;
    throw new Error(
      `${this.path}: needs ${needed} bytes, ${bavail * bsize} are free; choose another directory with --dir`,
    );
  }
}

function writeFile(path, fill) {
  duringSync('files', () => writeAndFlush(path, fill));
}

function writeAndFlush(path, fill) {
  const file = openSync(path, 'w');
  try {
    fill((bytes) => {
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    });
    // Flush now; otherwise, the kernel would write dirty pages during the first passes.
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

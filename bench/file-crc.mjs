import { closeSync, openSync, readSync } from 'node:fs';
import { crc32c } from 'recordpipe';

/** Returns the CRC32C of the first `bytes` of a file. */
export function crcOfFile(path, bytes) {
  const file = openSync(path, 'r');
  const block = Buffer.alloc(1024 * 1024);
  let crc = 0;
  try {
    for (let at = 0; at < bytes; ) {
      const count = readSync(file, block, 0, Math.min(block.length, bytes - at), at);
      if (count === 0) return undefined;
      crc = crc32c(block.subarray(0, count), crc);
      at += count;
    }
  } finally {
    closeSync(file);
  }
  return crc;
}

export { crc32cCombine } from './combine.ts';
export { crc32c, crc32cKernel, maskCrc32c, unmaskCrc32c } from './crc32c.ts';

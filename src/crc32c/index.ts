export { crc32cCombine } from './combine.ts';
export { crc32c, crc32cKernel } from './crc32c.ts';
export { maskCrc32c, unmaskCrc32c } from './mask.ts';

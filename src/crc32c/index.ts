export { crc32c, crc32cCombine, crc32cKernel, maskCrc32c, unmaskCrc32c } from './crc32c.ts';

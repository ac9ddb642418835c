/**
 * Calls a checksum function repeatedly. Import this module once per function with a different query
 * (`./call-loop.mjs?aws-crt`), so that each function has its own call site and the compiler
 * optimizes it separately.
 */
export function callLoop(crc32c, bytes, calls) {
  let crc = 0;
  for (let i = 0; i < calls; i++) crc = crc32c(bytes);
  return crc;
}

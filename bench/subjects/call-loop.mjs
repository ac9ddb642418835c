/**
 * Calls a checksum function again and again. Import it once per function, each time with another query
 * (`./call-loop.mjs?aws-crt`): the modules are then separate, and so is what the compiler learns about the call.
 */
export function callLoop(crc32c, bytes, calls) {
  let crc = 0;
  for (let i = 0; i < calls; i++) crc = crc32c(bytes);
  return crc;
}

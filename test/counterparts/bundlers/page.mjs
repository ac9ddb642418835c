// The bundled page: reads the records of a file that the user drops.

import { crc32c, readRecords } from 'recordpipe';

globalThis.countRecords = async (file) => {
  let records = 0;
  let bytes = 0;
  for await (const { length } of readRecords(file)) {
    records++;
    bytes += length;
  }
  return { records, bytes, check: crc32c(new TextEncoder().encode('123456789')) };
};

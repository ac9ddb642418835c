/** Measured index operations: building, opening, and getting records. */

import { crc32 } from 'node:zlib';
import { secondsSince } from '../against/peer_protocol.mjs';

async function make({ path, index }) {
  const { buildIndex } = await import('recordpipe/records/indexes');
  const start = process.hrtime.bigint();
  const { records } = await buildIndex(path, { indexPath: index, overwrite: true });
  return { seconds: secondsSince(start), records };
}

/** Opens a file and its index until records can be read. */
async function open({ path, index }) {
  const { openIndexed } = await import('recordpipe/records/indexes');
  const start = process.hrtime.bigint();
  const file = await openIndexed(path, { indexPath: index });
  const seconds = secondsSince(start);
  const records = file.length;
  await file.close();
  return { seconds, records };
}

let opened = {};

/** Keeps the file of the previous pass open if it is the same. */
async function sameFile(path, index) {
  const { openIndexed } = await import('recordpipe/records/indexes');
  if (opened.path !== path) {
    await opened.file?.close();
    opened = { path, file: await openIndexed(path, { indexPath: index }) };
  }
  return opened.file;
}

/**
 * Gets groups of records with `take(file, group)`. Checksums are computed between groups, outside
 * the measured time.
 */
function inGroups(take) {
  return async ({ path, index, indices, group = indices.length }) => {
    const file = await sameFile(path, index);
    let [seconds, records, bytes, sum] = [0, 0, 0, 0];
    for (let at = 0; at < indices.length; at += group) {
      const wanted = indices.slice(at, at + group);
      const start = process.hrtime.bigint();
      const got = await take(file, wanted);
      seconds += secondsSince(start);
      for (const record of got) {
        sum = crc32(record, sum);
        bytes += record.length;
      }
      records += got.length;
    }
    return { seconds, records, bytes, sum };
  };
}

async function oneByOne(file, indices) {
  const got = [];
  for (const at of indices) got.push(await file.get(at));
  return got;
}

export const INDEX_OPERATIONS = {
  index: { index: make, open },
  get: {
    get: inGroups(oneByOne),
    getSync: inGroups((file, indices) => indices.map((at) => file.getSync(at))),
    getMany: inGroups((file, indices) => file.getMany(indices)),
  },
};

/** What of the indexes is measured: making one, reading it, and getting records by it. */

import { crc32 } from 'node:zlib';
import { secondsSince } from '../against/peer_protocol.mjs';

async function make({ path, index }) {
  const { buildIndex } = await import('recordpipe/indexes');
  const start = process.hrtime.bigint();
  const { records } = await buildIndex(path, { indexPath: index });
  return { seconds: secondsSince(start), records };
}

/** From nothing to where a record can be asked for. */
async function open({ path, index }) {
  const { openIndexed } = await import('recordpipe/indexes');
  const start = process.hrtime.bigint();
  const file = await openIndexed(path, { indexPath: index });
  const seconds = secondsSince(start);
  const records = file.length;
  await file.close();
  return { seconds, records };
}

let opened = {};

/** The file of the pass before, where it is the same. */
async function sameFile(path, index) {
  const { openIndexed } = await import('recordpipe/indexes');
  if (opened.path !== path) {
    await opened.file?.close();
    opened = { path, file: await openIndexed(path, { indexPath: index }) };
  }
  return opened.file;
}

/** Records one by one, in the order of `indices`. */
async function get({ path, index, indices }) {
  const file = await sameFile(path, index);
  const got = [];
  const start = process.hrtime.bigint();
  for (const at of indices) got.push(await file.get(at));
  return answer(secondsSince(start), got);
}

/** The same without a promise per record. */
async function getSync({ path, index, indices }) {
  const file = await sameFile(path, index);
  const got = [];
  const start = process.hrtime.bigint();
  for (const at of indices) got.push(file.getSync(at));
  return answer(secondsSince(start), got);
}

/** Records in groups of `group`, each group ascending. */
async function getMany({ path, index, indices, group }) {
  const file = await sameFile(path, index);
  const groups = [];
  for (let at = 0; at < indices.length; at += group) groups.push(indices.slice(at, at + group));
  const got = [];
  const start = process.hrtime.bigint();
  for (const some of groups) got.push(await file.getMany(some));
  return answer(secondsSince(start), got.flat());
}

function answer(seconds, records) {
  let sum = 0;
  let bytes = 0;
  for (const record of records) {
    sum = crc32(record, sum);
    bytes += record.length;
  }
  return { seconds, records: records.length, bytes, sum };
}

export const INDEX_OPERATIONS = { index: { index: make, open }, get: { get, getSync, getMany } };

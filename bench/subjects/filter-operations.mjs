/** Measured filters: testing the records of a file, and decoding the feature that the filter needs. */

import { readTFRecordBatches } from 'recordpipe';
import { compileFeatures, fixedLen } from 'recordpipe/messages';
import { compileFilter } from 'recordpipe/messages/filter';
import { secondsSince } from '../against/peer_protocol.mjs';

async function decoding({ path, feature }) {
  const { parseBatch } = compileFeatures({ [feature]: fixedLen([], 'int64') }, { reuse: true });
  let records = 0;
  const start = process.hrtime.bigint();
  for await (const batch of readTFRecordBatches(path, { reuse: true, blocking: true })) {
    parseBatch(batch);
    records += batch.length;
  }
  return { seconds: secondsSince(start), records };
}

async function testing({ path, where }) {
  const filter = await compileFilter(where);
  let records = 0;
  let matched = 0;
  const start = process.hrtime.bigint();
  for await (const batch of readTFRecordBatches(path, { reuse: true, blocking: true })) {
    for (let i = 0; i < batch.length; i++) if (filter.matchesIn(batch, i)) matched++;
    records += batch.length;
  }
  if (matched === 0 || matched === records) throw new Error(`${matched} of ${records} records matched`);
  return { seconds: secondsSince(start), records };
}

export const FILTER_OPERATIONS = {
  filter: { 'parse_batch of one feature': decoding, where: testing },
};

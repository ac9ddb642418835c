/** What peers that decode Examples have in common: the records of a file in memory, passes over them, and sums of what was found. */

import { readFileSync } from 'node:fs';
import { secondsSince } from './peer_protocol.mjs';

/** The payloads of a file of TFRecords, each in memory of its own, as a reader without a buffer would give them. */
export function recordsOf(path) {
  const file = readFileSync(path);
  const records = [];
  for (let at = 0; at < file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    records.push(Buffer.from(file.subarray(at + 12, at + 12 + length)));
    at += length + 16;
  }
  return records;
}

/**
 * An operation that decodes all records of `path`, again and again, until `seconds` are over. `prepare` gives, for
 * the request, what takes one record, or with `batched` all of them; with `check`, the answer has the sums that `add` makes of what that gave.
 */
export function decoding(prepare, add, { batched = false } = {}) {
  let kept = {};
  return ({ path, seconds: least, check, ...request }) => {
    if (kept.path !== path) kept = { path, records: recordsOf(path) };
    const { records } = kept;
    const facts = { bytes: 0, firsts: 0, floats: 0, integers: 0 };
    const run = prepare(request);
    if (check) {
      // One at a time: what was made may hold until the next only.
      for (const input of batched ? [records] : records) add(facts, run(input));
    }
    const start = process.hrtime.bigint();
    let passes = 0;
    let last;
    do {
      if (batched) last = run(records);
      else for (let i = 0; i < records.length; i++) last = run(records[i]);
      passes++;
    } while (secondsSince(start) < least);
    const seconds = secondsSince(start);
    if (last === undefined) throw new Error('nothing was decoded');
    return { seconds, records: passes * records.length, ...(check && { facts }) };
  };
}

/** Adds values of one kind to the sums. */
export function addValues(facts, kind, values) {
  if (kind === 'bytes') {
    for (const value of values) {
      facts.bytes += value.length;
      facts.firsts += value[0];
    }
  } else if (kind === 'float') for (const value of values) facts.floats += value;
  else for (const value of values) facts.integers += Number(value);
}

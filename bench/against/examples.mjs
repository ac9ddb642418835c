/**
 * Shared code for programs that decode Examples: loads the records of a file, decodes them
 * repeatedly, and sums the decoded values.
 */

import { readFileSync } from 'node:fs';
import { secondsSince } from './peer_protocol.mjs';

/**
 * Returns the payloads of a TFRecord file, each in its own buffer, as an unbuffered reader would.
 */
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
 * Creates an operation that decodes all records of `path` repeatedly for `seconds`. `prepare`
 * returns the decoder for a request: it takes one record or, with `batched`, all of them. With
 * `check`, the response contains the sums that `add` computes from the decoded values.
 */
export function decoding(prepare, add, { batched = false } = {}) {
  let kept = {};
  return ({ path, seconds: least, check, ...request }) => {
    if (kept.path !== path) kept = { path, records: recordsOf(path) };
    const { records } = kept;
    const facts = { bytes: 0, firsts: 0, floats: 0, integers: 0 };
    const run = prepare(request);
    if (check) {
      // Add one at a time: a decoded value may be valid only until the next one.
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

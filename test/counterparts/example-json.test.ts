import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type MessageType, recognizeRecord, recordJson } from '../../src/check/index.ts';
import { encodeTFRecord } from '../../src/formats/index.ts';
import { decodeTFRecords } from '../../src/index.ts';
import { encodeExample } from '../../src/messages/index.ts';
import { FIXTURES, fixture } from '../support/golden.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { tempDir } from '../support/temp-dir.ts';
import { missingCounterpart, runPython } from './counterpart.ts';

const temp = tempDir();
const missing = missingCounterpart('tensorflow');
/** Floats at the limits of 32 bits, integers at the limits of 64 bits, and names of all kinds. */
const EDGES = encodeExample({
  floats: {
    kind: 'float',
    value: [
      0.1,
      1 / 3,
      16777216,
      2 ** -149,
      3.4028234663852886e38,
      1e10,
      1e-7,
      Number.NaN,
      Infinity,
      -Infinity,
      5,
    ],
  },
  ints: { kind: 'int64', value: [-(2n ** 63n), 2n ** 63n - 1n, 0n, -1n, 9007199254740993n] },
  bytes: { kind: 'bytes', value: [Uint8Array.of(255, 254), '', 'ab', 'grüß'] },
  none: { kind: 'none' },
  'of no values': { kind: 'int64', value: [] },
  'a "name"/\u2028': { kind: 'int64', value: [1] },
});

/** Returns the JSON text of a record. */
function jsonOf(record: Uint8Array): string {
  return [...recordJson(record, recognizeRecord(record).type as MessageType)].join('');
}

/** Rounds floats to 32 bits, because protobuf sometimes chooses other digits for the same float. */
function rounded(line: string): unknown {
  return JSON.parse(line, (_, value) => (typeof value === 'number' ? Math.fround(value) : value));
}

/**
 * A SequenceExample without feature lists has the same bytes as an Example and is treated as one.
 */
function expected(line: string): unknown {
  const { context, ...more } = rounded(line) as { context?: unknown; featureLists?: unknown };
  if (context === undefined) return more;
  return more.featureLists === undefined ? { features: context } : { context, ...more };
}

describe.skipIf(missing !== undefined)("protobuf's json_format", () => {
  test.each([
    ['examples.bin', 'Example'],
    ['sequence-examples.bin', 'SequenceExample'],
  ])('%s', (name, kind) => {
    const lines = runPython(
      'tensorflow',
      'tensorflow_example_json.py',
      fileURLToPath(new URL(name, FIXTURES)),
      kind,
    );
    const ours = [...decodeTFRecords(fixture(name))].map((record) => jsonOf(record));
    expect(ours.map(rounded)).toEqual(lines.map(expected));
  });

  test('extreme numbers, names, and bytes', () => {
    const records = [EDGES, new Uint8Array(0), Uint8Array.of(10, 0)];
    const path = temp.file('edges.tfrecord', concat(records.map((record) => encodeTFRecord(record))));
    const lines = runPython('tensorflow', 'tensorflow_example_json.py', path, 'Example');
    expect(records.map((record) => rounded(jsonOf(record)))).toEqual(lines.map(rounded));
    // Compare digits: these are the shortest that represent the same float.
    expect(jsonOf(EDGES)).toContain('[0.1,0.33333334,16777216,1e-45,3.4028235e+38,');
  });
});

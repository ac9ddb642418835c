import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { decodeTextLines, readTextLines, scanTextLines } from '../../src/index.ts';
import { Random } from '../support/random.ts';
import { tempDir } from '../support/temp-dir.ts';
import { collect } from './collect.ts';
import { listed, missingCounterpart, type Reading, readWith } from './counterpart.ts';
import { texts } from './texts.ts';

const missing = missingCounterpart('tensorflow');
const folder = tempDir();

describe.skipIf(missing !== undefined)('TextLineDataset', () => {
  const files = texts(new Random(20_264));
  let place: string;
  let readings: Map<string, Reading>;

  beforeAll(() => {
    place = folder.file('texts');
    mkdirSync(place);
    for (const [name, bytes] of files) writeFileSync(join(place, name), bytes);
    readings = readWith('tensorflow', 'tensorflow_lines.py', place);
    expect(readings.size).toBe(files.size);
    for (const { file, error, died } of readings.values()) expect(error ?? died, file).toBeNull();
  });

  const compression = (name: string): 'gzip' | 'zlib' | 'none' =>
    name.endsWith('.gz.txt') ? 'gzip' : name.endsWith('.zlib.txt') ? 'zlib' : 'none';

  test('compat: tf reads exactly the same lines', async () => {
    for (const [name, bytes] of files) {
      const options = { compat: 'tf', compression: compression(name) } as const;
      const { records } = readings.get(name)!;
      const read = await collect(readTextLines(join(place, name), options));
      expect(read.error, name).toBeUndefined();
      expect(listed(read.payloads), name).toEqual(records);
      const decoded = await collect(decodeTextLines(bytes, options));
      expect(listed(decoded.payloads), name).toEqual(records);
    }
  });

  test("cr: 'all' reads the same lines, except for a last line of only carriage returns", async () => {
    let dropped = 0;
    for (const name of files.keys()) {
      const { payloads, error } = await collect(
        readTextLines(join(place, name), { cr: 'all', compression: compression(name) }),
      );
      expect(error, name).toBeUndefined();
      const { records } = readings.get(name)!;
      const more = payloads.length - records.length;
      if (more !== 0) {
        expect(more, name).toBe(1);
        expect(payloads.pop()!.length, name).toBe(0);
        dropped++;
      }
      expect(listed(payloads), name).toEqual(records);
    }
    expect(dropped).toBeGreaterThan(5);
    console.log(`${files.size} texts; of ${dropped} TensorFlow drops the last line`);
  });

  test('counts equal those of TextLineDataset', async () => {
    for (const name of files.keys()) {
      const options = { compat: 'tf', compression: compression(name) } as const;
      const { records, payloadBytes, errorCount } = await scanTextLines(join(place, name), options);
      const theirs = readings.get(name)!.records;
      const bytes = theirs.reduce((sum, { length }) => sum + length, 0);
      expect({ records, payloadBytes, errorCount }, name).toEqual({
        records: theirs.length,
        payloadBytes: bytes,
        errorCount: 0,
      });
    }
  });
});

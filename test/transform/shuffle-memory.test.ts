import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readTFRecordBatches } from '../../src/index.ts';
import { openTFRecordWriter } from '../../src/records/write/index.ts';
import { tempDir } from '../support/temp-dir.ts';
import { shuffledOrder } from './oracle-keys.ts';

const temp = tempDir();
const PROGRAM = fileURLToPath(new URL('../support/shuffle-once.mjs', import.meta.url));
const MIB = 1024 * 1024;
const LIMIT = 6 * MIB;
const SEED = 42;

/** Shuffles in a separate process and returns its peak memory. */
function shuffle(input: string, output: string, memoryBytes: number): number {
  const args = [PROGRAM, input, output, String(memoryBytes), String(SEED)];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(stderr).toBe('');
  return Number(stdout);
}

/**
 * Writes a file of this size whose records begin with their numbers. Returns the number of records.
 */
async function numberedFile(path: string, bytes: number, length: number): Promise<number> {
  const writer = await openTFRecordWriter(path);
  const payload = new Uint8Array(length);
  const view = new DataView(payload.buffer);
  while (writer.frameBytes < bytes) {
    view.setUint32(0, writer.records);
    await writer.write(payload);
  }
  return (await writer.close()).records;
}

describe.each([
  ['small records', 100],
  ['larger records', 20_000],
])('a file ten times larger than the memory, of %s', (_, length) => {
  const [input, output] = [temp.file(`in-${length}`), temp.file(`out-${length}`)];

  test('is shuffled within the memory limit', async () => {
    const records = await numberedFile(input, 10 * LIMIT, length);
    const empty = temp.file('empty', new Uint8Array(0));
    const host = shuffle(empty, temp.file('nothing'), LIMIT);
    const most = shuffle(input, output, LIMIT);
    // Allow for compiled code and uncollected garbage.
    expect((most - host) / MIB).toBeLessThan(LIMIT / MIB + 16);

    const order = shuffledOrder(SEED, records);
    let seen = 0;
    for await (const batch of readTFRecordBatches(output)) {
      for (const payload of batch) {
        const number = new DataView(payload.buffer, payload.byteOffset).getUint32(0);
        if (number !== order[seen++]) expect(number).toBe(order[seen - 1]);
      }
    }
    expect(seen).toBe(records);
    expect(readdirSync(temp.path).filter((name) => name.startsWith('.'))).toEqual([]);
  });
});

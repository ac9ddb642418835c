import { closeSync, ftruncateSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isRecordpipeError } from '../../../src/index.ts';
import { buildIndex, openIndexed } from '../../../src/records/indexes/index.ts';
import { damaged, placeAfter, randomDamage } from '../../support/corrupt.ts';
import { oracleFile, oracleFrame } from '../../support/oracle-tfrecord.ts';
import { Random } from '../../support/random.ts';
import { randomRuns } from '../../support/random-runs.ts';
import { tempDir } from '../../support/temp-dir.ts';

const temp = tempDir();

test('randomly corrupted data with an index without a fingerprint gives the right record or a typed error', async () => {
  const path = temp.file('damaged.tfrecord');
  const indexPath = `${path}.idx`;
  let right = 0;
  let errors = 0;
  const runs = randomRuns(150);
  for (let seed = 0; seed < runs; seed++) {
    const random = new Random(seed);
    const payloads = Array.from({ length: 1 + random.below(40) }, () => random.bytes(random.below(60)));
    const bytes = oracleFile(payloads);
    writeFileSync(path, bytes);
    await buildIndex(path, { kind: 'vahidk', indexPath });
    const damage = randomDamage(random, bytes.length);
    writeFileSync(path, damaged(bytes, damage));
    const typed = (error: unknown): undefined => {
      if (!isRecordpipeError(error)) throw error;
      errors++;
      return undefined;
    };
    const file = await openIndexed(path, { indexPath, format: 'tfrecord', blocking: seed % 2 === 0 }).catch(
      typed,
    );
    if (file === undefined) continue;
    const got = await Promise.all(payloads.map((_, i) => file.get(i).catch(typed)));
    let at = 0;
    for (const [i, payload] of payloads.entries()) {
      const frame = payload.length + 16;
      const stayed = placeAfter(damage, bytes.length, at, at + frame) === at;
      // An intact record is returned. Damage is detected, unless the bytes are still the same.
      if (stayed) expect(got[i], `seed ${seed}, record ${i}`).toEqual(payload);
      else if (got[i] !== undefined) expect(got[i], `seed ${seed}, record ${i}`).toEqual(payload);
      if (got[i] !== undefined) right++;
      at += frame;
    }
    await file.close();
  }
  expect(right).toBeGreaterThan((400 / 150) * runs);
  expect(errors).toBeGreaterThan((100 / 150) * runs);
});

test('records beyond 2^32 bytes', async () => {
  // The payloads are holes in the file, so their checksums are wrong, but nothing verifies them.
  const hole = 2 ** 31 - 1;
  const path = temp.file('sparse.tfrecord');
  const file = openSync(path, 'w');
  const header = oracleFrame(new Uint8Array(0), BigInt(hole)).subarray(0, 12);
  for (let i = 0; i < 3; i++) writeSync(file, header, 0, 12, i * (hole + 16));
  const behind = 3 * (hole + 16);
  const last = oracleFile([Uint8Array.of(1, 2, 3), Uint8Array.of(4)]);
  ftruncateSync(file, behind + last.length);
  writeSync(file, last, 0, last.length, behind);
  closeSync(file);
  for (const kind of ['rpidx', 'vahidk'] as const) {
    const { indexPath, records, bytes } = await buildIndex(path, { kind, jobs: 1 }); // Several would search the holes for records.
    expect({ records, bytes }).toEqual({ records: 5, bytes: behind + last.length });
    await using indexed = await openIndexed(path, { indexPath });
    expect([3, 4].map((i) => indexed.offset(i))).toEqual([behind, behind + 19]);
    expect(await indexed.getMany([4, 3])).toEqual([Uint8Array.of(4), Uint8Array.of(1, 2, 3)]);
    const batches: number[] = [];
    for await (const batch of indexed.sliceBatches(3)) batches.push(batch.offset(0), batch.firstRecord);
    expect(batches).toEqual([behind, 3]);
  }
});

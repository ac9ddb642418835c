import { deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { decodeTFRecords, encodeTFRecord } from '../../src/index.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { readAll, where } from '../support/outcome.ts';
import { DOES_ALL_RUNS } from '../support/random-runs.ts';
import { rechunk } from '../support/rechunk.ts';

const payload = Uint8Array.of(1, 2, 3);
const member = new Uint8Array(gzipSync(encodeTFRecord(payload)));
const empty = new Uint8Array(gzipSync(new Uint8Array(0)));

function many(count: number, part: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(count * part.length);
  for (let i = 0; i < count; i++) bytes.set(part, i * part.length);
  return bytes;
}

describe('many small members', () => {
  test.runIf(DOES_ALL_RUNS)('50,000 empty gzip members around records', async () => {
    const file = concat([many(25_000, empty), member, many(25_000, empty), member]);
    for (const source of [file, [...rechunk(file, 1000)]])
      expect((await readAll(source)).payloads).toEqual([payload, payload]);
    expect([...decodeTFRecords(file)]).toEqual([payload, payload]);
  });

  test('small members, a large one, and small ones again', async () => {
    const noise = Uint8Array.from({ length: 200_000 }, (_, i) => (i * 2654435761) >>> 13);
    const large = new Uint8Array(gzipSync(encodeTFRecord(noise)));
    const file = concat([many(20, member), large, many(20, member)]);
    for (const source of [file, [...rechunk(file, 333)]]) {
      const { payloads, error } = await readAll(source);
      expect(error).toBeUndefined();
      expect(payloads.length).toBe(41);
      expect(payloads[20]).toEqual(noise);
    }
  });

  test('zlib streams', async () => {
    const file = many(1000, new Uint8Array(deflateSync(encodeTFRecord(payload))));
    expect((await readAll([...rechunk(file, 100)])).payloads.length).toBe(1000);
  });

  test('damage in one of them is an error at the same position as otherwise', async () => {
    const file = many(30, member);
    for (const at of [15, member.length - 3, 12]) {
      const bad = file.slice();
      bad[20 * member.length + at] ^= 0x55;
      const { payloads, error } = await readAll(bad);
      expect(error).toMatchObject({ record: payloads.length, compressed: true });
      expect(payloads.length).toBeGreaterThanOrEqual(20);
      const other = await readAll([...rechunk(bad, member.length)]);
      expect(where(other.error)).toEqual(where(error));
    }
    const cut = await readAll(file.subarray(0, -5));
    expect([cut.error?.code, cut.payloads.length]).toEqual(['truncated-compressed-stream', 30]);
  });
});

import { deflateSync, gzipSync } from 'node:zlib';
import { expect } from 'vitest';
import { type Damage, damaged, randomDamage } from './corrupt.ts';
import { oracleDecode, oracleFile, oracleFrame } from './oracle-tfrecord.ts';
import { decodeAll, type Outcome, readAll, scan, where } from './outcome.ts';
import { Random } from './random.ts';
import { cutAt } from './rechunk.ts';

export type Packing = 'none' | 'gzip' | 'zlib';

const PACK: Record<Packing, (bytes: Uint8Array, random: Random) => Uint8Array> = {
  none: (bytes) => bytes,
  gzip: (bytes, random) => {
    const cut = random.below(bytes.length + 1);
    const level = random.below(3) === 0 ? 0 : 6;
    const members = random.below(2) === 0 ? [bytes] : [bytes.subarray(0, cut), bytes.subarray(cut)];
    return new Uint8Array(Buffer.concat(members.map((member) => gzipSync(member, { level }))));
  },
  zlib: (bytes, random) => new Uint8Array(deflateSync(bytes, { level: random.below(3) === 0 ? 0 : 6 })),
};

/**
 * Damages one file at random, determined by `seed`, and reads it in every way. Each way must yield
 * correct records, byte for byte, followed by a typed error or the end. All ways must agree, and
 * must equal the oracle if the file is not compressed.
 */
export async function damageOnce(seed: number, packing: Packing): Promise<Outcome> {
  const random = new Random(seed);
  const payloads = Array.from({ length: 1 + random.below(7) }, () =>
    random.below(4) === 0 ? new Uint8Array(random.below(200)).fill(seed) : random.bytes(random.below(120)),
  );
  const file = PACK[packing](oracleFile(payloads), random);
  const damage = randomDamage(random, file.length);
  const bytes = damaged(file, damage);
  const label = `seed ${seed}, ${packing}, ${JSON.stringify({ ...damage, junk: undefined })}`;

  const outcome = decodeAll(bytes, { compression: packing });
  checkRecords(outcome, payloads, packing, damage, label);
  if (packing === 'none') checkAgainstOracle(outcome, bytes, label);

  const chunks = cutAt(bytes, [random.below(bytes.length + 1), random.below(bytes.length + 1)]);
  for (const source of [bytes, chunks, [...bytes].length < 80 ? cutAt(bytes, [...bytes.keys()]) : chunks]) {
    const other = await readAll(source, { compression: packing });
    expect(where(other.error), label).toEqual(where(outcome.error));
    expect(other.offsets, label).toEqual(outcome.offsets);
    other.payloads.forEach((one, i) => void expect(Buffer.compare(one, outcome.payloads[i]), label).toBe(0));
  }
  const found = await scan(chunks, { compression: packing });
  expect(where(found.errors[0]), label).toEqual(where(outcome.error));
  if (outcome.error?.code !== 'data-checksum') expect(found.records, label).toBe(outcome.payloads.length);
  return outcome;
}

/**
 * Verifies that every record was written, and that the records are the first ones in order, unless
 * the damage moved whole records.
 */
function checkRecords(
  { payloads: got, error }: Outcome,
  payloads: readonly Uint8Array[],
  packing: Packing,
  { kind }: Damage,
  label: string,
): void {
  const frames = payloads.map((payload) => Buffer.from(oracleFrame(payload)).toString('hex'));
  const found = got.map((payload) => Buffer.from(oracleFrame(payload)).toString('hex'));
  for (const frame of found) expect(frames, label).toContain(frame);
  // Compressed data cannot lose or repeat whole records and stay valid, except for whole members.
  const moved = kind === 'delete' || kind === 'duplicate';
  if (!moved) expect(found, label).toEqual(frames.slice(0, found.length));
  const mayEndEarly = moved || kind === 'cut' || packing !== 'none';
  if (error === undefined && !mayEndEarly) expect(found, label).toEqual(frames);
}

function checkAgainstOracle({ payloads, offsets, error }: Outcome, bytes: Uint8Array, label: string): void {
  const oracle = oracleDecode(bytes);
  expect(where(error), label).toEqual(oracle.error);
  expect(offsets, label).toEqual(oracle.records.map(({ offset }) => offset));
  payloads.forEach((one, i) => void expect(Buffer.compare(one, oracle.records[i].payload), label).toBe(0));
}

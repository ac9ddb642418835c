import { closeSync, openSync } from 'node:fs';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type ByteSource, type ReadOptions, unpackIR } from '../../src/index.ts';
import { fixture, type Golden, goldenFiles, sha256 } from '../support/golden.ts';
import { offsetView } from '../support/offset-view.ts';
import { oracleDecodeRecordIO } from '../support/oracle-recordio.ts';
import { oracleDecode } from '../support/oracle-tfrecord.ts';
import { type Outcome, where } from '../support/outcome.ts';
import { everyNth, randomRuns, someInTurn } from '../support/random-runs.ts';
import { CHUNK_SIZES, rechunk, slowly, webStream } from '../support/rechunk.ts';
import { recordIOWays, textLineWays, tfrecordWays, type Ways } from '../support/ways.ts';

/**
 * Files above the first limit are read in only one way, and files above the second not at all;
 * smaller files cover the same boundaries.
 */
const MANY_CHUNKS = randomRuns(3_000);
const MAX_CHUNKS = randomRuns(20_000);
let turn = 0;

const files = goldenFiles();
const whole = files.find(({ name }) => name === 'tfrecord-sizes')!;

test('the golden directory is complete', () => {
  expect(files.length).toBeGreaterThanOrEqual(24);
  expect(files.filter(({ error }) => error !== undefined).length).toBeGreaterThanOrEqual(16);
});

describe.each(files)('$name', (golden) => {
  const place = files.indexOf(golden);
  const { bytes, url, options } = golden;
  const path = fileURLToPath(url);
  const ways = waysFor(golden);
  const decodeAll: Read<'decodeAll'> = (source, more) => ways.decodeAll(source, { ...options, ...more });
  const readAll: Read<'readAll'> = (source, more) => ways.readAll(source, { ...options, ...more });
  const readEach: Read<'readEach'> = (source, more) => ways.readEach(source, { ...options, ...more });

  test('sync', () => check(golden, decodeAll(bytes)));

  test.each([1, 3, 13])('sync, a view at offset %i', (offset) =>
    check(golden, decodeAll(offsetView(bytes, offset))),
  );

  test('path, file: URL, file: text, descriptor', async () => {
    check(golden, await readAll(path));
    check(golden, await readAll(url));
    check(golden, await readAll(url.href));
    const descriptor = openSync(path, 'r');
    check(golden, await readAll(descriptor));
    closeSync(descriptor);
  });

  test('bytes, ArrayBuffer, Blob, File, Response', async () => {
    check(golden, await readAll(bytes));
    check(golden, await readAll(bytes.slice().buffer));
    check(golden, await readAll(new Blob([bytes.slice()])));
    check(golden, await readAll(new File([bytes.slice()], 'golden')));
    check(golden, await readAll(new Response(bytes.slice())));
  });

  test.each(everyNth([...CHUNK_SIZES, bytes.length + 1], 3, place))('in chunks of %i', async (size) => {
    if (bytes.length / size > MAX_CHUNKS) return;
    check(golden, await readAll(rechunk(bytes, size)));
    if (bytes.length / size > MANY_CHUNKS) return;
    const sources = [
      () => slowly(rechunk(bytes, size)),
      () => Readable.from(rechunk(bytes, size), { objectMode: false }),
      () => webStream(rechunk(bytes, size)),
      () => [...rechunk(bytes, size)].map((chunk) => offsetView(chunk, 5)),
    ];
    for (const source of someInTurn(sources, turn++)) check(golden, await readAll(source()));
  });

  test.each(everyNth([1, 2, 3, 5, 7, 11, 12, 63, 4096, 65536], 3, place))(
    'path, reading %i bytes at a time',
    async (chunkBytes) => {
      if (bytes.length / chunkBytes > MANY_CHUNKS) return;
      for (const reuse of someInTurn([false, true], turn++))
        check(golden, await readAll(path, { chunkBytes, reuse }));
      await checkScan(golden, path, chunkBytes);
    },
  );

  test('reuse: true', async () => {
    check(golden, await readAll(path, { reuse: true }));
    check(golden, await readAll(rechunk(bytes, 1001), { reuse: true }));
  });

  test('record by record, with statistics', async () => {
    for (const reuse of [false, true]) {
      const { payloads, error, stats } = await readEach(path, { reuse });
      const batches = await readAll(path);
      expect(where(error)).toEqual(where(batches.error));
      expect(payloads.map(sha256)).toEqual(batches.payloads.map(sha256));
      expect(stats).toEqual({
        records: payloads.length,
        payloadBytes: payloads.reduce((sum, { length }) => sum + length, 0),
        corrupted: 0,
        skippedBytes: 0,
        trailingBytes: 0,
        // The text has no delimiter at its end.
        warnings: golden.format === 'textline' ? 1 : 0,
      });
    }
  });

  test('scan', async () => {
    await checkScan(golden, path, 1 << 20);
    await checkScan(golden, bytes, 1 << 20);
    for (const size of [1, 63, 65536]) {
      if (bytes.length / size <= MANY_CHUNKS) await checkScan(golden, [...rechunk(bytes, size)], 1 << 20);
    }
  });

  test('with compression specified instead of detected', async () => {
    const { compression } = golden;
    check(golden, decodeAll(bytes, { compression }));
    check(golden, await readAll(path, { compression }));
  });
});

type AllWays = Ways<Partial<ReadOptions & { multipart: 'dmlc' | 'concat' }>>;
type Read<W extends keyof AllWays> = AllWays[W];

function waysFor({ format }: Golden): AllWays {
  return { tfrecord: tfrecordWays, recordio: recordIOWays, textline: textLineWays }[format] as AllWays;
}

test("a real dmlc file: ten records with an IRHeader equal the oracle's", async () => {
  const bytes = fixture('real/dmlc-sample.rec');
  const oracle = oracleDecodeRecordIO(bytes);
  expect(oracle.error).toBeUndefined();
  expect(oracle.records.length).toBe(10);
  for (const outcome of [recordIOWays.decodeAll(bytes), await recordIOWays.readAll(rechunk(bytes, 7))]) {
    expect(outcome.error).toBeUndefined();
    expect(outcome.offsets).toEqual(oracle.records.map(({ offset }) => offset));
    expect(outcome.payloads).toEqual(oracle.records.map(({ payload }) => payload));
  }
  oracle.records.forEach(({ payload }, i) => {
    const { flag, label, id, id2, payload: text } = unpackIR(payload);
    expect({ flag, label, id, id2 }).toEqual({ flag: 0, label: (i + 1) % 2, id: BigInt(i + 1), id2: 0n });
    expect(new TextDecoder().decode(text)).toBe(`${i + 1}\n`.repeat(10));
  });
});

test("a real file of the sagemaker readers: 100 records equal the oracle's", async () => {
  const bytes = fixture('real/100.tfrecords');
  const oracle = oracleDecode(bytes);
  expect(oracle.error).toBeUndefined();
  expect(oracle.records.length).toBe(100);
  for (const outcome of [tfrecordWays.decodeAll(bytes), await tfrecordWays.readAll(rechunk(bytes, 63))]) {
    expect(outcome.error).toBeUndefined();
    expect(outcome.offsets).toEqual(oracle.records.map(({ offset }) => offset));
    expect(outcome.payloads).toEqual(oracle.records.map(({ payload }) => payload));
  }
});

function check(golden: Golden, outcome: Outcome): void {
  const { error, offsets, payloads } = outcome;
  if (golden.error === undefined) {
    expect(error).toBeUndefined();
  } else {
    expect(where(error)).toMatchObject(
      Object.fromEntries(Object.entries(golden.error).filter(([key]) => key !== 'kind')),
    );
    expect(error?.compressed).toBe(golden.compression !== 'none');
  }
  const found = payloads.map((payload, i) => ({
    length: payload.length,
    sha256: sha256(payload),
    ...(golden.records?.[i]?.offset !== undefined && { offset: offsets[i] }),
  }));
  // If a compressed stream is truncated, the number of records depends on the position. They must
  // be correct, and there must be many.
  if (golden.records === undefined) {
    expect(found.length).toBeGreaterThan(20);
    expect(found).toEqual(
      whole.records?.slice(0, found.length).map(({ length, sha256 }) => ({ length, sha256 })),
    );
    expect(offsets).toEqual(whole.records?.slice(0, found.length).map(({ offset }) => offset));
    expect(error?.record).toBe(found.length);
  } else {
    // Comparing by hand first: `expect` takes long for thousands of records.
    const same = found.every(({ length, sha256 }, i) => {
      const record = golden.records?.[i];
      return (
        record?.length === length && record.sha256 === sha256 && (record.offset ?? offsets[i]) === offsets[i]
      );
    });
    if (!same || found.length !== golden.records.length) expect(found).toEqual(golden.records);
  }
}

async function checkScan(golden: Golden, source: ByteSource, chunkBytes: number): Promise<void> {
  const { options } = golden;
  const found = await waysFor(golden).scan(source, { ...options, chunkBytes });
  const decoded = waysFor(golden).decodeAll(golden.bytes, options);
  expect(found.compression).toBe(golden.compression);
  expect(where(found.errors[0])).toEqual(where(decoded.error));
  expect(found.errors.length).toBe(found.errorCount);
  if (golden.error?.code === 'data-checksum') {
    // A scan continues after a corrupt payload.
    expect(found.records).toBeGreaterThan(decoded.payloads.length);
  } else {
    expect(found.records).toBe(decoded.payloads.length);
    expect(found.payloadBytes).toBe(decoded.payloads.reduce((sum, { length }) => sum + length, 0));
  }
}

import { readFileSync, statSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { isRecordpipeError, recordIODecoderStream, recordIOEncoderStream } from '../../../src/index.ts';
import {
  createRecordIODecoder,
  createRecordIOEncoder,
  openRecordIOShards,
  openRecordIOWriter,
  openRecordWriter,
  readRecordIOSplit,
  readRecordIOSplitBatches,
  recordIOSplitRange,
} from '../../../src/records/write/index.ts';
import { MAGIC, oracleDecodeRecordIO, oracleFileRecordIO } from '../../support/oracle-recordio.ts';
import { concat } from '../../support/oracle-tfrecord.ts';
import { Random } from '../../support/random.ts';
import { rechunk, webStream } from '../../support/rechunk.ts';
import { openDescriptors, tempDir } from '../../support/temp-dir.ts';
import { recordIOWays } from '../../support/ways.ts';

const { readAll } = recordIOWays;
const dir = tempDir();
const random = new Random(4);
/** Payloads of all lengths, some larger than a writer's buffer, many with magic numbers. */
const payloads = Array.from({ length: 300 }, (_, i) => {
  const payload = random.bytes(i % 50 === 49 ? 5000 + i : random.below(90));
  for (let at = 0; i % 3 === 0 && at + 4 <= payload.length; at += 4 * (1 + random.below(6)))
    payload.set(MAGIC, at);
  return payload;
});
const file = oracleFileRecordIO(payloads);
const read = (path: string): Uint8Array => new Uint8Array(readFileSync(path));
const code = (wanted: Parameters<typeof isRecordpipeError>[1]) =>
  expect.toSatisfy((error: unknown) => isRecordpipeError(error, wanted));

describe('writing', () => {
  test.each([{}, { bufferBytes: 4096 }, { bufferBytes: 4096, blocking: true }])(
    '%j: the same bytes as dmlc',
    async (options) => {
      const path = dir.file('written.rec');
      const writer = await openRecordIOWriter(path, { overwrite: true, ...options });
      for (const payload of payloads) await writer.write(payload);
      expect(writer.frameBytes).toBe(file.length);
      expect(await writer.close()).toMatchObject({ records: payloads.length, bytes: file.length });
      expect(Buffer.compare(read(path), file)).toBe(0);
    },
  );

  test('without waiting, with one buffer for all accepted records', async () => {
    const path = dir.file('unwaited.rec');
    const writer = await openRecordIOWriter(path, { bufferBytes: 4096 });
    const taken = payloads.map((payload) => writer.write(payload));
    await Promise.all(taken);
    await writer.close();
    expect(Buffer.compare(read(path), file)).toBe(0);
  });

  test('unescaped, compressed, by the name of the format', async () => {
    const path = dir.file('unescaped.rec.gz');
    const options = { format: 'recordio', escapeMagic: false, compression: 'gzip' } as const;
    const writer = await openRecordWriter(path, options);
    for (const payload of payloads) await writer.write(payload);
    await writer.close();
    expect(Buffer.compare(gunzipSync(read(path)), oracleFileRecordIO(payloads, false))).toBe(0);
    const { payloads: got, error } = await readAll(path);
    expect(error).toBeUndefined();
    expect(Buffer.compare(concat(got), concat(payloads))).toBe(0);
  });

  test('a record that is too large is rejected; the others are written', async () => {
    const path = dir.file('too-large.rec');
    const writer = await openRecordIOWriter(path);
    await writer.write(Uint8Array.of(1));
    expect(() => writer.write(new Uint8Array(2 ** 29))).toThrow(code('record-too-large'));
    await writer.write(Uint8Array.of(2));
    await writer.close();
    expect(read(path)).toEqual(oracleFileRecordIO([Uint8Array.of(1), Uint8Array.of(2)]));
  });

  test('conflicting options', async () => {
    const options = { oversize: 'concat', escapeMagic: true } as const;
    await expect(openRecordIOWriter(dir.file('never.rec'), options)).rejects.toThrow(UsageError);
  });

  test('appending: only after whole records', async () => {
    const path = dir.file('append.rec', oracleFileRecordIO(payloads.slice(0, 100)));
    const writer = await openRecordIOWriter(path, { append: true });
    for (const payload of payloads.slice(100)) await writer.write(payload);
    await writer.close();
    expect(Buffer.compare(read(path), file)).toBe(0);
    // Parts that are joined without magic numbers are also whole records.
    dir.file('concat.rec', read(new URL('../../fixtures/recordio-concat.bin', import.meta.url).pathname));
    await (await openRecordIOWriter(dir.file('concat.rec'), { append: true })).close();
    for (const [name, wanted] of [
      ['padding', 'missing-padding'],
      ['record', 'truncated-record'],
    ] as const) {
      const cut = oracleFileRecordIO([Uint8Array.of(1, 2, 3, 4, 5)]).subarray(
        0,
        name === 'padding' ? -1 : -4,
      );
      const opened = openRecordIOWriter(dir.file(`${name}.rec`, cut), { append: true });
      await expect(opened).rejects.toThrow(code(wanted));
    }
  });

  test('shards', async () => {
    const writer = openRecordIOShards(dir.file('shard'), { maxShardBytes: 4000, suffix: '.rec' });
    for (const payload of payloads) await writer.write(payload);
    const files = await writer.close();
    expect(files.length).toBeGreaterThan(5);
    expect(Buffer.compare(concat(files.map(({ path }) => read(path))), file)).toBe(0);
  });
});

describe('streams', () => {
  test('of Node, in both directions', async () => {
    const encoded: Uint8Array[] = [];
    await pipeline(Readable.from(payloads), createRecordIOEncoder(), async (chunks) => {
      for await (const chunk of chunks) encoded.push(chunk as Uint8Array);
    });
    expect(Buffer.compare(concat(encoded), file)).toBe(0);
    const records: Uint8Array[] = [];
    await pipeline(Readable.from(rechunk(file, 1000)), createRecordIODecoder(), async (chunks) => {
      for await (const record of chunks) records.push(record as Uint8Array);
    });
    expect(records.map((record) => record.length)).toEqual(payloads.map((payload) => payload.length));
    expect(Buffer.compare(concat(records), concat(payloads))).toBe(0);
    const cut = pipeline(
      Readable.from(rechunk(file.subarray(0, -8), 1000)),
      createRecordIODecoder(),
      async (chunks) => {
        for await (const _ of chunks);
      },
    );
    await expect(cut).rejects.toThrow(code('truncated-record'));
    const wrong = pipeline(Readable.from(['text']), createRecordIOEncoder(), async (chunks) => {
      for await (const _ of chunks);
    });
    await expect(wrong).rejects.toThrow(UsageError);
    const large = pipeline(
      Readable.from([new Uint8Array(2 ** 29)]),
      createRecordIOEncoder(),
      async (chunks) => {
        for await (const _ of chunks);
      },
    );
    await expect(large).rejects.toThrow(code('record-too-large'));
  });

  test('of the web, in both directions', async () => {
    const encoded = webStream(payloads).pipeThrough(recordIOEncoderStream({ escapeMagic: false }));
    const records: Uint8Array[] = [];
    const reader = encoded.pipeThrough(recordIODecoderStream({ multipart: 'error' })).getReader();
    for (let step = await reader.read(); !step.done; step = await reader.read()) records.push(step.value);
    expect(records.map((record) => record.length)).toEqual(payloads.map((payload) => payload.length));
    expect(Buffer.compare(concat(records), concat(payloads))).toBe(0);
  });
});

/** Implements dmlc's rule, one word at a time. */
function oracleSplit(bytes: Uint8Array, split: number, splits: number): [start: number, end: number] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const step = Math.ceil(Math.ceil(bytes.length / splits) / 4) * 4;
  const seek = (from: number): number => {
    let at = from;
    while (at + 8 <= bytes.length) {
      if (view.getUint32(at, true) !== 0xced7230a) at += 4;
      else if (view.getUint32(at + 4, true) >>> 29 > 1) at += 8;
      else return at;
    }
    return bytes.length;
  };
  const start = Math.min(step * split, bytes.length);
  const end = Math.min(step * (split + 1), bytes.length);
  if (start === end) return [start, end];
  return [start === 0 ? 0 : seek(start), end === bytes.length ? end : seek(end)];
}

describe('splits', () => {
  const path = dir.file('split.rec', file);
  const { records } = oracleDecodeRecordIO(file);

  test.each([1, 2, 3, 7, 64, 301, 5000])(
    '%i: together they are the file, and each begins with a record',
    async (splits) => {
      const offsets: number[] = [];
      const lengths: number[] = [];
      let end = 0;
      for (let split = 0; split < splits; split++) {
        const range = await recordIOSplitRange(path, { split, splits });
        expect([range.start, range.end]).toEqual(oracleSplit(file, split, splits));
        if (range.start < range.end) {
          expect(range.start).toBe(end);
          end = range.end;
        }
        if (splits > 301 && split % 50 !== 0) continue;
        for await (const batch of readRecordIOSplitBatches(path, { split, splits, chunkBytes: 512 })) {
          for (let i = 0; i < batch.length; i++) {
            offsets.push(batch.offset(i));
            lengths.push(batch.record(i).length);
          }
        }
      }
      expect(end).toBe(file.length);
      if (splits > 301) return;
      expect(offsets).toEqual(records.map(({ offset }) => offset));
      expect(lengths).toEqual(payloads.map((payload) => payload.length));
      expect(openDescriptors(dir.path)).toBe(0);
    },
  );

  test('records one by one, counted; ending early closes the file', async () => {
    const reader = readRecordIOSplit(path, { split: 1, splits: 2, chunkBytes: 100 });
    const first = await reader.next();
    expect(first.done).toBe(false);
    await reader.return();
    expect(reader.stats.records).toBeGreaterThan(0);
    expect(openDescriptors(dir.path)).toBe(0);
  });

  test('damage is reported at its position in the file', async () => {
    const bytes = Uint8Array.from(file);
    const { offset } = records[250];
    bytes[offset] ^= 1;
    const bad = dir.file('bad-split.rec', bytes);
    const found: number[] = [];
    const reading = (async () => {
      for await (const batch of readRecordIOSplitBatches(bad, { split: 1, splits: 2 }))
        for (let i = 0; i < batch.length; i++) found.push(batch.offset(i));
    })();
    await expect(reading).rejects.toMatchObject({ code: 'bad-magic', offset, uri: bad });
    expect(found.at(-1)).toBe(records[249].offset);
  });

  test('files that cannot be split, and splits that do not exist', async () => {
    const odd = dir.file('odd.rec', file.subarray(0, -1));
    await expect(recordIOSplitRange(odd, { split: 0, splits: 2 })).rejects.toThrow(code('missing-padding'));
    const packed = dir.file('packed.rec.gz', Uint8Array.of(0x1f, 0x8b, 8, 0));
    await expect(recordIOSplitRange(packed, { split: 0, splits: 2 })).rejects.toThrow(
      code('unsupported-source'),
    );
    await expect(recordIOSplitRange(dir.file('none'), { split: 0, splits: 2 })).rejects.toThrow(
      code('not-found'),
    );
    await expect(recordIOSplitRange(dir.path, { split: 0, splits: 2 })).rejects.toThrow(
      code('unsupported-source'),
    );
    for (const [split, splits] of [
      [2, 2],
      [-1, 2],
      [0, 0],
      [0.5, 2],
      [0, Number.NaN],
    ]) {
      expect(() => readRecordIOSplit(path, { split, splits })).toThrow(UsageError);
      await expect(recordIOSplitRange(path, { split, splits })).rejects.toThrow(UsageError);
    }
    const empty = dir.file('empty.rec', new Uint8Array(0));
    expect(await recordIOSplitRange(empty, { split: 1, splits: 3 })).toEqual({ start: 0, end: 0 });
    for await (const _ of readRecordIOSplit(empty, { split: 1, splits: 3 })) expect.unreachable();
    expect(statSync(path).size).toBe(file.length);
    expect(openDescriptors(dir.path)).toBe(0);
  });

  test('an aborted read closes the file', async () => {
    const signal = AbortSignal.abort();
    await expect(readRecordIOSplit(path, { split: 0, splits: 2, signal }).next()).rejects.toThrow(
      code('aborted'),
    );
    expect(openDescriptors(dir.path)).toBe(0);
  });
});

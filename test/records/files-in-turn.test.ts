import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { Dataset } from '../../src/dataset/index.ts';
import { isRecordpipeError, RecordpipeError } from '../../src/errors.ts';
import { encodeRecordIO, encodeTFRecord } from '../../src/formats/index.ts';
import { readRecordBatches, readRecords, scanRecords } from '../../src/records/index.ts';
import type { ObjectInfo, RangeRequest, RangeSink } from '../../src/storage/storage.ts';
import { MemStorage } from '../support/mem-storage.ts';
import { randomRuns } from '../support/random-runs.ts';
import { tempDir } from '../support/temp-dir.ts';

/** Objects in memory that count the requests in progress. */
class CountedStorage extends MemStorage {
  readonly requested: string[] = [];
  active = 0;
  failsAfter = Number.POSITIVE_INFINITY;

  override async read(request: RangeRequest, sink: RangeSink, signal: AbortSignal): Promise<void> {
    this.requested.push(request.uri);
    this.active += 1;
    try {
      await super.read(request, sink, signal);
    } finally {
      this.active -= 1;
    }
  }

  override async *list(prefix: string): AsyncGenerator<ObjectInfo, void, undefined> {
    let left = this.failsAfter;
    for await (const info of super.list(prefix)) {
      if (left-- === 0) throw new RecordpipeError('access-denied', 'the listing broke', { uri: prefix });
      yield info;
    }
  }
}

const memory = new CountedStorage();
afterAll(memory.register());
beforeEach(() => {
  memory.objects.clear();
  memory.requested.length = 0;
  memory.failsAfter = Number.POSITIVE_INFINITY;
});

const temp = tempDir();
const objects = { partBytes: 1000, windowBytes: 8000, maxRequests: 4, maxAttempts: 1 };
const tfrecords = (seed: number, count: number, bytes: number): Buffer =>
  Buffer.concat(
    Array.from({ length: count }, (_, i) => encodeTFRecord(new Uint8Array(bytes + i).fill(seed + i))),
  );

interface Outcome {
  records: Buffer[];
  error?: {
    code: string;
    uri?: string | undefined;
    record?: number | undefined;
    offset?: number | undefined;
  };
}

async function outcomeOf(records: AsyncIterable<Uint8Array>): Promise<Outcome> {
  const outcome: Outcome = { records: [] };
  try {
    for await (const record of records) outcome.records.push(Buffer.from(record));
  } catch (error) {
    if (!isRecordpipeError(error)) throw error;
    const { code, uri, record, offset } = error;
    outcome.error = { code, uri, record, offset };
  }
  return outcome;
}

/** Reads each file on its own, up to the first error. */
async function oneByOne(files: readonly string[]): Promise<Outcome> {
  const all: Outcome = { records: [] };
  for (const file of files) {
    const { records, error } = await outcomeOf(readRecords(file, { objects }));
    all.records.push(...records);
    if (error !== undefined) return { ...all, error };
  }
  return all;
}

async function* unbatched(files: readonly string[], reuse: boolean): AsyncGenerator<Uint8Array> {
  for await (const batch of readRecordBatches(files, { objects, reuse })) yield* batch;
}

describe('several files', () => {
  const content = fc.oneof(
    fc.constant(Buffer.alloc(0)),
    fc
      .record({
        count: fc.integer({ min: 1, max: 30 }),
        bytes: fc.constantFrom(0, 10, 300, 5000),
        kind: fc.constantFrom('plain', 'gzip', 'recordio', 'damaged', 'truncated'),
      })
      .map(({ count, bytes, kind }) => {
        const plain = tfrecords(count, count, bytes);
        if (kind === 'gzip') return gzipSync(plain);
        if (kind === 'recordio') return Buffer.from(encodeRecordIO(new Uint8Array(bytes).fill(count)));
        if (kind === 'truncated') return plain.subarray(0, plain.length - 3);
        if (kind === 'damaged') plain[plain.length - 1] ^= 1;
        return plain;
      }),
    fc.constant(undefined),
  );
  const file = fc.record({ content, local: fc.boolean() });

  test('yield the records and the first error of reading them one by one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(file, { minLength: 1, maxLength: 8 }), async (files) => {
        memory.objects.clear();
        const names = files.map(({ content, local }, i) => {
          // Files that do not exist are objects, because local ones are missed by the expansion.
          if (local && content !== undefined) return temp.file(`${i}`, content);
          if (content !== undefined) memory.put(`mem://box/${i}`, content);
          return `mem://box/${i}`;
        });
        const expected = await oneByOne(names);
        expect(await outcomeOf(readRecords(names, { objects }))).toEqual(expected);
        expect(await outcomeOf(unbatched(names, true))).toEqual(expected);
        const refs = names.map((uri) => ({ uri }));
        expect(await outcomeOf(readRecords(refs, { objects }))).toEqual(expected);
        expect(await outcomeOf(Dataset.records(names, { objects }))).toEqual(expected);
        expect(memory.active).toBe(0);
      }),
      { numRuns: randomRuns(300) },
    );
  });

  test('are scanned with the sums of scanning them one by one', async () => {
    for (let i = 0; i < 5; i++) memory.put(`mem://box/${i}`, tfrecords(i, 10 * i, 300));
    const damaged = tfrecords(9, 3, 10);
    damaged[20] ^= 1;
    memory.put('mem://box/3', damaged);
    const { records, errorCount, errors } = await scanRecords('mem://box/', { objects });
    expect({ records, errorCount }).toEqual({ records: 10 + 20 + 2 + 40, errorCount: 1 });
    expect(errors[0]).toMatchObject({ code: 'data-checksum', uri: 'mem://box/3', record: 0 });
  });
});

describe('objects', () => {
  beforeEach(() => {
    for (let i = 0; i < 20; i++) memory.put(`mem://box/${i + 10}`, tfrecords(i, 10, 500));
  });

  test('are requested before the previous one has been read', async () => {
    let seen = 0;
    for await (const _ of readRecords('mem://box/', { objects })) {
      if (++seen < 10) expect(memory.requested.at(-1)).toMatch(/box\/1[012]/);
      else if (seen % 10 === 0 && seen < 200)
        expect(memory.requested).toContain(`mem://box/${seen / 10 + 10}`);
    }
    expect(seen).toBe(200);
  });

  test('are not requested far ahead of the reader, and end with it', async () => {
    let seen = 0;
    for await (const _ of Dataset.records('mem://box/', { objects })) if (++seen === 100) break;
    expect(memory.active).toBe(0);
    expect(new Set(memory.requested).size).toBeLessThanOrEqual(10 + 3);
  });

  test('end at an abort', async () => {
    const stop = new AbortController();
    const outcome = await outcomeOf(
      (async function* () {
        for await (const record of readRecords('mem://box/', { objects, signal: stop.signal })) {
          yield record;
          if (record[0] === 5) stop.abort();
        }
      })(),
    );
    expect(outcome.error).toMatchObject({ code: 'aborted' });
    await expect.poll(() => memory.active).toBe(0);
  });

  test('before a failure of the listing are delivered', async () => {
    memory.failsAfter = 7;
    const { records, error } = await outcomeOf(readRecords('mem://box/', { objects }));
    expect(error).toMatchObject({ code: 'access-denied', uri: 'mem://box/' });
    expect(records.length % 10).toBe(0);
  });
});

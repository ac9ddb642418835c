import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { recordFormat } from '../../../src/formats/registry.ts';
import { framesByRanges } from '../../../src/records/indexes/frames-by-ranges.ts';
import { buildIndex } from '../../../src/records/indexes/index.ts';
import { RANGE_LIMITS } from '../../../src/records/workers/range-plan.ts';
import { openStoredFile } from '../../../src/storage/stored-file.ts';
import { Random } from '../../support/random.ts';
import { randomFile } from '../../support/range-run.ts';
import { s3Place } from '../../support/s3-place.ts';
import { flipped } from '../../support/samples.ts';
import { tempDir } from '../../support/temp-dir.ts';

const temp = tempDir();
const LIMITS = { ...RANGE_LIMITS };
afterEach(() => {
  Object.assign(RANGE_LIMITS, LIMITS);
});

test.each(['tfrecord', 'recordio', 'textline'] as const)(
  '%s: threads build the same index',
  async (format) => {
    RANGE_LIMITS.minBytes = RANGE_LIMITS.maxBytes = 8192;
    const path = temp.file(`data.${format}`, randomFile(new Random(9), format, 100_000));
    const options = { format, overwrite: true };
    const one = await buildIndex(path, { ...options, jobs: 1 });
    const expected = readFileSync(one.indexPath);
    expect(await buildIndex(path, { ...options, jobs: 2 })).toEqual(one);
    expect(readFileSync(one.indexPath).equals(expected)).toBe(true);
  },
);

// Without the WebAssembly kernel, one thread reads each file, which other tests cover.
const threaded = test.skipIf(process.env['RECORDPIPE_KERNEL'] === 'table');
threaded.each(['tfrecord', 'recordio', 'textline'] as const)(
  '%s: threads read the ranges of an object, whose index is the same',
  async (format) => {
    RANGE_LIMITS.minBytes = RANGE_LIMITS.maxBytes = 8192;
    const bytes = randomFile(new Random(9), format, 50_000);
    await using place = await s3Place({ objects: { 'bucket/data': bytes } });
    const objects = { ...place.objects, partBytes: 4096, windowBytes: 32_768 };
    const built = async (jobs: number): Promise<[number, Buffer, number]> => {
      const indexPath = temp.file(`${format}-${jobs}.idx`);
      const { records } = await buildIndex('s3://bucket/data', {
        format,
        indexPath,
        overwrite: true,
        objects,
        jobs,
      });
      const gets = place.server.requests('GetObject').length;
      return [records, readFileSync(indexPath), gets];
    };
    const [records, index, once] = await built(1);
    const [sameRecords, sameIndex, both] = await built(2);
    expect(sameRecords).toBe(records);
    expect(sameIndex.equals(index)).toBe(true);
    // Threads find out where records start, with more requests than one thread sends.
    expect(both - once).toBeGreaterThan(once);
    const file = await openStoredFile('s3://bucket/data', { objects });
    const table = await framesByRanges(file, format, recordFormat(format).readOptions({}), 2, {});
    expect(table?.count).toBe(records);
    await file.close();
  },
);

test('damage is the same error with any number of threads', async () => {
  RANGE_LIMITS.minBytes = RANGE_LIMITS.maxBytes = 8192;
  const bytes = randomFile(new Random(9), 'recordio', 100_000);
  const path = temp.file('bad.rec', flipped(bytes, bytes.lastIndexOf(0xce) - 1));
  const failure = async (jobs: number): Promise<unknown> =>
    buildIndex(path, { jobs }).catch((error: unknown) => error);
  expect(await failure(2)).toEqual(await failure(1));
  expect(await failure(2)).toMatchObject({ name: 'RecordpipeError' });
  await expect(buildIndex(path, { jobs: 0 })).rejects.toThrow(UsageError);
});

threaded('a signal that fires while the format is imported stops the threads before they start', async () => {
  RANGE_LIMITS.minBytes = RANGE_LIMITS.maxBytes = 8192;
  const path = temp.file('abort.tfrecord', randomFile(new Random(9), 'tfrecord', 100_000));
  const file = await openStoredFile(path);
  const stop = new AbortController();
  const options = recordFormat('tfrecord').readOptions({});
  const run = framesByRanges(file, 'tfrecord', options, 2, { signal: stop.signal });
  stop.abort();
  await expect(run).rejects.toMatchObject({ code: 'aborted' });
  await file.close();
});

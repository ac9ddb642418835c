import { expect, test } from 'vitest';
import { isRecordpipeError, UsageError } from '../../src/errors.ts';
import { openObjectReader } from '../../src/storage/index.ts';
import { internal, reset, ScriptedSource } from './scripted-source.ts';
import { bytesOf, expectBytes } from './some-bytes.ts';

const URI = 's3://bucket/key';
const SMALL = { partBytes: 10_000, maxRequests: 4 };

test('ranges in any order and concurrently, with as many requests as allowed', async () => {
  const source = new ScriptedSource();
  const bytes = bytesOf(200_000);
  source.put(URI, bytes);
  const reader = await openObjectReader(URI, { ...SMALL, source });
  expect(reader).toMatchObject({ uri: URI, size: 200_000, etag: `etag-${URI}` });
  const ranges = [
    [150_000, 200_000],
    [0, 0],
    [3, 4],
    [9_999, 30_001],
    [0, 200_000],
  ] as const;
  const read = await Promise.all(ranges.map(([start, end]) => reader.read(start, end)));
  for (const [i, [start, end]] of ranges.entries()) expectBytes(read[i], bytes.subarray(start, end));
  const target = new Uint8Array(12);
  await reader.readInto(target, 100);
  expectBytes(target, bytes.subarray(100, 112));
  expect(source.peakActiveRequests).toBe(4);
  expect(source.requests.every(({ etag }) => etag === reader.etag)).toBe(true);
  await expect(reader.read(0, 200_001)).rejects.toThrow(UsageError);
  await reader.close();
});

test('a failed range is retried, or its error names the reason', async () => {
  const source = new ScriptedSource();
  const bytes = bytesOf(50_000);
  const ref = source.put(URI, bytes);
  source.script = (_, number) => (number % 2 === 0 ? { after: 2_500, failure: reset() } : undefined);
  await using reader = await openObjectReader(ref, { ...SMALL, source, maxRequests: 8, maxAttempts: 2 });
  expectBytes(await reader.read(0, 50_000), bytes);
  expect(reader.stats.retries).toBeGreaterThan(3);
  source.script = ({ start }) => (start === 10_000 ? { failure: internal() } : { stall: 'body' });
  const error = await reader.read(0, 50_000).catch((caught: unknown) => caught);
  expect(isRecordpipeError(error, 'retries-exhausted')).toBe(true);
  expect((error as Error).message).toContain('bytes 10000-19999');
  expect(source.activeRequests).toBe(0);
});

test('an overwritten object cannot be read further', async () => {
  const source = new ScriptedSource();
  const ref = source.put(URI, bytesOf(100), 'v1');
  await using reader = await openObjectReader(URI, { source });
  source.put(URI, bytesOf(100, 2), 'v2');
  const error = await reader.read(0, 10).catch((caught: unknown) => caught);
  expect(isRecordpipeError(error, 'object-changed')).toBe(true);
  const late = await openObjectReader({ uri: URI, etag: ref.etag }, { source }).catch(
    (caught: unknown) => caught,
  );
  expect(isRecordpipeError(late, 'object-changed')).toBe(true);
});

test.each(['close', 'abort'] as const)('%s ends reads in progress', async (way) => {
  const source = new ScriptedSource();
  const ref = source.put(URI, bytesOf(100_000));
  source.script = () => ({ stall: 'body', after: 5_000 });
  const controller = new AbortController();
  const reader = await openObjectReader(ref, { ...SMALL, source, signal: controller.signal });
  const reading = reader.read(0, 100_000).catch((caught: unknown) => caught);
  await new Promise((resolve) => setTimeout(resolve, 30));
  if (way === 'close') await reader.close();
  else controller.abort();
  expect(isRecordpipeError(await reading, way === 'close' ? 'closed' : 'aborted')).toBe(true);
  expect(source.activeRequests).toBe(0);
  await reader.close();
});

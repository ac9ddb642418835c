import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { EpochItem, EpochMaking } from '../../../src/pipemode/streamer/channel-content.ts';
import { FileEpoch } from '../../../src/pipemode/streamer/file-epoch.ts';
import { fetchEpoch } from '../../../src/pipemode/streamer/object-epoch.ts';
import { ReadPace, SlicedFile } from '../../../src/storage/local/sliced-file.ts';
import type { ObjectRef } from '../../../src/storage/storage.ts';
import { openDescriptors, tempDir } from '../../support/temp-dir.ts';
import { expectedEpoch } from './stream-place.ts';

const temp = tempDir();
const FILES = [0, 1, 65_535, 65_536, 65_537, 300_000].map((length, k) => {
  const bytes = Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 9) + k) & 255);
  return { bytes, uri: temp.file(`${k}.bin`, bytes) };
});
const WHOLE = Buffer.concat(FILES.map(({ bytes }) => bytes));

function making(more: Partial<EpochMaking> = {}): EpochMaking {
  const { signal } = new AbortController();
  const plain = { compression: 'None', recordWrapper: 'None', skipMissing: false } as const;
  return { ...plain, objects: {}, signal, onSkipped: () => {}, ...more };
}

async function* itemsOf(refs: readonly ObjectRef[]): AsyncGenerator<EpochItem, void, undefined> {
  for (const [place, object] of refs.entries()) yield { object, place };
}

/** Copies each chunk before it requests the next one. */
async function collected({ chunks }: { chunks: AsyncIterator<Uint8Array> }): Promise<Buffer> {
  const all: Buffer[] = [];
  for (let step = await chunks.next(); !step.done; step = await chunks.next())
    all.push(Buffer.from(step.value));
  return Buffer.concat(all);
}

function epochOf(refs: readonly ObjectRef[], more: Partial<EpochMaking> = {}): FileEpoch {
  const content = { valueless: true, files: true, items: () => itemsOf(refs) };
  return fetchEpoch(content, 0, making(more)) as FileEpoch;
}

/** A pace at which every read had to wait. */
class SlowDisk extends ReadPace {
  override get slow(): boolean {
    return true;
  }
}

describe('an epoch of files', () => {
  test('delivers all bytes in order', async () => {
    const epoch = epochOf(FILES);
    expect(epoch.reused).toBe(true);
    expect((await collected(epoch)).equals(WHOLE)).toBe(true);
    await epoch.allRequested;
    expect(epoch.counts.requests).toBe(FILES.length);
    expect(openDescriptors(temp.file(''))).toBe(0);
  });

  test('wraps each file in a record', async () => {
    const units = FILES.map(({ bytes }) => [bytes]);
    const read = await collected(epochOf(FILES, { recordWrapper: 'RecordIO' }));
    expect(read.equals(expectedEpoch(units, 0, { wrap: true }))).toBe(true);
  });

  test.each(['None', 'RecordIO'] as const)('from a slow disk, wrapper %s', async (recordWrapper) => {
    const slow = making({ recordWrapper });
    const content = { valueless: true, files: false };
    const fetched = (items: AsyncIterable<EpochItem>) =>
      fetchEpoch({ ...content, items: () => items }, 0, slow);
    const epoch = new FileEpoch(itemsOf(FILES), slow, fetched, new SlowDisk());
    const units = FILES.map(({ bytes }) => [bytes]);
    const expected = expectedEpoch(units, 0, { wrap: recordWrapper === 'RecordIO' });
    expect((await collected(epoch)).equals(expected)).toBe(true);
    await epoch.allRequested;
  });

  test('a canceled epoch leaves no file open', async () => {
    const epoch = epochOf(FILES.slice(5));
    await epoch.chunks.next();
    await epoch.cancel();
    await epoch.allRequested;
    expect((await epoch.chunks.next()).done).toBe(true);
    expect(openDescriptors(temp.file(''))).toBe(0);
  });

  test('a file that is modified after bytes were delivered is an error, and no new byte is delivered', async () => {
    const uri = temp.file('changing.bin', FILES[5].bytes);
    const epoch = epochOf([{ uri }]);
    const { value } = await epoch.chunks.next();
    expect(Buffer.from(value as Uint8Array).equals(FILES[5].bytes.subarray(0, 65_536))).toBe(true);
    appendFileSync(uri, 'x');
    await expect(epoch.chunks.next()).rejects.toMatchObject({ code: 'object-changed', uri });
    expect(openDescriptors(temp.file(''))).toBe(0);
  });

  test('a file that was replaced after listing is delivered, with an event', async () => {
    const uri = temp.file('replaced.bin', Buffer.from('new'));
    const told: string[] = [];
    const objects = { onEvent: ({ type }: { type: string }) => void told.push(type) };
    expect(String(await collected(epochOf([{ uri, etag: 'old', size: 9 }], { objects })))).toBe('new');
    expect(told).toEqual(['restarted']);
  });

  test.each([
    ['not-found', 'none'],
    ['unsupported-source', '.'],
  ])('%s', async (code, name) => {
    const uri = join(temp.file(''), name);
    await expect(collected(epochOf([FILES[0], { uri }]))).rejects.toMatchObject({ code, uri });
  });

  test('a read failure in the middle of a file is an error', async () => {
    const stop = new AbortController();
    const epoch = epochOf(FILES.slice(5), { signal: stop.signal });
    await epoch.chunks.next();
    stop.abort();
    await expect(epoch.chunks.next()).rejects.toMatchObject({ code: 'aborted' });
  });
});

test('a file that shrinks while it is read is an error', () => {
  const uri = temp.file('shrinking.bin', FILES[5].bytes);
  const file = new SlicedFile({ uri }, new Uint8Array(1000), new ReadPace());
  file.next();
  writeFileSync(uri, readFileSync(uri).subarray(0, 500));
  expect(() => file.next()).toThrow(/overwritten/);
  file.close();
  rmSync(uri);
});

test('reads count as slow after several consecutive waits', () => {
  const pace = new ReadPace();
  const wait = (ms: number): void => {
    for (const until = performance.now() + ms; performance.now() < until; );
  };
  for (let k = 0; k < 3; k++) pace.timed(() => wait(2));
  expect(pace.slow).toBe(true);
  for (let k = 0; k < 200; k++) pace.timed(() => {});
  expect(pace.slow).toBe(false);
});

import { expect, it, vi } from 'vitest';
import { cacheFiles, cacheRoot } from '../../../src/storage/cache/cache-files.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { ScriptedSource } from '../scripted-source.ts';
import { bytesOf, expectBytes } from '../some-bytes.ts';
import { cachedIn, sourceWith, warnings, wholeOf } from './cached.ts';

const MIB = 1024 * 1024;
const { path: folder } = tempDir();
/** Number of bytes that the simulated disk still has room for. */
const disk = vi.hoisted(() => ({ free: Number.POSITIVE_INFINITY }));

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  return {
    ...fs,
    writeSync(descriptor: number, bytes: Uint8Array, at = 0) {
      disk.free -= bytes.length - at;
      if (disk.free >= 0) return fs.writeSync(descriptor, bytes, at);
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    },
  };
});

it('a full disk means one warning; complete chunks are still used', async () => {
  const warned = warnings();
  const bytes = bytesOf(5 * MIB);
  const source = new ScriptedSource(100_000);
  source.put('mem://a', bytes);
  const objects = cachedIn(folder)();
  const { dir } = objects.cache;
  const from = sourceWith(objects, source);
  disk.free = 2.5 * MIB;
  for (const _ of [1, 2]) expectBytes(await wholeOf('mem://a', { source: from }), bytes);
  expect(source.requests.map(({ start }) => start)).toEqual([0, 2 * MIB]);
  expect(source.sent).toBe(8 * MIB);
  expect((await cacheFiles(cacheRoot(dir))).map(({ path }) => path.endsWith('.tmp'))).toEqual([false, false]);
  await new Promise(setImmediate);
  expect(warned).toEqual([
    `the disk cache ${dir} cannot be written, so objects are read without it: no space left on the device`,
  ]);
});

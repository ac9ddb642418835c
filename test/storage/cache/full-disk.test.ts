import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { readObjects } from 'recordpipe/storage';
import { expect, it, vi } from 'vitest';
import { cacheFiles, cacheRoot } from '../../../src/storage/cache/cache-files.ts';
import { cachedSource } from '../../../src/storage/cache/cached-source.ts';
import { DEFAULT_OBJECT_OPTIONS } from '../../../src/storage/object-options.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { ScriptedSource } from '../scripted-source.ts';
import { bytesOf, expectBytes } from '../some-bytes.ts';

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
  const warned: string[] = [];
  const note = (warning: Error): void => void warned.push(warning.message);
  process.on('warning', note);
  const bytes = bytesOf(5 * MIB);
  const source = new ScriptedSource(100_000);
  source.put('mem://a', bytes);
  const dir = mkdtempSync(join(folder, 'full-'));
  const options = { ...DEFAULT_OBJECT_OPTIONS, cache: { dir, maxBytes: 64 * MIB } };
  const from = cachedSource(source, options, { requests: 0, cachedBytes: 0 });
  disk.free = 2.5 * MIB;
  for (const _ of [1, 2]) {
    const chunks: Uint8Array[] = [];
    for await (const { chunk } of readObjects([{ uri: 'mem://a' }], { source: from })) chunks.push(chunk);
    expectBytes(Buffer.concat(chunks), bytes);
  }
  expect(source.requests.map(({ start }) => start)).toEqual([0, 2 * MIB]);
  expect(source.sent).toBe(8 * MIB);
  expect((await cacheFiles(cacheRoot(dir))).map(({ path }) => path.endsWith('.tmp'))).toEqual([false, false]);
  await new Promise(setImmediate);
  process.off('warning', note);
  expect(warned).toEqual([
    `the disk cache ${dir} cannot be written, so objects are read without it: no space left on the device`,
  ]);
});

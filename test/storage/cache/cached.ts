import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { type ObjectOptions, readObjects } from 'recordpipe/storage';
import { onTestFinished } from 'vitest';
import { cachedSource } from '../../../src/storage/cache/cached-source.ts';
import { DEFAULT_OBJECT_OPTIONS } from '../../../src/storage/object-options.ts';
import type { ObjectSource } from '../../../src/storage/storage.ts';

const CACHE_BYTES = 64 * 1024 * 1024;

export interface Cached extends Partial<ObjectOptions> {
  readonly cache: { readonly dir: string; readonly maxBytes: number };
}

/** Returns a function that adds a cache to options, by default in a new folder inside `folder`. */
export function cachedIn(folder: string): (objects?: Partial<ObjectOptions>, dir?: string) => Cached {
  return (objects = {}, dir = mkdtempSync(join(folder, 'cache-'))) => ({
    ...objects,
    cache: { dir, maxBytes: CACHE_BYTES },
  });
}

/** Returns a source with a cache above it. */
export function sourceWith(objects: Cached, source: ObjectSource): ObjectSource {
  return cachedSource(source, { ...DEFAULT_OBJECT_OPTIONS, ...objects }, { requests: 0, cachedBytes: 0 });
}

/** Reads an object from its beginning to its end. */
export async function wholeOf(uri: string, objects: Parameters<typeof readObjects>[1]): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const { chunk } of readObjects([{ uri }], objects)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Returns the warnings of this test. */
export function warnings(): readonly string[] {
  const found: string[] = [];
  const note = (warning: Error): void => void found.push(warning.message);
  process.on('warning', note);
  onTestFinished(() => void process.off('warning', note));
  return found;
}

import { availableParallelism } from 'node:os';
import { isItemFailure } from '../errors.ts';
import type { ObjectOptions } from '../storage/object-options.ts';
import { isRemote } from '../storage/registry.ts';
import type { FileInput } from './file-input.ts';

/** Maximum number of objects whose sizes to find out. More of them keep all threads busy. */
const MAX_OBJECTS = 4;
/** Number of bytes to request. The response contains the size. */
const HEAD_BYTES = 64;

/**
 * Adds the sizes and ETags of a few objects that no listing contains, because the sizes determine
 * how many threads check them.
 */
export async function withSizes(
  inputs: readonly FileInput[],
  objects: Partial<ObjectOptions> | undefined,
  signal: AbortSignal | undefined,
): Promise<readonly FileInput[]> {
  if (inputs.length > MAX_OBJECTS || availableParallelism() === 1 || !inputs.some(isUnsized)) return inputs;
  // Imported lazily to reduce startup time.
  const { openObjectPart } = await import('../storage/read-objects.ts');
  return Promise.all(
    inputs.map(async (input) => {
      if (!isUnsized(input)) return input;
      const part = { start: 0, end: HEAD_BYTES };
      const opened = openObjectPart({ uri: input.path }, part, { ...objects, signal });
      try {
        for await (const _ of opened.chunks) break;
      } catch (error) {
        // Checking the object reports the error.
        if (isItemFailure(error)) return input;
        throw error;
      }
      const { size, etag } = opened.info() ?? {};
      return { ...input, size, etag };
    }),
  );
}

function isUnsized({ path, size }: FileInput): boolean {
  return isRemote(path) && size === undefined;
}

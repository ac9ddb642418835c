import { availableParallelism } from 'node:os';
import { isItemFailure } from '../errors.ts';
import type { ObjectOptions } from '../storage/object-options.ts';
import { isRemote } from '../storage/registry.ts';
import type { FileInput } from './file-input.ts';

/** Maximum number of objects whose sizes are requested. More objects keep all threads busy. */
const MAX_OBJECTS = 4;
/** Number of leading bytes that determine the format and compression of an object. */
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
  return Promise.all(
    inputs.map(async (input) => {
      if (!isUnsized(input)) return input;
      try {
        return await withHead(input, objects, signal);
      } catch (error) {
        // Checking the object reports the error.
        if (isItemFailure(error)) return input;
        throw error;
      }
    }),
  );
}

function isUnsized({ path, size }: FileInput): boolean {
  return isRemote(path) && size === undefined;
}

/**
 * Adds the first bytes of an object, and its size and ETag, which the same response contains.
 * @throws the same errors as `openObject`
 */
export async function withHead(
  input: FileInput,
  objects: Partial<ObjectOptions> | undefined,
  signal: AbortSignal | undefined,
): Promise<FileInput & { readonly head: Uint8Array }> {
  if (input.head !== undefined) return { ...input, head: input.head };
  // Imported lazily to reduce startup time.
  const { openObjectPart } = await import('../storage/read-objects.ts');
  const { path: uri, size, etag } = input;
  const part = { start: 0, end: HEAD_BYTES };
  const opened = openObjectPart({ uri, size, etag }, part, { ...objects, signal });
  const chunks: Uint8Array[] = [];
  for await (const chunk of opened.chunks) chunks.push(chunk);
  const info = opened.info();
  return { ...input, size: info?.size, etag: info?.etag, head: new Uint8Array(Buffer.concat(chunks)) };
}

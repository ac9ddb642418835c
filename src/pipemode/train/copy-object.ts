import { checkAborted } from '../../bytes/abortable.ts';
import { crc32c } from '../../crc32c/crc32c.ts';
import type { ObjectOptions } from '../../storage/object-options.ts';
import { discardOutput, openOutput } from '../../storage/output.ts';
import { openObject } from '../../storage/read-objects.ts';
import type { ObjectRef } from '../../storage/storage.ts';

/** Options for copying files and objects. */
export interface CopyOptions {
  readonly objects: Partial<ObjectOptions> | undefined;
  readonly signal: AbortSignal | undefined;
  /** Whether to replace an existing file or object. */
  readonly overwrite: boolean;
}

/** The version that was copied. */
export interface CopiedObject {
  readonly bytes: number;
  readonly crc: number;
  /** Token of the copied version of the source: see ObjectInfo.etag. */
  readonly etag: string | undefined;
}

/**
 * Copies a file or object to any address. The copy appears once it is complete and contains a
 * single version of the source: a file that changes while it is read is an `object-changed` error
 * and leaves no copy.
 * @throws RecordpipeError the same errors as `openObject` and `openOutput`
 */
export async function copyObject(from: ObjectRef, to: string, options: CopyOptions): Promise<CopiedObject> {
  const { objects, signal, overwrite } = options;
  checkAborted(signal);
  const output = await openOutput(to, { overwrite, objects, signal, parents: true });
  try {
    const { chunks, info } = openObject(from, { ...objects, signal });
    let crc = 0;
    for await (const chunk of chunks) {
      crc = crc32c(chunk, crc);
      await output.sink.write(chunk);
    }
    await output.sink.close();
    await output.file.name(to);
    return { bytes: output.sink.bytes, crc, etag: info()?.etag ?? from.etag };
  } catch (error) {
    await discardOutput(output);
    throw error;
  }
}

/**
 * Processes items in parallel, up to a limit. After the first failure, starts no more items and
 * waits for those in progress.
 */
export async function inParallel<T>(
  items: Iterable<T>,
  lanes: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items[Symbol.iterator]();
  const failures: unknown[] = [];
  const lane = async (): Promise<void> => {
    for (let next = queue.next(); !next.done && failures.length === 0; next = queue.next()) {
      try {
        await work(next.value);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  if (failures.length > 0) throw failures[0];
}

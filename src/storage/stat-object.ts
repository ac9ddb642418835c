import { type ObjectOptions, objectOptions } from './object-options.ts';
import { addressOf, storageOf } from './registry.ts';
import type { ObjectStat } from './storage.ts';

/**
 * What is known of one object: size, ETag, checksums that the service keeps, user metadata. One request (HEAD), repeated where it fails for a passing reason.
 *
 * @param uri `s3://bucket/key`, the key as it is; a path or `file:` URL
 * @param options which service, and as whom; see {@link ObjectOptions}
 * @throws RecordpipeError `object-missing` (`not-found` for files), `access-denied`, `retries-exhausted`, `io-failure`, `aborted`
 * @throws UsageError for an address that is none, or a wrong option
 * @example
 * ```ts
 * import { writeFileSync } from 'node:fs';
 * import { statObject } from 'recordpipe/storage';
 * writeFileSync('three.bin', 'abc');
 * const { size } = await statObject('three.bin'); // or s3://bucket/key
 * console.log(size); // 3
 * ```
 */
export async function statObject(
  uri: string | URL,
  options?: Partial<ObjectOptions> & { readonly signal?: AbortSignal | undefined },
): Promise<ObjectStat> {
  const { signal, ...rest } = options ?? {};
  const address = addressOf(uri);
  const source = await storageOf(address, objectOptions(rest));
  return source.stat({ uri: address }, signal);
}

import { objectOf } from '../../src/check/file-input.ts';
import { shareOfRanges } from '../../src/records/workers/share-ranges.ts';
import type { ObjectOptions } from '../../src/storage/object-options.ts';
import { openObjectReader } from '../../src/storage/object-reader.ts';
import type { FaultyS3 } from './faulty-s3/index.ts';
import { randomCase } from './random-ranges.ts';
import { compareInput, type RangedFormat, type RangedOutcome } from './range-run.ts';

/** Returns options for many small requests. */
export function smallRequests({ url }: FaultyS3): Partial<ObjectOptions> {
  return { endpointUrl: url, region: 'us-east-1', partBytes: 8000, windowBytes: 64_000 };
}

/**
 * Checks one random object, determined by `seed`, in ranges and from beginning to end.
 * @param faulty whether some requests fail
 */
export async function compareObjectOnce(
  server: FaultyS3,
  key: string,
  seed: number,
  format: RangedFormat,
  faulty: boolean,
): Promise<RangedOutcome & { readonly label: string }> {
  const objects = smallRequests(server);
  const { bytes, task: local, rangeBytes, label } = randomCase(seed, format);
  server.store.put(key, bytes);
  const task = { ...local, reading: { ...local.reading, objects } };
  const uri = `s3://${key}`;
  const { size, etag } = await openObjectReader(uri, objects);
  const input = { path: uri, size, etag };
  if (faulty)
    server.script.add(
      { operation: 'GetObject', do: 'reset', at: 20, after: 3 },
      { operation: 'GetObject', do: 'close', at: 50, after: 5 },
    );
  const remote = shareOfRanges(objectOf(input), objects, 2);
  const outcome = await compareInput(input, { format, ranges: { size, rangeBytes }, remote }, task, label);
  server.script.clear();
  return { ...outcome, label };
}

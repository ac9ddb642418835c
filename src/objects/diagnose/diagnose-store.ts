import { isObjectUri } from '../../bytes/object-uri.ts';
import { addressText } from '../object-address.ts';
import { type ObjectOptions, objectOptions } from '../object-options.ts';
import { objectSourceOf } from '../source-of.ts';
import { checkReading } from './check-reading.ts';
import type { StoreCheck } from './store-check.ts';

/** How a store is looked at. */
export type DiagnoseOptions = Partial<ObjectOptions> & {
  /** Most bytes read to see how fast they come; 0 for none. Default 256 MiB. */
  readonly probeBytes?: number | undefined;
  /** For so long at most. Default 3 s. */
  readonly probeMs?: number | undefined;
  readonly onCheck?: ((check: StoreCheck) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
};

export interface StoreDiagnosis {
  readonly uri: string;
  /** Whether nothing failed. */
  readonly ok: boolean;
  readonly checks: readonly StoreCheck[];
}

/**
 * Looks whether objects can be read, and why not: which credentials there are and from where, whether the service answers, how far the clocks are apart, where the bucket
 * is, whether it may be listed and objects read, and how fast. What another check depends on and failed leaves that one out. Nothing is written.
 *
 * @param uri `s3://bucket`, `s3://bucket/prefix` or an object; a path or `file:` URL
 * @param options see {@link DiagnoseOptions}; each request is tried twice unless `maxAttempts` is given
 * @throws UsageError for an address that is none, or a wrong option
 * @throws RecordpipeError `aborted`
 * @example
 * ```ts
 * import { writeFileSync } from 'node:fs';
 * import { diagnoseStore } from 'recordpipe/objects';
 * writeFileSync('there.bin', 'abc');
 * const { ok, checks } = await diagnoseStore('there.bin'); // or s3://bucket/train/
 * console.log(ok, checks.map(({ name, status }) => `${name} ${status}`)); // true [ 'list ok', 'get ok', 'throughput ok' ]
 * ```
 */
export async function diagnoseStore(uri: string | URL, options?: DiagnoseOptions): Promise<StoreDiagnosis> {
  const { probeBytes = 256 * 1024 * 1024, probeMs = 3_000, onCheck, signal, ...rest } = options ?? {};
  const address = addressText(uri);
  const complete = objectOptions({ maxAttempts: 2, ...rest });
  const checks: StoreCheck[] = [];
  const note = (check: StoreCheck): void => {
    checks.push(check);
    onCheck?.(check);
  };
  const reachable = !isObjectUri(address) || (await reach(address, complete, note, signal));
  const probe = { bytes: probeBytes, ms: probeMs };
  await checkReading(
    reachable ? await objectSourceOf(address, complete) : undefined,
    address,
    complete,
    probe,
    note,
    signal,
  );
  return { uri: address, ok: checks.every(({ status }) => status !== 'failed'), checks };
}

async function reach(
  uri: string,
  options: ObjectOptions,
  note: (check: StoreCheck) => void,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { checkService } = await import('../s3/check-service.ts');
  return checkService(uri, options, note, signal);
}

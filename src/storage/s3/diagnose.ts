import { isRecordpipeError } from '../../errors.ts';
import { redacted } from '../../redact.ts';
import { FetchFailure } from '../errors.ts';
import { type ObjectOptions, objectOptions } from '../object-options.ts';
import { openObjectReader } from '../object-reader.ts';
import { openObject } from '../open-object.ts';
import { addressOf, isRemote, storageOf } from '../registry.ts';
import type { ObjectInfo, ObjectRef, ObjectSource } from '../storage.ts';

/** The result of one check of `diagnoseStore`. */
export interface StoreCheck {
  readonly name: 'credentials' | 'connection' | 'clock' | 'region' | 'list' | 'get' | 'throughput';
  readonly status: 'ok' | 'failed' | 'skipped';
  /** The finding, in a sentence. Never contains a secret. */
  readonly text: string;
  /** The next step. */
  readonly next?: string | undefined;
}

export function passed(name: StoreCheck['name'], text: string): StoreCheck {
  return { name, status: 'ok', text: redacted(text) };
}

export function failed(name: StoreCheck['name'], text: string, next?: string): StoreCheck {
  return {
    name,
    status: 'failed',
    text: redacted(text),
    ...(next !== undefined && { next: redacted(next) }),
  };
}

export function skipped(name: StoreCheck['name'], text: string): StoreCheck {
  return { name, status: 'skipped', text: redacted(text) };
}

type Note = (check: StoreCheck) => void;

/** Lists, reads a few bytes, and measures throughput. Without a source everything is skipped. */
export async function checkReading(
  source: ObjectSource | undefined,
  uri: string,
  options: ObjectOptions,
  probe: { readonly bytes: number; readonly ms: number },
  note: Note,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (source === undefined) {
    for (const name of ['list', 'get', 'throughput'] as const)
      note(skipped(name, 'skipped: the service cannot be reached'));
    return;
  }
  const listed = await checkList(source, uri, note, signal);
  // A user who may not list may still read objects by name.
  const object = listed ?? (/[^/]$/.test(uri.replace(/^s3:\/\/[^/]*\/?/, '')) ? { uri } : undefined);
  if (object === undefined) {
    note(skipped('get', 'no object to read; name one'));
    note(skipped('throughput', 'no object to read'));
    return;
  }
  if (!(await checkGet(source, object, options, note, signal))) {
    note(skipped('throughput', 'skipped: nothing can be read'));
    return;
  }
  await checkThroughput(source, object, options, probe, note, signal);
}

/** @returns the first object that is not empty */
async function checkList(
  source: ObjectSource,
  uri: string,
  note: Note,
  signal: AbortSignal | undefined,
): Promise<ObjectInfo | undefined> {
  let seen = 0;
  try {
    for await (const object of source.list(uri, signal)) {
      seen++;
      if (object.size > 0) {
        note(
          passed(
            'list',
            `objects under ${uri} can be listed; the first is ${object.uri}, ${object.size} bytes`,
          ),
        );
        return object;
      }
      if (seen === MAX_LISTED) break;
    }
    note(
      seen > 0
        ? passed('list', `objects under ${uri} can be listed; the first ${seen} are empty`)
        : failed('list', `no object under ${uri}`, 'check the name; keys are case sensitive'),
    );
  } catch (error) {
    rethrowAbort(error);
    note(
      failed(
        'list',
        textOf(error),
        isRecordpipeError(error, 'access-denied') && !isOfIdentity(error)
          ? 'allow s3:ListBucket for the bucket; without it, name each object'
          : undefined,
      ),
    );
  }
  return undefined;
}

const MAX_LISTED = 1000;

const PROBED_BYTES = 16;

async function checkGet(
  source: ObjectSource,
  object: ObjectRef,
  options: ObjectOptions,
  note: Note,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    // Under the same watchdog and budget as every other request.
    const reader = await openObjectReader(object, { ...options, source, signal });
    await reader.read(0, Math.min(PROBED_BYTES, reader.size)).finally(() => reader.close());
    note(passed('get', `${object.uri} can be read`));
    return true;
  } catch (failure) {
    rethrowAbort(failure);
    const denied = isRecordpipeError(failure, 'access-denied') && !isOfIdentity(failure);
    note(failed('get', textOf(failure), denied ? 'allow s3:GetObject for the objects' : undefined));
    return false;
  }
}

async function checkThroughput(
  source: ObjectSource,
  object: { readonly uri: string; readonly size?: number | undefined },
  options: ObjectOptions,
  probe: { readonly bytes: number; readonly ms: number },
  note: Note,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (probe.bytes === 0) {
    note(skipped('throughput', 'skipped (--probe 0)'));
    return;
  }
  const started = performance.now();
  let bytes = 0;
  try {
    const { chunks } = openObject({ uri: object.uri }, { ...options, source, signal });
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (bytes >= probe.bytes || performance.now() - started >= probe.ms) break;
    }
  } catch (error) {
    rethrowAbort(error);
    note(failed('throughput', textOf(error)));
    return;
  }
  const ms = performance.now() - started;
  const rate = bytes / 1e6 / (ms / 1000);
  const few = bytes < 8 * 1024 * 1024 ? ', too few to measure; name a large object' : '';
  note(
    passed(
      'throughput',
      `${(bytes / 1e6).toFixed(1)} MB in ${(ms / 1000).toFixed(2)} s, ${rate.toFixed(0)} MB/s, with ${options.maxRequests} parallel requests${few}`,
    ),
  );
}

/** Whether the service rejects the keys themselves, so that permissions are not the cause. */
function isOfIdentity({ cause }: Error): boolean {
  return (
    cause instanceof FetchFailure &&
    /^(InvalidAccessKeyId|SignatureDoesNotMatch|Expired\w+|InvalidToken)$/.test(cause.code ?? '')
  );
}

function rethrowAbort(error: unknown): void {
  if (isRecordpipeError(error, 'aborted')) throw error;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

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
 * import { diagnoseStore } from 'recordpipe/storage';
 * writeFileSync('there.bin', 'abc');
 * const { ok, checks } = await diagnoseStore('there.bin'); // or s3://bucket/train/
 * console.log(ok, checks.map(({ name, status }) => `${name} ${status}`)); // true [ 'list ok', 'get ok', 'throughput ok' ]
 * ```
 */
export async function diagnoseStore(uri: string | URL, options?: DiagnoseOptions): Promise<StoreDiagnosis> {
  const { probeBytes = 256 * 1024 * 1024, probeMs = 3_000, onCheck, signal, ...rest } = options ?? {};
  const address = addressOf(uri);
  const complete = objectOptions({ maxAttempts: 2, ...rest });
  const checks: StoreCheck[] = [];
  const note = (check: StoreCheck): void => {
    checks.push(check);
    onCheck?.(check);
  };
  const reachable = !isRemote(address) || (await reach(address, complete, note, signal));
  const probe = { bytes: probeBytes, ms: probeMs };
  await checkReading(
    reachable ? await storageOf(address, complete) : undefined,
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
  const { checkService } = await import('./check-service.ts');
  return checkService(uri, options, note, signal);
}

import { isRecordpipeError } from '../errors.ts';
import { redacted } from '../redact.ts';
import { FetchFailure } from './errors.ts';
import { type ObjectOptions, objectOptions } from './object-options.ts';
import { openObjectReader } from './object-reader.ts';
import { openObject } from './read-objects.ts';
import { addressOf, storageOf } from './registry.ts';
import type { Checks, ObjectInfo, ObjectRef, ObjectSource, StoreCheck } from './storage.ts';

/** Options of {@link diagnoseStore}. */
export type DiagnoseOptions = Partial<ObjectOptions> & {
  /** Maximum bytes to read for the throughput check; 0 skips the check. Default 256 MiB. */
  readonly probeBytes?: number | undefined;
  /** Maximum duration of the throughput check. Default 3 s. */
  readonly probeMs?: number | undefined;
  /** Called with each check as soon as it completes. */
  readonly onCheck?: ((check: StoreCheck) => void) | undefined;
  /** Aborts the operation. */
  readonly signal?: AbortSignal | undefined;
};

/** Result of {@link diagnoseStore}. */
export interface StoreDiagnosis {
  /** The address that was checked. */
  readonly uri: string;
  /** Whether all checks passed or were skipped. */
  readonly ok: boolean;
  /** The checks, in the order in which they ran. */
  readonly checks: readonly StoreCheck[];
}

/**
 * Checks whether objects can be read: credentials and their source, connection, clock, region,
 * listing, reading and throughput. Skips checks that depend on a failed one. Writes nothing.
 *
 * @param uri `s3://bucket`, `s3://bucket/prefix` or an object; a path or `file:` URL
 * @param options by default, each request is tried twice (`maxAttempts`)
 * @throws UsageError for an invalid address or option
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
  const checks = new CheckList(onCheck);
  const storage = await storageOf(address, complete);
  if ((await storage.checkService?.(address, checks, signal)) === false)
    checks.skipped('skipped: the service cannot be reached', 'list', 'get', 'throughput');
  else await new ReadChecks(storage, complete, checks, signal).run(address, probeBytes, probeMs);
  return { uri: address, ok: checks.all.every(({ status }) => status !== 'failed'), checks: checks.all };
}

const MAX_LISTED = 1000;
/** The address of a whole bucket. */
const NO_KEY = /^s3:\/\/[^/]+\/?$/;
const PROBED_BYTES = 16;
/** Minimum number of bytes for a meaningful throughput measurement. */
const MIN_MEASURED_BYTES = 8 * 1024 * 1024;

/** Lists, reads a few bytes, and measures the throughput. */
class ReadChecks {
  readonly #source: ObjectSource;
  readonly #options: ObjectOptions;
  readonly #checks: Checks;
  readonly #signal: AbortSignal | undefined;

  constructor(source: ObjectSource, options: ObjectOptions, checks: Checks, signal: AbortSignal | undefined) {
    this.#source = source;
    this.#options = options;
    this.#checks = checks;
    this.#signal = signal;
  }

  async run(uri: string, probeBytes: number, probeMs: number): Promise<void> {
    const listed = await this.#list(uri);
    // Without permission to list, a named object may still be readable.
    const object = listed ?? (/[^/]$/.test(uri.replace(/^s3:\/\/[^/]*\/?/, '')) ? { uri } : undefined);
    if (object === undefined)
      this.#checks.skipped('no object to read; specify an object', 'get', 'throughput');
    else if (!(await this.#get(object))) this.#checks.skipped('skipped: no object can be read', 'throughput');
    else if (probeBytes === 0) this.#checks.skipped('skipped (--probe 0)', 'throughput');
    else await this.#throughput(object.uri, probeBytes, probeMs);
  }

  /** Lists the objects. @returns the first non-empty object */
  async #list(uri: string): Promise<ObjectInfo | undefined> {
    let count = 0;
    try {
      for await (const object of this.#source.list(uri, this.#signal)) {
        count++;
        if (object.size > 0) {
          const first = `the first is ${object.uri}, ${object.size} bytes`;
          this.#checks.passed('list', `objects under ${uri} can be listed; ${first}`);
          return object;
        }
        if (count === MAX_LISTED) break;
      }
      if (count > 0)
        this.#checks.passed(
          'list',
          `objects under ${uri} can be listed; the first ${count} objects are empty`,
        );
      else if (NO_KEY.test(uri)) this.#checks.passed('list', `${uri} can be listed; the listing is empty`);
      else this.#checks.failed('list', `no object under ${uri}`, 'check the name; keys are case sensitive');
    } catch (error) {
      const next = 'allow s3:ListBucket for the bucket, or specify each object';
      this.#failed('list', error, next);
    }
    return undefined;
  }

  async #get(object: ObjectRef): Promise<boolean> {
    try {
      const options = { ...this.#options, source: this.#source, signal: this.#signal };
      const reader = await openObjectReader(object, options);
      await reader.read(0, Math.min(PROBED_BYTES, reader.size)).finally(() => reader.close());
      this.#checks.passed('get', `${object.uri} can be read`);
      return true;
    } catch (error) {
      this.#failed('get', error, 'allow s3:GetObject for the objects');
      return false;
    }
  }

  async #throughput(uri: string, maxBytes: number, maxMs: number): Promise<void> {
    const started = performance.now();
    let bytes = 0;
    try {
      const options = { ...this.#options, source: this.#source, signal: this.#signal };
      for await (const chunk of openObject({ uri }, options).chunks) {
        bytes += chunk.length;
        if (bytes >= maxBytes || performance.now() - started >= maxMs) break;
      }
    } catch (error) {
      this.#failed('throughput', error);
      return;
    }
    const seconds = (performance.now() - started) / 1000;
    const rate = (bytes / 1e6 / seconds).toFixed(0);
    const few = bytes < MIN_MEASURED_BYTES ? ', which is too little to measure; specify a larger object' : '';
    this.#checks.passed(
      'throughput',
      `${(bytes / 1e6).toFixed(1)} MB in ${seconds.toFixed(2)} s, ${rate} MB/s, with ${this.#options.maxRequests} parallel requests${few}`,
    );
  }

  /** Reports a failed check. @param permission advice if access is denied */
  #failed(name: StoreCheck['name'], error: unknown, permission?: string): void {
    if (isRecordpipeError(error, 'aborted')) throw error;
    const text = error instanceof Error ? error.message : String(error);
    const denied = isRecordpipeError(error, 'access-denied') && !rejectsKeys(error);
    this.#checks.failed(name, text, denied ? permission : undefined);
  }
}

/**
 * Reports whether the service rejects the credentials, which rules out permissions as the cause.
 */
function rejectsKeys({ cause }: Error): boolean {
  return (
    cause instanceof FetchFailure &&
    /^(InvalidAccessKeyId|SignatureDoesNotMatch|Expired\w+|InvalidToken)$/.test(cause.code ?? '')
  );
}

class CheckList implements Checks {
  readonly all: StoreCheck[] = [];
  readonly #onCheck: ((check: StoreCheck) => void) | undefined;

  constructor(onCheck: ((check: StoreCheck) => void) | undefined) {
    this.#onCheck = onCheck;
  }

  passed(name: StoreCheck['name'], text: string): void {
    this.#add({ name, status: 'ok', text: redacted(text) });
  }

  failed(name: StoreCheck['name'], text: string, next?: string): void {
    const advice = next === undefined ? {} : { next: redacted(next) };
    this.#add({ name, status: 'failed', text: redacted(text), ...advice });
  }

  skipped(text: string, ...names: StoreCheck['name'][]): void {
    for (const name of names) this.#add({ name, status: 'skipped', text: redacted(text) });
  }

  #add(check: StoreCheck): void {
    this.all.push(check);
    this.#onCheck?.(check);
  }
}

import { isRecordpipeError } from '../../errors.ts';
import { FetchFailure } from '../fetch-failure.ts';
import type { ObjectOptions } from '../object-options.ts';
import { openObjectReader } from '../object-reader.ts';
import type { ObjectInfo, ObjectRef, ObjectSource } from '../object-source.ts';
import { openObject } from '../open-object.ts';
import { failed, passed, type StoreCheck, skipped } from './store-check.ts';

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

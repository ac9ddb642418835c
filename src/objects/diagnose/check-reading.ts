import { isRecordpipeError } from '../../errors.ts';
import { FetchFailure } from '../fetch-failure.ts';
import { objectError } from '../object-errors.ts';
import type { ObjectOptions } from '../object-options.ts';
import type { ObjectInfo, ObjectSource } from '../object-source.ts';
import { openObject } from '../open-object.ts';
import { failed, passed, type StoreCheck, skipped } from './store-check.ts';

type Note = (check: StoreCheck) => void;

/** Lists, gets a few bytes, and looks how fast many come. Without a source all of that is left out. */
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
      note(skipped(name, 'left out, as the service was not reached'));
    return;
  }
  const listed = await checkList(source, uri, note, signal);
  // Who may not list may still read what is named.
  const object = listed ?? (/[^/]$/.test(uri.replace(/^s3:\/\/[^/]*\/?/, '')) ? { uri } : undefined);
  if (object === undefined) {
    note(skipped('get', 'no object to read; name one'));
    note(skipped('throughput', 'no object to read'));
    return;
  }
  if (!(await checkGet(source, object.uri, note, signal))) {
    note(skipped('throughput', 'left out, as nothing can be read'));
    return;
  }
  await checkThroughput(source, object, options, probe, note, signal);
}

/** The first object that holds anything. */
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
            `what begins with ${uri} can be listed; the first is ${object.uri}, ${object.size} bytes`,
          ),
        );
        return object;
      }
      if (seen === LOOKED_AT) break;
    }
    note(
      seen > 0
        ? passed('list', `what begins with ${uri} can be listed; the first ${seen} hold nothing`)
        : failed('list', `nothing begins with ${uri}`, 'check the name; keys are case sensitive'),
    );
  } catch (error) {
    rethrowAbort(error);
    note(
      failed(
        'list',
        textOf(error),
        isRecordpipeError(error, 'access-denied') && !isOfIdentity(error)
          ? 'have s3:ListBucket allowed for the bucket; objects can be read without, if each is named'
          : undefined,
      ),
    );
  }
  return undefined;
}

const LOOKED_AT = 1000;

async function checkGet(
  source: ObjectSource,
  uri: string,
  note: Note,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const sink = { onHead: () => {}, onData: () => {} };
  try {
    await source.fetch({ uri, start: 0, end: 16 }, sink, signal ?? new AbortController().signal);
    note(passed('get', `${uri} can be read`));
    return true;
  } catch (error) {
    const failure = error instanceof FetchFailure ? objectError(error, { uri }) : error;
    rethrowAbort(failure);
    const denied = isRecordpipeError(failure, 'access-denied') && !isOfIdentity(failure);
    note(failed('get', textOf(failure), denied ? 'have s3:GetObject allowed for the objects' : undefined));
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
    note(skipped('throughput', 'not asked for'));
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
  const few = bytes < 8 * 1024 * 1024 ? ', too few to tell; name a large object' : '';
  note(
    passed(
      'throughput',
      `${(bytes / 1e6).toFixed(1)} MB in ${(ms / 1000).toFixed(2)} s, ${rate.toFixed(0)} MB/s, with ${options.maxRequests} requests at once${few}`,
    ),
  );
}

/** Whether the service does not know who asks, so that permissions are not the matter. */
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

import { isRecordpipeError, RecordpipeError } from '../../errors.ts';
import { isGlob } from '../../storage/glob.ts';
import { listObjects, type ObjectInfo, openObject } from '../../storage/index.ts';
import type { FoundFile } from './expand.ts';
import type { ExpandOptions } from './input-options.ts';
import { contentKind, HEAD_BYTES, isRecordName } from './record-names.ts';
import {
  DATASET_INFO,
  otherContents,
  otherName,
  refusal,
  refusalByPattern,
  type Selection,
} from './selecting.ts';

/** A list is read into memory. */
const MAX_LIST_BYTES = 512 * 1024 * 1024;
/** Requests for the beginnings of objects, below one prefix. */
const MAX_INSPECTED = 32;

type FoundObject = FoundFile & { readonly alone?: boolean };

/**
 * The objects that an address stands for, as they come.
 * @throws RecordpipeError `not-found`, `object-missing` where it stands for none; `access-denied`, `io-failure`,
 * `retries-exhausted`, `aborted`
 */
export async function* objectsOf(
  uri: string,
  selection: Selection,
  options: ExpandOptions,
): AsyncGenerator<FoundObject, void, undefined> {
  const [, key] = /^s3:\/\/[^/]*\/?(.*)$/s.exec(uri) ?? ['', ''];
  if (isGlob(key)) yield* matching(uri, selection, options);
  else if (key !== '' && !key.endsWith('/') && (await isKey(uri, key, selection, options)))
    yield { path: uri, alone: true };
  else yield* below(uri, key, selection, options);
}

async function* matching(
  pattern: string,
  selection: Selection,
  options: ExpandOptions,
): AsyncGenerator<FoundObject, void, undefined> {
  const { skipped } = selection;
  const folder = pattern.slice(0, pattern.search(/[*?[{\\]/)).replace(/[^/]*$/, '');
  let any = false;
  for await (const object of listed(pattern, 'name', options)) {
    const name = object.uri.slice(folder.length);
    const why = refusalByPattern(pattern, name, name.slice(name.lastIndexOf('/') + 1), selection);
    if (why !== undefined) skipped.add(pattern, why, name);
    else {
      any = true;
      yield found(object);
    }
  }
  if (!any) throw nothing('no object of this pattern is included', pattern, selection);
}

async function* below(
  uri: string,
  key: string,
  selection: Selection,
  options: ExpandOptions,
): AsyncGenerator<FoundObject, void, undefined> {
  const { format, filter, skipped, onInfo } = selection;
  const prefix = key === '' && !uri.endsWith('/') ? `${uri}/` : uri;
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  const inspector = new Inspector(selection, options);
  let any = false;
  for await (const object of listed(prefix, 'prefix', options)) {
    const name = object.uri.slice(folder.length);
    const last = name.slice(name.lastIndexOf('/') + 1);
    if (last === DATASET_INFO) onInfo(object.uri);
    const why = refusal(name, name.split('/').find((part) => part.startsWith('.')) ?? last, selection);
    if (why !== undefined) skipped.add(uri, why, name);
    else {
      const named = filter.including ? 'records' : otherName(last, format);
      const judged = named === 'unknown' ? await inspector.judge(object, last) : named;
      if (judged === 'records') {
        any = true;
        yield found(object);
      } else skipped.add(uri, judged.reason, name, judged.detail);
    }
  }
  if (!any)
    throw nothing(
      'no object with records has a key that begins so (*.tfrecord, *.rec, *-00000-of-00012, …); use a pattern, --include, or name objects of other names',
      uri,
      selection,
    );
}

type Judged = 'records' | { readonly reason: 'other-contents' | 'not-inspected'; readonly detail?: string };

/** Judges objects of unknown names by their contents: one of each kind of name for all that are named like it. */
class Inspector {
  readonly #selection: Selection;
  readonly #options: ExpandOptions;
  readonly #kinds = new Map<string, Judged>();

  constructor(selection: Selection, options: ExpandOptions) {
    this.#selection = selection;
    this.#options = options;
  }

  async judge(object: ObjectInfo, name: string): Promise<Judged> {
    if (object.size === 0) return { reason: 'other-contents', detail: 'an empty object' };
    const shape = object.uri.slice(0, -name.length) + name.replace(UUID, '#').replace(/\d+/g, '#');
    const known = this.#kinds.get(shape);
    if (known !== undefined) return known;
    if (this.#kinds.size >= MAX_INSPECTED) return { reason: 'not-inspected' };
    const judged = await this.#inspect(object);
    this.#kinds.set(shape, judged);
    return judged;
  }

  async #inspect(object: ObjectInfo): Promise<Judged> {
    const { objects, signal } = this.#options;
    try {
      const reading = { ...objects, firstPartBytes: HEAD_BYTES, signal };
      for await (const chunk of openObject(object, reading).chunks) {
        const is = otherContents(await contentKind(chunk.subarray(0, HEAD_BYTES)), this.#selection.format);
        return is === undefined ? 'records' : { reason: 'other-contents', detail: is };
      }
    } catch (error) {
      if (isRecordpipeError(error, 'aborted')) throw error;
      // Reading it says what is wrong.
    }
    return 'records';
  }
}

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;

function nothing(what: string, uri: string, { skipped }: Selection): RecordpipeError {
  const reasons = skipped.notices().filter((notice) => notice.uri === uri);
  return new RecordpipeError('not-found', [what, ...reasons.map(({ message }) => message)].join('; '), {
    uri,
  });
}

/** The text of an object. */
export async function objectText(uri: string, { objects, signal }: ExpandOptions): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of openObject(uri, { ...objects, signal }).chunks) {
    bytes += chunk.length;
    if (bytes > MAX_LIST_BYTES)
      throw new RecordpipeError('unsupported-source', 'is too long for a list of inputs', { uri });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** Whether an address is that of one object. The service is asked only where the name does not tell. */
async function isKey(
  uri: string,
  key: string,
  { format, filter }: Selection,
  options: ExpandOptions,
): Promise<boolean> {
  const name = key.slice(key.lastIndexOf('/') + 1);
  if (!filter.including && (isRecordName(name, format) || /\.[A-Za-z][A-Za-z0-9]*$/.test(name))) return true;
  try {
    // The key that is the shortest comes first.
    for await (const object of listed(uri, 'prefix', options)) return object.uri === uri;
  } catch (error) {
    // Who may not list may be allowed to read.
    if (!isRecordpipeError(error, 'access-denied')) throw error;
  }
  return true;
}

function listed(
  uri: string,
  as: 'name' | 'prefix',
  { objects, signal }: ExpandOptions,
): AsyncIterable<ObjectInfo> {
  return listObjects(uri, { ...objects, as, signal });
}

function found({ uri, size, etag }: ObjectInfo): FoundFile {
  return { path: uri, size, etag };
}

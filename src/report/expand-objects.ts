import { isRecordpipeError, RecordpipeError } from '../errors.ts';
import { isGlob, isRecordName } from '../files/record-names.ts';
import { listObjects, type ObjectInfo, openObject } from '../objects/index.ts';
import type { Reaching } from './expand-inputs.ts';
import type { FileInput } from './file-task.ts';
import type { Format } from './report-options.ts';

/** A list is read into memory. */
const MOST_LIST_BYTES = 512 * 1024 * 1024;

/**
 * The objects that an address stands for: see `expandInputs`.
 * @throws RecordpipeError `not-found`, `object-missing` where it stands for none; `access-denied`, `io-failure`, `retries-exhausted`, `aborted`
 */
export async function expandObjects(uri: string, format: Format, reaching: Reaching): Promise<FileInput[]> {
  const [, key] = /^s3:\/\/[^/]*\/?(.*)$/s.exec(uri) ?? ['', ''];
  if (isGlob(key)) return matching(uri, reaching);
  if (key !== '' && !key.endsWith('/') && (await isKey(uri, key, format, reaching))) return [{ path: uri }];
  const files: FileInput[] = [];
  const folder = key === '' && !uri.endsWith('/') ? `${uri}/` : uri;
  for await (const object of listed(folder, 'prefix', reaching)) {
    const names = object.uri.slice(folder.lastIndexOf('/') + 1).split('/');
    const hidden = names.some((name) => name.startsWith('.'));
    if (!hidden && isRecordName(names[names.length - 1], format)) files.push(inputOf(object));
  }
  if (files.length > 0) return files;
  const text =
    'no object with records has a key that begins so (*.tfrecord, *.rec, *-00000-of-00012, …); name objects of other names, or use a pattern';
  throw new RecordpipeError('not-found', text, { uri });
}

/** The text of a list. */
export async function objectText(uri: string, { objects, signal }: Reaching): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of openObject(uri, { ...objects, signal }).chunks) {
    bytes += chunk.length;
    if (bytes > MOST_LIST_BYTES)
      throw new RecordpipeError('unsupported-source', 'is too long for a list of inputs', { uri });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** Whether an address is meant as that of one object. Asked is only where its name does not tell. */
async function isKey(uri: string, key: string, format: Format, reaching: Reaching): Promise<boolean> {
  const name = key.slice(key.lastIndexOf('/') + 1);
  if (isRecordName(name, format) || /\.[A-Za-z][A-Za-z0-9]*$/.test(name)) return true;
  try {
    // The key that is the shortest comes first.
    for await (const object of listed(uri, 'prefix', reaching)) return object.uri === uri;
  } catch (error) {
    // Who may not list may be allowed to read.
    if (!isRecordpipeError(error, 'access-denied')) throw error;
  }
  return true;
}

async function matching(pattern: string, reaching: Reaching): Promise<FileInput[]> {
  const files: FileInput[] = [];
  for await (const object of listed(pattern, 'name', reaching)) files.push(inputOf(object));
  return files;
}

function listed(
  uri: string,
  as: 'name' | 'prefix',
  { objects, signal }: Reaching,
): AsyncIterable<ObjectInfo> {
  return listObjects(uri, { ...objects, as, signal });
}

function inputOf({ uri, size, etag }: ObjectInfo): FileInput {
  return { path: uri, size, etag };
}

import { RecordpipeError } from '../../../errors.ts';
import { openObject } from '../../../storage/open-object.ts';
import type { ObjectRef } from '../../../storage/storage.ts';
import { BYTE_ORDER_MARK_NOTICE } from './line-file.ts';
import type { ContentOpening } from './open-content.ts';

/** Larger than any list of keys that is written by hand or by SageMaker's own tools. */
const MAX_BYTES = 2 ** 29;
const BYTE_ORDER_MARK = '\uFEFF';

/**
 * The objects that a ManifestFile names, in its order; twice where it names them twice: an array of `{"prefix": "s3://…"}` and what follows that prefix.
 * @throws RecordpipeError `malformed-manifest`, and what reading it throws
 */
export async function manifestObjects(
  uri: string,
  { objects, signal, warn }: ContentOpening,
): Promise<ObjectRef[]> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of openObject(uri, { ...objects, signal }).chunks) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw malformed(`longer than ${MAX_BYTES} bytes; is it a manifest?`, uri);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  if (text.startsWith(BYTE_ORDER_MARK)) warn('byte-order-mark', BYTE_ORDER_MARK_NOTICE);
  const list = parsed(text.replace(BYTE_ORDER_MARK, ''), uri);
  if (!Array.isArray(list)) throw malformed('expected a JSON array of {"prefix": "s3://…"} and keys', uri);
  const prefix = prefixOf(list[0], uri);
  return list.slice(1).map((key: unknown, i) => ({ uri: prefix + keyOf(key, i + 1, uri) }));
}

function parsed(text: string, uri: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const next = /^\s*\{/.test(text) ? '; JSON lines are an AugmentedManifestFile' : '';
    throw malformed(`not JSON: ${(error as Error).message}${next}`, uri, error);
  }
}

function prefixOf(first: unknown, uri: string): string {
  const prefix = (first as { prefix?: unknown } | null | undefined)?.prefix;
  if (typeof prefix === 'string' && prefix !== '') return prefix.replace(/^s3:\/\//i, 's3://');
  throw malformed('the first element: expected {"prefix": "s3://bucket/…"}', uri);
}

function keyOf(key: unknown, index: number, uri: string): string {
  const where = `element ${index}`;
  if (typeof key !== 'string')
    throw malformed(`${where}: expected what follows the prefix, got ${JSON.stringify(key)}`, uri);
  if (/^(?:s3|https?):\/\//i.test(key))
    throw malformed(
      `${where}: expected what follows the prefix, got a whole address: ${key.slice(0, 80)}`,
      uri,
    );
  return key;
}

function malformed(what: string, uri: string, cause?: unknown): RecordpipeError {
  return new RecordpipeError('malformed-manifest', what, { uri }, cause);
}

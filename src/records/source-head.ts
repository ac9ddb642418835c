import { asBytes } from '../bytes/binary-data.ts';
import { peekPath } from '../bytes/host-io.ts';
import { isObjectUri } from '../bytes/object-uri.ts';
import { type ByteSource, isBlob } from '../bytes/sources.ts';

/** The first bytes of a source, and its size. */
export interface SourceHead {
  readonly head: Uint8Array;
  readonly size: number;
}

/** The first `bytes` bytes of a source that can be read again; undefined for any other source, and for objects, where it costs a request. */
export async function sourceHead(source: ByteSource, bytes: number): Promise<SourceHead | undefined> {
  if (isObjectUri(source)) return undefined;
  if ((typeof source === 'string' && source !== '-') || source instanceof URL) return peekPath(source, bytes);
  const data = asBytes(source);
  if (data !== undefined) return { head: data.subarray(0, bytes), size: data.length };
  if (!isBlob(source)) return undefined;
  return { head: new Uint8Array(await source.slice(0, bytes).arrayBuffer()), size: source.size };
}

import { inflate } from '../bytes/inflate.ts';
import { describeForeignFile, looksLikeGzip, looksLikeZlib } from '../bytes/sniff.ts';
import { firstNonText } from '../bytes/sniff-text.ts';
import { certainFormat } from '../framing/certain-format.ts';
import type { FormatName } from '../framing/format-name.ts';
import { HEADER_BYTES, LENGTH_BYTES } from '../framing/tfrecord-layout.ts';

/** Bytes that tell what a file is. */
export const HEAD_BYTES = 4096;

/** What the first bytes of a file are: a format of records, or something else, as a noun with its article. */
export type ContentKind =
  | { readonly format: FormatName }
  | { readonly format: undefined; readonly is: string };

/**
 * Tells from the first bytes of a file, also compressed, what it is. Only signs that leave no doubt count as records;
 * a file too short for a TFRecord header that begins like one counts as a truncated TFRecord file.
 *
 * @param head the first bytes, up to {@link HEAD_BYTES}
 */
export async function contentKind(head: Uint8Array): Promise<ContentKind> {
  if (head.length === 0) return { format: undefined, is: 'an empty file' };
  const certain = certainFormat(head);
  if (certain !== undefined) return { format: certain };
  const compression = looksLikeGzip(head) ? 'gzip' : looksLikeZlib(head) ? 'zlib' : undefined;
  if (compression !== undefined) {
    const inside = await inflatedHead(head, compression);
    const format = certainFormat(inside) ?? (isTruncatedHeader(inside) ? 'tfrecord' : undefined);
    if (format !== undefined) return { format };
    if (compression === 'gzip')
      return { format: undefined, is: `a gzip stream of ${inside.length > 0 ? 'other data' : 'no bytes'}` };
  }
  if (firstNonText(head) < 0) {
    const other = describeForeignFile(head);
    return other === undefined || other === 'a text file'
      ? { format: 'textline' }
      : { format: undefined, is: other };
  }
  if (isTruncatedHeader(head)) return { format: 'tfrecord' };
  return { format: undefined, is: describeForeignFile(head) ?? 'neither TFRecord nor RecordIO' };
}

/** Whether these are less bytes than a header has, and the length in them is one of less than 4 GiB. */
function isTruncatedHeader(head: Uint8Array): boolean {
  return (
    head.length >= LENGTH_BYTES &&
    head.length < HEADER_BYTES &&
    head.subarray(4, LENGTH_BYTES).every((byte) => byte === 0) &&
    head.subarray(0, 4).some((byte) => byte !== 0)
  );
}

/** What of the beginning can be inflated. */
async function inflatedHead(head: Uint8Array, kind: 'gzip' | 'zlib'): Promise<Uint8Array> {
  const once = (async function* () {
    yield head;
  })();
  try {
    for await (const chunk of inflate(once, { kind, zlibConcat: true, whenTruncated: 'stop' }))
      if (chunk.length > 0) return chunk.slice(0, HEADER_BYTES);
  } catch {
    // Damaged, or no such stream: nothing is known of it.
  }
  return new Uint8Array(0);
}

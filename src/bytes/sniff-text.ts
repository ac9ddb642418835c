/** Texts that are no records: what is downloaded in place of a file. */
const FOREIGN: readonly (readonly [start: RegExp, name: string])[] = [
  [/^version https:\/\/git-lfs/, 'a Git LFS pointer (run `git lfs pull`)'],
  [/^\s*<(!doctype html|html)/i, 'an HTML page (a failed download?)'],
  [/^\s*<\?xml/, 'an XML document (an error message of an object store?)'],
  [/^\x89RPIX\r\n/, 'an index written by recordpipe, not data'],
  [/^%PDF-/, 'a PDF document'],
  [/^(\xff\xfe([^\0]\0){3}|\xfe\xff(\0[^\0]){3})/, 'a text in UTF-16 (its encoding has to be named)'],
];
const START_BYTES = 64;

/** What a text seems to be that is passed off as a file of records, as a noun with its article. */
export function foreignText(head: Uint8Array): string | undefined {
  let start = '';
  for (const byte of head.subarray(0, START_BYTES)) start += String.fromCharCode(byte);
  const text = start.replace(/^\xef\xbb\xbf/, '');
  return FOREIGN.find(([pattern]) => pattern.test(text))?.[1];
}

/**
 * Where `head` stops to be text: the first control character that texts do not have; the length of `head` where it is not UTF-8 and more than a
 * quarter of it lies beyond ASCII; -1 for text.
 */
export function firstNonText(head: Uint8Array): number {
  let beyond = 0;
  for (let i = 0; i < head.length; i++) {
    const byte = head[i];
    if (byte >= 0x80) beyond++;
    else if (CONTROL[byte] === 1) return i;
  }
  return beyond > head.length / 4 && !isUtf8(head) ? head.length : -1;
}

/** Control characters but tab, line ends, page ends, escape, and the separators 0x1c to 0x1f. */
const CONTROL: Uint8Array = Uint8Array.from({ length: 0x80 }, (_, byte) =>
  byte === 0x7f || byte < 0x09 || (byte > 0x0d && byte < 0x1b) ? 1 : 0,
);

function isUtf8(head: Uint8Array): boolean {
  try {
    // As a stream, so that a character cut in two at the end is no error.
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    return true;
  } catch {
    return false;
  }
}

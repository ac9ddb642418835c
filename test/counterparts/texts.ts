import { deflateSync, gzipSync } from 'node:zlib';
import { concat } from '../support/oracle-tfrecord.ts';
import type { Random } from '../support/random.ts';

/** Size of TensorFlow's buffer. */
const BUFFER = 262_144;

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));

/** Texts that line readers treat differently. */
const TEXTS: readonly string[] = [
  '',
  '\n',
  '\r',
  '\r\n',
  '\n\n\n',
  '\r\r\r',
  'a',
  'a\n',
  'a\r',
  'a\r\n',
  'a\rb',
  'a\rb\r\n',
  'a\r\r\nb\r\r',
  'a\n\r',
  'a\n\r\n',
  'a\n\r\r',
  '\ra\n\r\n\nb\r',
  '\0\n\0\0',
  '\xef\xbb\xbfa\n\xef\xbb\xbfb\n',
  '\xff\xfe\x80\n\xc3\n(',
  'a\vb\fc\x85d\xe2\x80\xa8e\n',
  // Line ends and carriage returns around buffer boundaries.
  ...[-2, -1, 0, 1, 2].flatMap((off) => [
    `${'x'.repeat(BUFFER + off)}\r\ny`,
    `${'x'.repeat(BUFFER + off)}\n\r`,
    `${'x'.repeat(BUFFER + off)}\ry\n`,
  ]),
  `${'\r'.repeat(BUFFER + 3)}\n${'\r'.repeat(2 * BUFFER)}`,
  '\n'.repeat(5000),
  `${'long '.repeat(500_000)}\r\n${'long '.repeat(500_000)}`,
];

/** Returns text files by name. The suffix indicates the compression, as the programs expect. */
export function texts(random: Random): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  const plain = [...TEXTS.map(bytes), ...randomTexts(random)];
  for (const [i, text] of plain.entries()) {
    files.set(`text-${i}.txt`, text);
    if (i % 3 === 0) files.set(`text-${i}.gz.txt`, new Uint8Array(gzipSync(text)));
    if (i % 3 === 1) files.set(`text-${i}.zlib.txt`, new Uint8Array(deflateSync(text)));
    // The last line of one member continues in the next. TensorFlow treats an empty member as the
    // end.
    if (i % 3 === 2 && text.length > 1) {
      const cut = 1 + random.below(text.length - 1);
      files.set(
        `members-${i}.gz.txt`,
        concat([gzipSync(text.subarray(0, cut)), gzipSync(text.subarray(cut))]),
      );
    }
  }
  return files;
}

function randomTexts(random: Random): Uint8Array[] {
  const pieces = ['\n', '\r', '\r\n', 'a', 'word', 'größe', '\0', '\n\n', '\r\r', 'x'.repeat(5000)];
  return Array.from({ length: 200 }, (_, i) => {
    const count = random.below(i < 170 ? 12 : 400);
    return bytes(Array.from({ length: count }, () => random.pick(pieces)).join(''));
  });
}

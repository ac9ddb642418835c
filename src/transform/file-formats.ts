import type { Compression } from '../formats/read-options.ts';
import type { FormatName } from '../formats/record-format.ts';

/**
 * The formats that transformations read and write: the binary formats, lines of text, and two encodings of any bytes as text:
 * `jsonl`, one JSON object `{"data":"<base64>"}` per line, and `base64`, one base64 text per line.
 */
export type FileFormat = FormatName | 'jsonl' | 'base64';

/** The format and compression that a file's name says. */
export interface NamedKind {
  readonly format: FileFormat | undefined;
  readonly compression: Compression;
}

export const FILE_FORMATS: readonly FileFormat[] = ['tfrecord', 'recordio', 'textline', 'jsonl', 'base64'];

/** The usual extension of each format. */
const EXTENSIONS: Record<FileFormat, string> = {
  tfrecord: '.tfrecord',
  recordio: '.rec',
  textline: '.txt',
  jsonl: '.jsonl',
  base64: '.b64',
};

const FORMATS: readonly (readonly [name: RegExp, format: FileFormat])[] = [
  [/\.(tfrecords?|tfrec|tfr)$/, 'tfrecord'],
  [/\.(rec|recordio|rio)$/, 'recordio'],
  [/\.(jsonl|ndjson)$/, 'jsonl'],
  [/\.(b64|base64)$/, 'base64'],
  [/\.(txt|text|lines|csv|tsv)$/, 'textline'],
];

/**
 * The format and compression that a file's name says, also if a shard number follows the extension
 * (`train.rec-00000-of-00012.gz`): `.gz` and `.gzip` mean gzip, `.zz` and `.zlib` zlib, everything else none.
 *
 * @example
 * ```ts
 * import { kindOfName } from 'recordpipe/transform';
 * console.log(kindOfName('train.rec.gz')); // { format: 'recordio', compression: 'gzip' }
 * ```
 */
export function kindOfName(path: string): NamedKind {
  const name = path.toLowerCase();
  const packed = /\.(gz|gzip|zz|zlib)$/.exec(name);
  const plain = (packed === null ? name : name.slice(0, packed.index)).replace(/-\d+-of-\d+$/, '');
  return {
    format: FORMATS.find(([extension]) => extension.test(plain))?.[1],
    compression: packed === null ? 'none' : packed[1].startsWith('g') ? 'gzip' : 'zlib',
  };
}

/**
 * The extension of a file of this kind.
 *
 * @example
 * ```ts
 * import { extensionOf } from 'recordpipe/transform';
 * console.log(extensionOf('recordio', 'gzip')); // .rec.gz
 * ```
 */
export function extensionOf(format: FileFormat, compression: Compression): string {
  return EXTENSIONS[format] + { none: '', gzip: '.gz', zlib: '.zz' }[compression];
}

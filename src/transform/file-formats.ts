import { type Compression, compressionSuffix, splitCompressedName } from '../formats/codec-options.ts';
import type { FormatName } from '../formats/names/index.ts';
import { formatNames, recordFormat } from '../formats/registry.ts';

/**
 * The formats that transformations read and write: the binary formats, lines of text, and two
 * encodings of any bytes as text: `jsonl`, one JSON object `{"data":"<base64>"}` per line, and
 * `base64`, one base64 text per line.
 */
export type FileFormat = FormatName | 'jsonl' | 'base64';

/** The format and compression that a file's name says. */
export interface NamedKind {
  readonly format: FileFormat | undefined;
  readonly compression: Compression;
}

/** Spellings of any bytes as text, with their file extensions; the usual one first. */
const SPELLINGS = { jsonl: ['jsonl', 'ndjson'], base64: ['b64', 'base64'] } as const;

/** The names of all file formats. */
export function fileFormats(): FileFormat[] {
  return [...formatNames(), 'jsonl', 'base64'];
}

/**
 * The format and compression that a file's name says, also if a shard number follows the extension
 * (`train.rec-00000-of-00012.gz`): `.gz` and `.gzip` mean gzip, `.zz` and `.zlib` zlib, everything
 * else none.
 *
 * @example
 * ```ts
 * import { kindOfName } from 'recordpipe/transform';
 * console.log(kindOfName('train.rec.gz')); // { format: 'recordio', compression: 'gzip' }
 * ```
 */
export function kindOfName(path: string): NamedKind {
  const { plain, compression } = splitCompressedName(path.toLowerCase());
  const extension = /\.([^.]+)$/.exec(plain.replace(/-\d+-of-\d+$/, ''))?.[1] ?? '';
  const format = fileFormats().findLast((name) => extensionsOf(name).includes(extension));
  return { format, compression };
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
  return `.${extensionsOf(format)[0]}${compressionSuffix(compression)}`;
}

function extensionsOf(format: FileFormat): readonly string[] {
  return format === 'jsonl' || format === 'base64' ? SPELLINGS[format] : recordFormat(format).extensions;
}

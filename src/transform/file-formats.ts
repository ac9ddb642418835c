import { type Compression, compressionSuffix, splitCompressedName } from '../formats/codec-options.ts';
import type { FormatName } from '../formats/names/index.ts';
import { formatNames, recordFormat } from '../formats/registry.ts';

/**
 * Formats that transformations read and write: the binary formats, text lines, and `base64`, which
 * stores each record as a line of base64.
 */
export type FileFormat = FormatName | 'base64';

/** Format and compression indicated by a file name. */
export interface NamedKind {
  /** Format of the file; undefined if the name does not show it. */
  readonly format: FileFormat | undefined;
  /** Compression of the file. */
  readonly compression: Compression;
}

/** File extensions of base64 lines. The preferred extension is first. */
const BASE64_EXTENSIONS: readonly string[] = ['b64', 'base64'];

/** Returns the names of all file formats. */
export function fileFormats(): FileFormat[] {
  return [...formatNames(), 'base64'];
}

/**
 * Returns the format and compression indicated by a file name, which may have a shard number after
 * the extension (`train.rec-00000-of-00012.gz`). `.gz` and `.gzip` mean gzip, `.zz` and `.zlib`
 * mean zlib, and any other extension means no compression.
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
 * Returns the file extension for a format and compression.
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
  return format === 'base64' ? BASE64_EXTENSIONS : recordFormat(format).extensions;
}

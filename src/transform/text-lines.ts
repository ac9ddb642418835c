import type { ByteSource } from '../bytes/sources.ts';
import { type FileFormat, kindOfName } from './file-formats.ts';
import { nameOf } from './record-input.ts';
import type { TransformOptions } from './transform-options.ts';

/**
 * Returns options that keep the carriage returns of text converted to text, unless `cr` is set. If
 * the output is known to have another format, the default of the reader applies.
 * @param output name of the output, if it can determine the format
 */
export function keepingLineEnds<O extends TransformOptions>(options: O, output: string | undefined): O {
  const { read, write, to } = options;
  const target = to ?? formatOfName(output);
  if (read.cr !== undefined || write.cr !== undefined) return options;
  return target === undefined || target === 'textline'
    ? { ...options, read: { ...read, cr: 'keep' } }
    : options;
}

/**
 * Returns options for a transformation that keeps the format. `.jsonl` files are read as text lines
 * if the output's name ends in `.jsonl` or does not determine a format.
 * @param output name of the output, if it can determine the format
 */
export function preservingLines<O extends TransformOptions>(
  sources: readonly ByteSource[],
  output: string | undefined,
  options: O,
): O {
  const { from, to, read } = options;
  const named = formatOfName(output);
  const plain =
    (from === 'auto' || from === 'textline') &&
    (to === undefined || to === 'textline') &&
    (named === undefined || named === 'jsonl') &&
    sources.every((source) => formatOfName(read.uri ?? nameOf(source)) === 'jsonl');
  return keepingLineEnds(plain ? { ...options, from: 'textline', to: 'textline' } : options, output);
}

/**
 * Returns options for writing the output of a source with this format. Carriage returns that the
 * reader kept are written.
 */
export function writingOptions<O extends Pick<TransformOptions, 'read' | 'write'>>(
  options: O,
  from: FileFormat,
): O {
  const { read, write } = options;
  if (from !== 'textline' || read.cr !== 'keep' || write.cr !== undefined) return options;
  return { ...options, write: { ...write, cr: 'keep' } };
}

/**
 * Returns the extension of a text file name, such as `.csv` or `.jsonl`; undefined for other names.
 */
export function textExtension(name: string | undefined): string | undefined {
  const plain = name?.replace(/\.(gz|gzip|zz|zlib)$/i, '').replace(/-\d+-of-\d+$/, '');
  const format = formatOfName(plain);
  return format === 'textline' || format === 'jsonl' ? /\.[^.]*$/.exec(plain ?? '')?.[0] : undefined;
}

function formatOfName(name: string | undefined): FileFormat | undefined {
  return name === undefined || name === '-' ? undefined : kindOfName(name).format;
}

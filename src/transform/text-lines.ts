import { type FileFormat, kindOfName } from './file-formats.ts';
import type { TransformOptions } from './transform-options.ts';

/**
 * Returns options that keep carriage returns when text is converted to text, unless `cr` is set. If
 * the output is known to have a different format, the default of the reader applies.
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
  return format === 'textline' ? /\.[^.]*$/.exec(plain ?? '')?.[0] : undefined;
}

function formatOfName(name: string | undefined): FileFormat | undefined {
  return name === undefined || name === '-' ? undefined : kindOfName(name).format;
}

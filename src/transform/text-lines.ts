import type { ByteSource } from '../bytes/sources.ts';
import type { FileFormat } from './file-formats.ts';
import { kindOfName } from './file-formats.ts';
import { nameOf } from './record-output.ts';
import type { TransformOptions } from './transform-options.ts';

/**
 * The same options, for what makes a text of a text: unless it is told what becomes of carriage returns, each line keeps its own. Where the output is known
 * to be of another format, the reader's default stays.
 * @param output undefined where the name says nothing
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
 * The same options, for what leaves the format as it is: the lines of `.jsonl` files that become a `.jsonl` file, or one whose name says nothing, are text,
 * whatever is in them.
 * @param output undefined where the name says nothing
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

/** The options of the output of a source of this format: carriage returns that were kept are written. */
export function writingOptions<O extends Pick<TransformOptions, 'read' | 'write'>>(
  options: O,
  from: FileFormat,
): O {
  const { read, write } = options;
  if (from !== 'textline' || read.cr !== 'keep' || write.cr !== undefined) return options;
  return { ...options, write: { ...write, cr: 'keep' } };
}

/** The extension of a text, as its name has it: `.csv`, `.jsonl`; undefined where the name is none of a text. */
export function textExtension(name: string | undefined): string | undefined {
  const plain = name?.replace(/\.(gz|gzip|zz|zlib)$/i, '').replace(/-\d+-of-\d+$/, '');
  const format = formatOfName(plain);
  return format === 'textline' || format === 'jsonl' ? /\.[^.]*$/.exec(plain ?? '')?.[0] : undefined;
}

function formatOfName(name: string | undefined): FileFormat | undefined {
  return name === undefined || name === '-' ? undefined : kindOfName(name).format;
}

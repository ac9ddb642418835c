import { basename, join } from 'node:path';
import { UsageError } from 'recordpipe/errors';
import { extensionOf, type FileFormat, kindOfName } from 'recordpipe/transform';
import { isS3 } from './reaching.ts';
import { makeFolder } from './report-file.ts';
import type { TransformCommandOptions } from './transform-options.ts';

/** The output of each file; local folders are made. */
export async function outputsIn(
  folder: string,
  files: readonly string[],
  { to, outputCompression = 'none' }: TransformCommandOptions,
): Promise<string[]> {
  if (to === undefined) throw new UsageError('convert: --output-dir needs the format to write, --to');
  return placesIn(
    folder,
    files,
    files.map((file) => outputName(file, to, outputCompression)),
  );
}

/**
 * The paths of outputs in a folder, which is made.
 * @param names one for each file
 * @throws UsageError for two files that would have the same output
 */
export async function placesIn(
  folder: string,
  files: readonly string[],
  names: readonly string[],
): Promise<string[]> {
  const first = new Map<string, number>();
  for (const [i, name] of names.entries()) {
    const other = first.get(name);
    if (other !== undefined)
      throw new UsageError(
        `--output-dir: ${files[other]} and ${files[i]} would both be written to ${name}; use a folder for each`,
      );
    first.set(name, i);
  }
  const remote = isS3(folder);
  if (!remote) await makeFolder(folder);
  return names.map((name) => (remote ? `${folder.replace(/\/?$/, '/')}${name}` : join(folder, name)));
}

/** The input's name with the extension of the output; numbers of shards stay. */
function outputName(input: string, to: FileFormat, compression: 'none' | 'gzip' | 'zlib'): string {
  const plain = basename(input === '-' ? 'stdin' : input).replace(/\.(gz|gzip|zz|zlib)$/i, '');
  const [shard = ''] = /-\d+-of-\d+$/.exec(plain) ?? [];
  const stem = plain.slice(0, plain.length - shard.length);
  const known = kindOfName(stem).format === undefined ? stem : stem.replace(/\.[^.]*$/, '');
  return `${known}${shard}${extensionOf(to, compression)}`;
}

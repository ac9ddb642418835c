import { basename, join } from 'node:path';
import { expandInputs } from 'recordpipe/report';
import {
  convertFile,
  extensionOf,
  type FileFormat,
  kindOfName,
  type TransformOptions,
} from 'recordpipe/transform';
import { isS3, reachingOf } from '../reaching.ts';
import { makeFolder } from '../report-file.ts';
import { isSharded, noInputs, type ShardCommandOptions } from '../shard-options.ts';
import { formatNumberOf } from '../sizes.ts';
import { byteSource } from '../source.ts';
import type { TransformCommandOptions } from '../transform-options.ts';
import { transforming, writtenText } from '../transform-run.ts';

/** Options of `recordpipe convert`. */
export interface ConvertCommandOptions extends TransformCommandOptions, ShardCommandOptions {
  readonly outputDir?: string;
}

/** Converts one file, or many into a folder; the exit code. */
export async function convert(files: string[], options: ConvertCommandOptions): Promise<number> {
  const { outputDir } = options;
  if (files.length === 0 && options.plan === undefined) throw noInputs();
  if (isSharded(options)) {
    if (outputDir === undefined)
      throw new RangeError(
        '--shard, --plan: expected --output-dir, where each output gets the name of its input',
      );
    // Imported when wanted: start-up time counts.
    return (await import('./convert-shard.ts')).convertShard(outputDir, files, options);
  }
  if (outputDir !== undefined) return convertInto(outputDir, files, options);
  if (files.length !== 2)
    throw new RangeError(
      `convert: expected an input and an output, got ${formatNumberOf(files.length, 'file')}; for many inputs, --output-dir`,
    );
  const [input, output] = files;
  if (options.to === undefined && (output === '-' || kindOfName(output).format === undefined))
    throw new RangeError(`convert: ${output} does not tell the format to write; name it with --to`);
  return transforming(options, {
    verb: 'convert',
    output,
    work: (common) => convertFile(byteSource(input).source, output, common),
    summary: ({ from, to, output }) => `${writtenText(output)} (${from} to ${to})`,
  });
}

async function convertInto(
  folder: string,
  inputs: string[],
  options: ConvertCommandOptions,
): Promise<number> {
  const files = await expandInputs(inputs, options.format, reachingOf(options));
  const outputs = await outputsIn(folder, files, options);
  return transforming(options, {
    verb: 'convert',
    output: folder,
    work: (common) => convertAll(files, outputs, common),
    summary: (results) => results.map(({ output }) => writtenText(output)).join('\n'),
  });
}

/** The output of each file; local folders are made. */
export async function outputsIn(
  folder: string,
  files: readonly string[],
  { to, outputCompression = 'none' }: ConvertCommandOptions,
): Promise<string[]> {
  if (to === undefined) throw new RangeError('convert: --output-dir needs the format to write, --to');
  const names = files.map((file) => outputName(file, to, outputCompression));
  const first = new Map<string, number>();
  for (const [i, name] of names.entries()) {
    const other = first.get(name);
    if (other !== undefined)
      throw new RangeError(
        `convert: ${files[other]} and ${files[i]} would both be written to ${name}; convert them into different folders`,
      );
    first.set(name, i);
  }
  const remote = isS3(folder);
  if (!remote) await makeFolder(folder);
  return names.map((name) => (remote ? `${folder.replace(/\/?$/, '/')}${name}` : join(folder, name)));
}

async function convertAll(
  files: readonly string[],
  outputs: readonly string[],
  common: Partial<TransformOptions>,
): Promise<Awaited<ReturnType<typeof convertFile>>[]> {
  const results = [];
  for (const [i, file] of files.entries())
    results.push(await convertFile(byteSource(file).source, outputs[i], common));
  return results;
}

/** The input's name with the extension of the output; numbers of shards stay. */
function outputName(input: string, to: FileFormat, compression: 'none' | 'gzip' | 'zlib'): string {
  const plain = basename(input === '-' ? 'stdin' : input).replace(/\.(gz|gzip|zz|zlib)$/i, '');
  const [shard = ''] = /-\d+-of-\d+$/.exec(plain) ?? [];
  const stem = plain.slice(0, plain.length - shard.length);
  const known = kindOfName(stem).format === undefined ? stem : stem.replace(/\.[^.]*$/, '');
  return `${known}${shard}${extensionOf(to, compression)}`;
}

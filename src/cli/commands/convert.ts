import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { RecordpipeError } from 'recordpipe';
import { expandInputs } from 'recordpipe/report';
import {
  convertFile,
  extensionOf,
  type FileFormat,
  kindOfName,
  type TransformOptions,
} from 'recordpipe/transform';
import { isS3, reachingOf } from '../reaching.ts';
import { formatNumberOf } from '../sizes.ts';
import { byteSource } from '../source.ts';
import type { TransformCommandOptions } from '../transform-options.ts';
import { transforming, writtenText } from '../transform-run.ts';

/** Options of `recordpipe convert`. */
export interface ConvertCommandOptions extends TransformCommandOptions {
  readonly outputDir?: string;
}

/** Converts one file, or many into a folder; the exit code. */
export async function convert(files: string[], options: ConvertCommandOptions): Promise<number> {
  const { outputDir } = options;
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
  const { to, outputCompression = 'none' } = options;
  if (to === undefined) throw new RangeError('convert: --output-dir needs the format to write, --to');
  const files = await expandInputs(inputs, options.format, reachingOf(options));
  const names = files.map((file) => outputName(file, to, outputCompression));
  const second = names.findIndex((name, i) => names.indexOf(name) < i);
  if (second >= 0) {
    const first = names.indexOf(names[second]);
    throw new RangeError(
      `convert: ${files[first]} and ${files[second]} would both be written to ${names[second]}; convert them into different folders`,
    );
  }
  const remote = isS3(folder);
  if (!remote) await makeFolder(folder);
  return transforming(options, {
    verb: 'convert',
    output: folder,
    work: (common) =>
      convertAll(
        files,
        names.map((name) => (remote ? `${folder.replace(/\/?$/, '/')}${name}` : join(folder, name))),
        common,
      ),
    summary: (results) => results.map(({ output }) => writtenText(output)).join('\n'),
  });
}

async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((error: Error) => {
    throw new RecordpipeError(
      'io-failure',
      `the folder cannot be made: ${error.message}`,
      { uri: folder },
      error,
    );
  });
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

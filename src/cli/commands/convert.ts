import { basename } from 'node:path';
import { UsageError } from 'recordpipe/errors';
import type { DoneFile } from 'recordpipe/scale';
import { command, type Register } from '../command.ts';
import { OK } from '../exit-codes.ts';
import { expanded, inputSelection, noInputs, sourceOf } from '../options/inputs.ts';
import { choice, flag, grouped, type Values, value } from '../options/option.ts';
import { isSharded, shardOptions } from '../options/reports.ts';
import { FILE_FORMATS, OUTPUT_HEADING, transformOptions } from '../options/transform.ts';
import { eachFile, outputPaths } from '../output-files.ts';
import { formatNumberOf } from '../text/format.ts';
import { transforming, writtenText } from '../transforming.ts';

const OPTIONS = {
  outputDir: value('--output-dir <dir>', 'convert each input into this directory, keeping its base name'),
  keepGoing: flag(
    '--keep-going',
    'with --output-dir: report files that cannot be converted and continue with the others',
  ),
  ...transformOptions,
  ...grouped(OUTPUT_HEADING, {
    to: choice(
      '--to <format>',
      'output format (default: from the extension; required for stdout and with --output-dir)',
      FILE_FORMATS,
    ),
  }),
  ...inputSelection,
  ...shardOptions,
};

export const register: Register = command({
  name: 'convert',
  description: 'Convert record files to another format or compression; payloads are unchanged.',
  arguments: {
    '[files...]': 'an input (- for stdin) and an output (- for stdout); with --output-dir: inputs only',
  },
  options: OPTIONS,
  help: `
Examples:
  recordpipe convert train.tfrecord train.rec
  recordpipe convert train.rec train.tfrecord.gz
  recordpipe convert lines.txt lines.tfrecord --format textline
  recordpipe convert train.tfrecord - --to base64 | head
  recordpipe convert data/ --output-dir converted --to recordio

base64 stores one base64 string per line, and can represent any bytes. textline cannot represent a record that contains a newline: such a record is an error. --delimiter and --cr apply to both input and output. Text lines converted to text lines keep their carriage returns unless you pass --cr.`,
  action: convert,
});

type Options = Values<typeof OPTIONS>;

async function convert(files: string[], options: Options): Promise<number> {
  const { outputDir } = options;
  if (files.length === 0 && options.plan === undefined) throw noInputs();
  if (isSharded(options)) {
    if (outputDir !== undefined) return convertShard(outputDir, files, options);
    throw new UsageError('--shard, --plan: require --output-dir; each output keeps the name of its input');
  }
  if (outputDir !== undefined) return convertInto(outputDir, files, options);
  if (options.keepGoing) throw new UsageError('--keep-going: requires --output-dir');
  if (files.length !== 2)
    throw new UsageError(
      `convert: expected an input and an output, got ${formatNumberOf(files.length, 'file')}; for several inputs, pass --output-dir`,
    );
  const { convertFile, kindOfName } = await import('recordpipe/transform');
  const [input, output] = files;
  if (options.to === undefined && (output === '-' || kindOfName(output).format === undefined))
    throw new UsageError(`convert: the output format cannot be derived from ${output}; pass --to`);
  return transforming(options, {
    verb: 'convert',
    output,
    work: (common) => convertFile(sourceOf(input).source, output, common),
    summary: ({ from, to, output }) => `${writtenText(output)} (${from} to ${to})`,
  });
}

async function convertInto(folder: string, inputs: string[], options: Options): Promise<number> {
  const { convertFile } = await import('recordpipe/transform');
  const files = await expanded(inputs, options);
  const outputs = await outputsIn(folder, files, options);
  let exitCode = OK;
  return transforming(options, {
    verb: 'convert',
    output: folder,
    work: async (common) => {
      const done = await eachFile(
        files,
        (file, i) => convertFile(sourceOf(file).source, outputs[i], common),
        options.keepGoing ? () => undefined : undefined,
      );
      exitCode = done.exitCode;
      return done.results;
    },
    summary: (results) => {
      const lines = results.map(({ output }) => writtenText(output));
      const failed = files.length - results.length;
      if (failed > 0) lines.push(`${formatNumberOf(failed, 'file')} of ${files.length} not converted`);
      return lines.join('\n');
    },
    exitCode: () => exitCode,
  });
}

/** Converts each file of a shard to its own output. Continues after a file fails. */
async function convertShard(folder: string, inputs: string[], options: Options): Promise<number> {
  const [{ settingsOf, shardFiles }, { convertFile }] = await Promise.all([
    import('../shard-run.ts'),
    import('recordpipe/transform'),
  ]);
  const { format, from, to, outputCompression, level } = options;
  const settings = {
    ...settingsOf(options),
    from,
    to,
    outputCompression,
    level,
    escape: options.escape,
    folder,
  };
  const shard = await shardFiles({ command: 'convert', inputs, format, parts: false, settings }, options);
  // Compute the outputs over all shards, so that no two shards write the same file.
  const all = shard.all.map(({ uri }) => uri);
  const names = await outputsIn(folder, all, options);
  const outputs = new Map(all.map((uri, i) => [uri, names[i]]));
  let exitCode = OK;
  return transforming(options, {
    verb: 'convert',
    output: folder,
    work: async (common) => {
      const { results } = await eachFile<DoneFile>(
        shard.files.map(({ uri }) => uri),
        async (uri) => {
          await shard.check(uri);
          const output = outputs.get(uri)!;
          const { records, bytes } = (await convertFile(sourceOf(uri).source, output, common)).output;
          return { uri, output, records, bytes };
        },
        ({ code, message }, uri) => ({ uri, error: { code, message } }),
      );
      exitCode = await shard.end(results);
      return results;
    },
    summary: (done) => {
      const bad = done.filter(({ error }) => error !== undefined).length;
      return `${formatNumberOf(done.length - bad, 'file')} converted${bad > 0 ? `, ${bad} failed` : ''}`;
    },
    exitCode: () => exitCode,
  });
}

/**
 * Returns the output of each file: the name of the input with the extension of the output format.
 */
async function outputsIn(
  folder: string,
  files: readonly string[],
  { to, outputCompression = 'none' }: Options,
): Promise<string[]> {
  if (to === undefined) throw new UsageError('convert: --output-dir requires --to');
  const { extensionOf, kindOfName } = await import('recordpipe/transform');
  const names = files.map((file) => {
    const plain = basename(file === '-' ? 'stdin' : file).replace(/\.(gz|gzip|zz|zlib)$/i, '');
    const [shard = ''] = /-\d+-of-\d+$/.exec(plain) ?? [];
    const stem = plain.slice(0, plain.length - shard.length);
    const known = kindOfName(stem).format === undefined ? stem : stem.replace(/\.[^.]*$/, '');
    return `${known}${shard}${extensionOf(to, outputCompression)}`;
  });
  return outputPaths(folder, files, names);
}

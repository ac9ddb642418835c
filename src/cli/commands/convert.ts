import { basename } from 'node:path';
import { UsageError } from 'recordpipe/errors';
import type { DoneFile } from 'recordpipe/scale';
import type { SelectingOptions } from 'recordpipe/transform';
import { command, type Register } from '../command.ts';
import { OK } from '../exit-codes.ts';
import { type FilterOptions, filterOptions } from '../options/filter.ts';
import { expanded, INPUTS, inputSelection, inputsOf, noInputs, sourceOf } from '../options/inputs.ts';
import { accessOf } from '../options/objects.ts';
import { choice, flag, grouped, type Values, value } from '../options/option.ts';
import { INPUT_HEADING } from '../options/reading.ts';
import { isSharded, shardOptions } from '../options/reports.ts';
import {
  FILE_FORMATS,
  OUTPUT,
  OUTPUT_HEADING,
  TEXT_NOTES,
  type TransformingOptions,
  transformOptions,
} from '../options/transform.ts';
import { eachFile, outputPaths } from '../output-files.ts';
import {
  convertedTable,
  isTableConversion,
  refuseTableOptions,
  TABLE_FORMATS,
  tableConversionOf,
  tableOptions,
  tableSummary,
} from '../table-conversion.ts';
import { formatNumberOf } from '../text/format.ts';
import { transforming, whereText, writtenText } from '../transforming.ts';

const FORMATS = [...FILE_FORMATS, ...TABLE_FORMATS];

const OPTIONS = {
  outputDir: value(
    '--output-dir <dir>',
    'convert each input to a file with the same base name in this directory',
  ),
  keepGoing: flag(
    '--keep-going',
    'with --output-dir: report each file that cannot be converted, and continue with the other files',
  ),
  ...filterOptions,
  ...transformOptions,
  ...grouped(INPUT_HEADING, {
    from: choice(
      '--from <format>',
      'input format (default: from the extension, otherwise a record format detected from the content)',
      FORMATS,
    ).conflicts('format'),
  }),
  ...grouped(OUTPUT_HEADING, {
    to: choice(
      '--to <format>',
      'output format (default: from the extension; required for stdout and with --output-dir)',
      FORMATS,
    ),
  }),
  ...tableOptions,
  ...inputSelection,
  ...shardOptions,
};

export const register: Register = command({
  name: 'convert',
  description:
    'Convert record files to another format or compression, or to and from tables (Parquet, Arrow, CSV, JSON Lines).',
  usage: '[options] <inputs...> [output]',
  arguments: {
    '[inputs...]': `${INPUTS}. Several inputs require a table format or --output-dir. Unless you pass --output-dir, the last argument is the output: ${OUTPUT}`,
  },
  options: OPTIONS,
  examples: `
recordpipe convert train.tfrecord train.rec
recordpipe convert train.rec train.tfrecord.gz
recordpipe convert lines.txt lines.tfrecord --format textline
recordpipe convert train.tfrecord - --to base64 | head
recordpipe convert data/ --output-dir converted --to recordio
recordpipe convert data/ train.parquet
recordpipe convert data/ out/train.parquet --rows-per-file 100000
recordpipe convert train.parquet train.tfrecord
recordpipe convert train.tfrecord - --to jsonl --columns label,image/* | head
recordpipe convert data/ threes.parquet --where 'label == 3 && has(bbox)'
recordpipe schema data/ -o schema.json
zcat a.tfrecord.gz | recordpipe convert - - --to arrow --schema schema.json`,
  notes: `Conversions between record formats keep payloads unchanged. A table has one row per record (tf.train.Example, SequenceExample or recordio-protobuf) and one column per feature. Converting a Parquet or Arrow table back restores the records exactly; for csv and jsonl, pass the same --schema in both directions. If the table cannot represent a value, convert fails with an error that names the feature and the record, unless you pass --lossy or --skip-errors. convert treats *.jsonl and *.csv files as tables; to convert their lines unchanged, pass --from textline or --to textline.

In the base64 format, each line is the base64 encoding of one payload, so payloads can contain any bytes. textline cannot represent a record that contains a newline; convert fails on such a record. --delimiter and --cr apply to both the input and the output. ${TEXT_NOTES}`,
  action: convert,
});

type Options = Values<typeof OPTIONS>;

async function convert(files: string[], options: Options): Promise<number> {
  const { outputDir } = options;
  if (files.length === 0 && options.plan === undefined) throw noInputs();
  const inputs = outputDir === undefined ? files.slice(0, -1) : files;
  const isTable = await isTableConversion(
    inputs,
    outputDir === undefined ? files.at(-1) : undefined,
    options,
  );
  if (!isTable) refuseTableOptions(options);
  if (isSharded(options)) {
    if (outputDir !== undefined) return convertShard(outputDir, files, options, isTable);
    throw new UsageError('--shard, --plan: require --output-dir; each output keeps the name of its input');
  }
  if (outputDir !== undefined) return convertInto(outputDir, files, options, isTable);
  if (options.keepGoing) throw new UsageError('--keep-going: requires --output-dir');
  if (isTable && files.length >= 2) return convertTables(inputs, files[files.length - 1], options);
  if (files.length !== 2)
    throw new UsageError(
      `convert: expected an input and an output, got ${formatNumberOf(files.length, 'file')}; for several inputs, pass --output-dir`,
    );
  const { convertFile, kindOfName } = await import('recordpipe/transform');
  const [input, output] = files;
  if (options.to === undefined && (output === '-' || kindOfName(output).format === undefined))
    throw new UsageError(`convert: the output format cannot be derived from ${output}; pass --to`);
  return transforming(recordsOnly(options), {
    verb: 'convert',
    output,
    work: (common) => convertFile(sourceOf(input).source, output, common),
    summary: ({ from, to, output }) => `${writtenText(output)} (${from} to ${to})`,
  });
}

/**
 * Returns the same options without the names of tables. In a conversion of tables, the formats come
 * from {@link tableConversionOf}.
 */
function recordsOnly(options: Options): TransformingOptions & FilterOptions {
  return options as Options & TransformingOptions;
}

async function convertTables(inputs: string[], output: string, options: Options): Promise<number> {
  const { tableFormatOfName } = await import('recordpipe/columns');
  const { to = tableFormatOfName(output) } = options;
  if (to === undefined && output === '-')
    throw new UsageError('convert: the format of standard output is unknown; pass --to');
  return transforming(recordsOnly(options), {
    verb: 'convert',
    output,
    isText: to === 'csv' || to === 'jsonl',
    work: async (common) =>
      convertedTable(inputs, output, await tableConversionOf(options, common), options.quiet),
    summary: tableSummary,
  });
}

/** A finished output of a conversion with `--output-dir`. */
interface Done {
  readonly text: string;
  readonly records: number;
  readonly bytes: number;
  readonly result: object;
}

type ConvertOne = (file: string, output: string) => Promise<Done>;

/**
 * Returns a function that converts one file. The files of tables share their columns, which are
 * inferred from all of them.
 */
async function converter(
  files: readonly string[],
  options: Options,
  common: Partial<SelectingOptions>,
  isTable: boolean,
): Promise<ConvertOne> {
  if (!isTable) {
    const { convertFile } = await import('recordpipe/transform');
    return async (file, path) => {
      const result = await convertFile(sourceOf(file).source, path, common);
      const { records, bytes } = result.output;
      return { text: writtenText(result.output) + whereText(result), records, bytes, result };
    };
  }
  const { columnsToConvert, isTableFormat } = await import('recordpipe/columns');
  const table = await tableConversionOf(options, common);
  const isShared = files.length > 1 && table.schema === undefined && isTableFormat(options.to ?? '');
  const schema = isShared ? await columnsToConvert(files, 'all', table) : table.schema;
  return async (file, path) => {
    const result = await convertedTable([file], path, { ...table, schema }, options.quiet);
    const bytes = result.outputs.reduce((sum, one) => sum + one.bytes, 0);
    return { text: tableSummary(result) + whereText(result), records: result.records, bytes, result };
  };
}

async function convertInto(
  folder: string,
  inputs: string[],
  options: Options,
  isTable: boolean,
): Promise<number> {
  const files = await filesIn(inputs, options);
  const outputs = await outputsIn(folder, files, options);
  let exitCode = OK;
  let failed = 0;
  return transforming(recordsOnly(options), {
    verb: 'convert',
    output: folder,
    work: async (common) => {
      const convertOne = await converter(files, options, common, isTable);
      const done = await eachFile(
        files,
        (file, i) => convertOne(file, outputs[i]),
        options.keepGoing ? () => undefined : undefined,
      );
      exitCode = done.exitCode;
      failed = done.failed;
      return done.results.map(({ text, result }) => ({ text, toJSON: () => result }));
    },
    summary: (results) => {
      const lines = results.map(({ text }) => text);
      if (failed > 0) lines.push(`${failed} of ${formatNumberOf(files.length, 'file')} not converted`);
      return lines.join('\n');
    },
    exitCode: () => exitCode,
  });
}

/** Returns the input files: record files, or tables of the format that the options name. */
async function filesIn(inputs: string[], options: Options): Promise<string[]> {
  const from = TABLE_FORMATS.find((name) => name === options.from);
  if (from === undefined) return expanded(inputs, options);
  const { expandTables } = await import('recordpipe/columns');
  return expandTables(inputs, from, { ...accessOf(options), ...inputsOf(options, options.quiet) });
}

/** Converts each file of a shard to its own output. Continues after a file fails. */
async function convertShard(
  folder: string,
  inputs: string[],
  options: Options,
  isTable: boolean,
): Promise<number> {
  const { settingsOf, shardFiles } = await import('../shard-run.ts');
  const isFromRecords = !TABLE_FORMATS.some((name) => name === options.from);
  if (isTable && isFromRecords && options.schema === undefined)
    throw new UsageError(
      '--shard, --plan: each shard would infer its own columns; write a schema of all files with recordpipe schema, and pass --schema',
    );
  const { format, from, to, outputCompression, level } = options;
  const settings = {
    ...settingsOf(options),
    from,
    to,
    outputCompression,
    level,
    escape: options.escape,
    columns: options.columns?.join(),
    rowsPerFile: options.rowsPerFile,
    lossy: options.lossy,
    skipErrors: options.skipErrors,
    where: options.where,
    folder,
  };
  const shard = await shardFiles({ command: 'convert', inputs, format, parts: false, settings }, options);
  // Compute the outputs over all shards, so that no two shards write the same file.
  const all = shard.all.map(({ uri }) => uri);
  const names = await outputsIn(folder, all, options);
  const outputs = new Map(all.map((uri, i) => [uri, names[i]]));
  let exitCode = OK;
  return transforming(recordsOnly(options), {
    verb: 'convert',
    output: folder,
    work: async (common) => {
      const convertOne = await converter([], options, common, isTable);
      const { results } = await eachFile<DoneFile>(
        shard.files.map(({ uri }) => uri),
        async (uri) => {
          await shard.check(uri);
          const output = outputs.get(uri)!;
          const { records, bytes } = await convertOne(uri, output);
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
  const [{ extensionOf, kindOfName }, { isTableFormat, TABLE_EXTENSIONS, tableFormatOfName }] =
    await Promise.all([import('recordpipe/transform'), import('recordpipe/columns')]);
  const extension = isTableFormat(to)
    ? `${TABLE_EXTENSIONS[to][0]}${outputCompression === 'none' ? '' : extensionOf('tfrecord', outputCompression).slice('.tfrecord'.length)}`
    : extensionOf(to, outputCompression);
  const names = files.map((file) => {
    const plain = basename(file === '-' ? 'stdin' : file).replace(/\.(gz|gzip|zz|zlib)$/i, '');
    const [shard = ''] = /-\d+-of-\d+$/.exec(plain) ?? [];
    const stem = plain.slice(0, plain.length - shard.length);
    const isKnown = kindOfName(stem).format !== undefined || tableFormatOfName(stem) !== undefined;
    return `${isKnown ? stem.replace(/\.[^.]*$/, '') : stem}${shard}${extension}`;
  });
  return outputPaths(folder, files, names);
}

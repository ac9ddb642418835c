import { readFile } from 'node:fs/promises';
import {
  collectStats,
  inferSchema,
  messageCountTexts,
  schemaMessage,
  type TypeConflict,
} from 'recordpipe/check';
import { UsageError } from 'recordpipe/errors';
import { errorText } from '../advice.ts';
import { type InputCommandOptions, inputOptionsOf } from '../input-options.ts';
import { interruption } from '../interrupt.ts';
import { type CommonOptions, type PayloadOptions, readingOptions } from '../options.ts';
import { complain, print, say } from '../output.ts';
import { progressOn } from '../progress.ts';
import { checkReplaceable, refuseReportOn, writeReport } from '../report-file.ts';
import type { ShardCommandOptions } from '../shard-options.ts';
import { schemaText } from '../text/schema-text.ts';
import { formatCount } from '../text/sizes.ts';
import { painter } from '../text/style.ts';
import { visible } from '../text/visible.ts';
import { checkOutput, exitCodeOf, shardExitCode, shardOf } from './stats.ts';

/** Options of `recordpipe schema`. */
export interface SchemaCommandOptions
  extends CommonOptions,
    PayloadOptions,
    ShardCommandOptions,
    InputCommandOptions {
  readonly json?: true;
  readonly quiet?: true;
  readonly progress: boolean;
  readonly jobs?: number;
  readonly output?: string;
  readonly loose?: true;
  readonly jsonSchema?: true;
  readonly force?: true;
}

/** Infers the schema that all records conform to. Returns the exit code. */
export async function schema(inputs: string[], options: SchemaCommandOptions): Promise<number> {
  const { json, quiet, jobs, output, loose = false } = options;
  if (options.jsonSchema) {
    await print(await readFile(new URL('../../../schema/recordpipe-schema.json', import.meta.url)));
    return 0;
  }
  if (options.shard !== undefined && output !== undefined)
    throw new UsageError(
      '--output: cannot be combined with --shard; recordpipe merge --schema writes the schema of all shards',
    );
  const toStdout = json || output === '-';
  const shard = await shardOf('schema', inputs, options, { loose });
  const given = shard?.files ?? inputs;
  if (output !== undefined && output !== '-') {
    await checkOutput(given, output, options, '--output');
    // An edited schema looks like one that was not edited.
    await checkReplaceable(output, undefined, options.force);
  }
  const progress = progressOn('schema', !json && !quiet && options.progress);
  const running = {
    ...readingOptions(options),
    jobs,
    blocking: true,
    ...inputOptionsOf(options, quiet),
    onProgress: progress.update,
    signal: interruption(),
  };
  if (options.shard !== undefined) {
    // The schema of a shard is not that of all records, so that its report has the statistics.
    return shardExitCode(await collectStats(given, running).finally(progress.clear), shard!);
  }
  const found = await inferSchema(given, { ...running, loose }).finally(progress.clear);
  const { stats, conflicts } = found;
  const document = `${JSON.stringify(found.schema, undefined, 2)}\n`;
  if (output !== undefined && output !== '-') {
    await refuseReportOn(
      stats.files.map(({ uri }) => uri),
      output,
      '--output',
    );
    await writeReport(output, document, undefined, options.force);
  }
  if (toStdout) await print(document);
  else if (!quiet && output === undefined) await say(schemaText(found, painter(options.color, 1)));
  else if (!quiet) complain(`wrote ${visible(output!)}`);
  for (const conflict of conflicts) complain(conflictText(conflict));
  const { message, records } = schemaMessage(stats);
  if (records < stats.records) {
    const others = messageCountTexts(stats.messages).map(
      ({ count, name }) => `${formatCount(count)} ${name}`,
    );
    complain(
      `recordpipe: the schema describes the ${formatCount(records)} records of type ${message}; all records: ${others.join(', ')}`,
    );
  }
  for (const finding of stats.findings.first) complain(errorText(finding));
  return shard === undefined ? exitCodeOf(stats) : shardExitCode(stats, shard);
}

function conflictText({ feature, types }: TypeConflict): string {
  const found = types.map(
    ({ type, count, first }) =>
      `${type} ${formatCount(count)} times (first: record ${first.record} of ${visible(first.uri)})`,
  );
  return `recordpipe: feature ${visible(feature)} has several types, which example.proto does not allow: ${found.join(', ')}; the schema uses ${types[0].type}`;
}

import { readFileSync } from 'node:fs';
import type { TypeConflict } from 'recordpipe/check';
import { UsageError } from 'recordpipe/errors';
import { complainAbout } from '../advice.ts';
import { command, type Register } from '../command.ts';
import { OK } from '../exit-codes.ts';
import { interruption } from '../interrupt.ts';
import { INPUTS, inputSelection, inputsOf } from '../options/inputs.ts';
import { accessOf, objectReadOptions } from '../options/objects.ts';
import { flag, type Values, value } from '../options/option.ts';
import { payloadOptions, readingOf, readingOptions } from '../options/reading.ts';
import { runOptions, shardOptions } from '../options/reports.ts';
import { complain, print, say } from '../output.ts';
import { checkOutput, checkReplaceable, refuseReportOn, writeReport } from '../output-files.ts';
import { progressOf } from '../progress.ts';
import { finishStats, statsShard } from '../stats-run.ts';
import { formatCount, formatNumberOf, visible } from '../text/format.ts';
import { painter } from '../text/terminal.ts';

const OPTIONS = {
  output: value('-o, --output <file>', 'output file for the schema as JSON, or - for stdout'),
  force: flag('-f, --force', 'overwrite an existing --output'),
  loose: flag(
    '--loose',
    'infer only types, presence, fixed lengths and image formats, so that similar data also conforms',
  ),
  jsonSchema: flag('--json-schema', 'print the JSON Schema for schema files and exit'),
  ...runOptions,
  ...readingOptions,
  ...payloadOptions,
  ...objectReadOptions,
  ...inputSelection,
  ...shardOptions,
};

export const register: Register = command({
  name: 'schema',
  description: 'Infer the strictest schema to which all records conform, for use with validate --schema.',
  arguments: { '[inputs...]': INPUTS },
  options: OPTIONS,
  examples: `
recordpipe schema data/                   # print a table
recordpipe schema data/ -o schema.json
recordpipe schema train/ --loose -o schema.json && recordpipe validate new/ --schema schema.json`,
  notes: `The schema is as strict as the data allows: it contains the observed ranges, lengths, sizes and text values. To relax the schema, edit or delete its rules. If a feature has no value in any record, the schema specifies no type for the feature.`,
  action: schema,
});

async function schema(inputs: string[], options: Values<typeof OPTIONS>): Promise<number> {
  const { json, quiet, jobs, output, force, loose = false } = options;
  if (options.jsonSchema) {
    await print(readFileSync(new URL('../../../schema/recordpipe-schema.json', import.meta.url)));
    return OK;
  }
  if (options.shard !== undefined && output !== undefined)
    throw new UsageError(
      '--output: cannot be combined with --shard; recordpipe merge --schema writes the schema of all shards',
    );
  const shard = await statsShard('schema', inputs, options, { loose });
  const files = shard?.files ?? inputs;
  const path = output === '-' ? undefined : output;
  if (path !== undefined) {
    await checkOutput(files, path, '--output', options);
    // Never replace an existing schema without --force, because users edit schemas.
    await checkReplaceable(path, undefined, force);
  }
  const { collectStats, inferSchema, messageCountTexts, schemaMessage } = await import('recordpipe/check');
  const progress = progressOf('schema', !json && !quiet && options.progress);
  const running = {
    ...readingOf(options),
    jobs,
    blocking: true,
    ...inputsOf(options, quiet),
    onProgress: progress.update,
    signal: interruption(),
  };
  // A shard contains only some of the records, so its report has statistics rather than a schema.
  if (options.shard !== undefined)
    return finishStats(await collectStats(files, running).finally(progress.clear), shard);
  const inferred = await inferSchema(files, { ...running, loose }).finally(progress.clear);
  const { stats, conflicts } = inferred;
  const document = `${JSON.stringify(inferred.schema, undefined, 2)}\n`;
  if (path !== undefined) {
    await refuseReportOn(
      stats.files.map(({ uri }) => uri),
      path,
      '--output',
    );
    await writeReport(path, document, undefined, force, accessOf(options));
  }
  if (json || output === '-') await print(document);
  else if (path !== undefined) {
    if (!quiet) complain(`wrote ${visible(path)}`);
  } else if (!quiet) {
    const { schemaText } = await import('../text/stats.ts');
    await say(schemaText(inferred, painter(1)));
  }
  for (const conflict of conflicts) complain(conflictText(conflict));
  const { message, records } = schemaMessage(stats);
  if (records < stats.records) {
    const others = messageCountTexts(stats.messages).map(
      ({ count, name }) => `${formatCount(count)} ${name}`,
    );
    complain(
      `recordpipe: the schema describes the ${formatCount(records)} records of type ${message}; by type: ${others.join(', ')}`,
    );
  }
  for (const finding of stats.findings.first) complainAbout(finding);
  return finishStats(stats, shard);
}

function conflictText({ feature, types }: TypeConflict): string {
  const found = types.map(
    ({ type, count, first }) =>
      `${type} ${formatNumberOf(count, 'time')} (first: record ${first.record} of ${visible(first.uri)})`,
  );
  return `recordpipe: feature ${visible(feature)} has several types, but example.proto allows only one: ${found.join(', ')}; the schema uses ${types[0].type}`;
}

import { UsageError } from 'recordpipe/errors';
import { FORMAT_NAMES } from 'recordpipe/formats/names';
import { cliMessage } from '../cli-words.ts';
import { command, type Register } from '../command.ts';
import { OK } from '../exit-codes.ts';
import { inputSelection, inputsOf, listsIn, STORED_INPUTS } from '../options/inputs.ts';
import { accessOf, objectReadOptions } from '../options/objects.ts';
import {
  atLeast,
  choice,
  flag,
  parsed,
  size,
  type TypedOption,
  type Values,
  value,
} from '../options/option.ts';
import { reportOptions } from '../options/reports.ts';
import { complain, print } from '../output.ts';
import { refuseReportOn } from '../output-files.ts';
import { formatBytes, formatNumberOf, visible } from '../text/format.ts';

const OPTIONS = {
  output: value(
    '-o, --output <file>',
    'output file or s3://bucket/key, or - for stdout; the plan is compressed if the name ends in .gz',
  ).makeOptionMandatory() as TypedOption<string>,
  shards: parsed(
    '--shards <n>',
    'number of shards to store in the plan, so that workers can pass --shard auto instead of auto/N',
    atLeast(1),
  ),
  cut: parsed(
    '--cut <size>',
    'split files larger than this into parts of about this size (requires an index next to each file)',
    size,
  ),
  format: choice(
    '--format <format>',
    'format of the files to include from directories',
    ['auto', ...FORMAT_NAMES],
    'auto',
  ),
  force: flag('-f, --force', 'overwrite an existing --output'),
  json: flag('--json', 'print a summary of the plan as one JSON document'),
  quiet: reportOptions.quiet,
  ...objectReadOptions,
  ...inputSelection,
};

export const register: Register = command({
  name: 'plan',
  description: 'List input files with their sizes and ETags so that several machines can divide the work.',
  arguments: { '<inputs...>': STORED_INPUTS },
  options: OPTIONS,
  examples: `
recordpipe plan s3://bucket/train/ -o s3://bucket/plan.jsonl.gz --shards 8
recordpipe plan data/ --cut 1GiB -o plan.jsonl
recordpipe validate --plan plan.jsonl --shard 3/8 --report reports/
recordpipe merge reports/ -o total.json`,
  notes: `A plan lists the address, size and ETag of each file, and contains a hash of the list. If a file has changed since the plan was written, the worker that reads the file fails. The shard to which a file is assigned depends only on the plan and the number of shards. All shards are about the same size.`,
  action: plan,
});

async function plan(inputs: string[], options: Values<typeof OPTIONS>): Promise<number> {
  const { output, shards, cut, force = false, json, quiet, format } = options;
  if (json && output === '-')
    throw new UsageError('--json: standard output receives the plan; specify a file instead of -');
  const { planShards, writePlan } = await import('recordpipe/scale');
  const access = accessOf(options);
  const made = await planShards(inputs, {
    ...access,
    format,
    ...inputsOf(options, quiet),
    shards,
    cutBytes: cut,
    onUncut: (uri, why) => {
      if (!quiet) complain(`recordpipe: ${visible(uri)} is not split: ${visible(cliMessage(why))}`);
    },
  });
  await refuseReportOn([...listsIn(inputs), ...made.files.map(({ uri }) => uri)], output, '--output');
  await writePlan(made, output, { ...access, overwrite: force });
  const { files, bytes, hash } = made;
  if (json) await print(`${JSON.stringify({ output, hash, files: files.length, bytes, shards })}\n`);
  else if (!quiet)
    complain(
      `wrote ${output === '-' ? '<stdout>' : visible(output)}: ${formatNumberOf(files.length, 'file')}, ${formatBytes(bytes)}, hash ${hash.slice(0, 12)}`,
    );
  return OK;
}

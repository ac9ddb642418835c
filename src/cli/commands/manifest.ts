import { UsageError } from 'recordpipe/errors';
import { command, type Register } from '../command.ts';
import { INVALID, OK } from '../exit-codes.ts';
import { inputSelection, inputsOf, ONE_FILE } from '../options/inputs.ts';
import { accessOf, accessOptions, isAddress, objectReadOptions } from '../options/objects.ts';
import { atLeast, flag, names, parsed, type Values, value } from '../options/option.ts';
import { linesOptions, reportOptions } from '../options/reports.ts';
import { complain, print, say } from '../output.ts';
import { checkReplaceable } from '../output-files.ts';
import { formatNumberOf, visible } from '../text/format.ts';
import { painter } from '../text/terminal.ts';

const CHECK_OPTIONS = {
  attributes: parsed(
    '--attributes <names>',
    'AttributeNames of the training job, e.g. image-ref,label',
    names,
  ),
  headObjects: flag('--head-objects', 'also check that each listed object exists'),
  maxProblems: parsed(
    '--max-problems <n>',
    'maximum number of problems to list; all problems are counted',
    atLeast(0),
    100,
  ),
  json: reportOptions.json,
  ...linesOptions,
  quiet: reportOptions.quiet,
  ...objectReadOptions,
};

const CREATE_OPTIONS = {
  output: value('-o, --output <file>', 'output file or s3://bucket/key (default: stdout)'),
  force: flag('-f, --force', 'overwrite an existing --output'),
  prefix: value('--prefix <prefix>', 'prefix that all addresses share (default: their common directory)'),
  quiet: reportOptions.quiet,
  ...accessOptions,
  ...inputSelection,
};

const registerCheck = command({
  name: 'check',
  description: 'Check a ManifestFile or AugmentedManifestFile and report problems by line and column.',
  arguments: { '<manifest>': ONE_FILE },
  options: CHECK_OPTIONS,
  examples: `
recordpipe manifest check train.manifest
recordpipe manifest check s3://bucket/train.manifest --attributes image-ref,label --head-objects`,
  action: check,
});

const registerCreate = command({
  name: 'create',
  description: 'List objects and write their addresses to a ManifestFile in listing order.',
  arguments: {
    '<addresses...>': 's3://bucket/prefix/, s3://bucket/key or quoted patterns, all in one bucket',
  },
  options: CREATE_OPTIONS,
  examples: `
recordpipe manifest create s3://bucket/train/ -o train.manifest
recordpipe manifest create 's3://bucket/train/*.tfrecord' -o s3://bucket/manifests/train.manifest`,
  action: create,
});

export const register: Register = (root) => {
  const manifest = root.command('manifest').description('Check or create SageMaker manifests.');
  registerCheck(manifest);
  registerCreate(manifest);
};

async function check(file: string, options: Values<typeof CHECK_OPTIONS>): Promise<number> {
  const { attributes, headObjects = false, maxProblems, json, jsonl, quiet } = options;
  const { checkManifest } = await import('recordpipe/pipemode/manifest');
  const report = await checkManifest(file, { attributes, headObjects, maxProblems, ...accessOf(options) });
  const { ok, uri, kind, entries, errorCount, warningCount, problems } = report;
  const paint = painter(1);
  if (json) await print(`${JSON.stringify(report, undefined, 2)}\n`);
  else if (jsonl) {
    const { problems: _, ...summary } = report;
    for (const problem of problems) await print(`${JSON.stringify({ event: 'problem', ...problem })}\n`);
    await print(`${JSON.stringify({ event: 'summary', ...summary })}\n`);
  } else {
    for (const { line, column, severity, code, message, text } of problems)
      await say(
        `${visible(uri)}:${line}:${column}: ${paint(severity === 'error' ? 'red' : 'yellow', severity)}: ${code}: ${visible(message)}: ${visible(text)}\n`,
      );
    const what = kind === 'manifest' ? 'object' : 'line';
    if (!quiet)
      await say(
        `${ok ? paint('green', 'ok') : paint('red', 'invalid')} ${formatNumberOf(entries, what)}, ${formatNumberOf(errorCount, 'error')}, ${formatNumberOf(warningCount, 'warning')}\n`,
      );
  }
  return ok ? OK : INVALID;
}

async function create(inputs: string[], options: Values<typeof CREATE_OPTIONS>): Promise<number> {
  const { output, prefix, quiet, force = false } = options;
  const local = inputs.find((input) => !isAddress(input));
  if (local !== undefined)
    throw new UsageError(
      `expected s3:// addresses, got ${local}; a manifest lists objects, so upload the files first (recordpipe upload --manifest also writes a manifest)`,
    );
  const { formatManifest, listManifestObjects, writeManifest } = await import('recordpipe/pipemode/manifest');
  if (output !== undefined && !isAddress(output)) await checkReplaceable(output, undefined, force);
  const access = accessOf(options);
  const objects = await listManifestObjects(inputs, {
    ...access,
    ...inputsOf(options, quiet),
    onWarning: (warning) => {
      if (warning.type === 'siblings')
        complain(
          `recordpipe: warning: ${visible(warning.uri)} also matches ${visible(warning.sibling)}; add a slash to match only the folder`,
        );
    },
  });
  if (output === undefined) await print(formatManifest(objects, prefix));
  else await writeManifest(output, objects, { prefix, overwrite: force, ...access });
  if (!quiet && output !== undefined)
    complain(`${visible(output)}: ${formatNumberOf(objects.length, 'object')}`);
  return OK;
}

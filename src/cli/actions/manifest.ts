import { UsageError } from 'recordpipe/errors';
import {
  checkManifest,
  formatManifest,
  listManifestObjects,
  writeManifest,
} from 'recordpipe/pipemode/manifest';
import { INVALID, OK } from '../exit-codes.ts';
import { type InputCommandOptions, inputOptionsOf } from '../input-options.ts';
import { interruption } from '../interrupt.ts';
import { type ObjectCommandOptions, objectOptionsOf } from '../object-options.ts';
import { complain, print, say } from '../output.ts';
import { isS3 } from '../reaching.ts';
import { formatNumberOf } from '../text/sizes.ts';
import { type ColorChoice, painter } from '../text/style.ts';
import { visible } from '../text/visible.ts';

/** Options of `recordpipe manifest check`. */
export interface ManifestCheckOptions extends ObjectCommandOptions {
  readonly attributes?: string;
  readonly headObjects?: true;
  readonly maxProblems: number;
  readonly json?: true;
  readonly jsonl?: true;
  readonly quiet?: true;
  readonly color: ColorChoice;
}

/** Checks a manifest, and says what is wrong with it; the exit code. */
export async function manifestCheck(file: string, options: ManifestCheckOptions): Promise<number> {
  const { attributes, headObjects = false, maxProblems, json, jsonl, quiet } = options;
  const paint = painter(options.color, 1);
  const report = await checkManifest(file, {
    attributes: attributes?.split(',').map((name) => name.trim()),
    headObjects,
    maxProblems,
    objects: objectOptionsOf(options),
    signal: interruption(),
  });
  const { ok, uri, kind, entries, errorCount, warningCount, problems } = report;
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
        `${ok ? paint('green', 'ok') : paint('red', 'bad')} ${formatNumberOf(entries, what)}, ${formatNumberOf(errorCount, 'error')}, ${formatNumberOf(warningCount, 'warning')}\n`,
      );
  }
  return ok ? OK : INVALID;
}

/** Options of `recordpipe manifest create`. */
export interface ManifestCreateOptions extends ObjectCommandOptions, InputCommandOptions {
  readonly output?: string;
  readonly prefix?: string;
  readonly force?: true;
  readonly quiet?: true;
}

/** Lists objects and writes the ManifestFile that names them; the exit code. */
export async function manifestCreate(
  inputs: readonly string[],
  options: ManifestCreateOptions,
): Promise<number> {
  const { output, prefix, quiet, force = false } = options;
  const local = inputs.find((input) => !isS3(input));
  if (local !== undefined)
    throw new UsageError(
      `expected s3:// addresses, got ${local}; a manifest lists objects: upload the files first (recordpipe upload --manifest writes one)`,
    );
  const objects = objectOptionsOf(options);
  if (output !== undefined && !isS3(output)) {
    const { checkReplaceable } = await import('../report-file.ts');
    await checkReplaceable(output, undefined, force);
  }
  const signal = interruption();
  const named = await listManifestObjects(inputs, {
    objects,
    signal,
    ...inputOptionsOf(options, quiet),
    onWarning: (warning) => {
      if (warning.type === 'siblings')
        complain(
          `recordpipe: warning: ${visible(warning.uri)} also matches ${visible(warning.sibling)}; add a slash to match the folder only`,
        );
    },
  });
  if (output === undefined) await print(formatManifest(named, prefix));
  else await writeManifest(output, named, { prefix, overwrite: force, objects, signal });
  if (!quiet && output !== undefined)
    complain(`${visible(output)}: ${formatNumberOf(named.length, 'object')}`);
  return OK;
}

import { checkManifest } from 'recordpipe/manifest';
import { INVALID, OK } from '../exit-codes.ts';
import { interruption } from '../interrupt.ts';
import { type ObjectCommandOptions, objectOptionsOf } from '../object-options.ts';
import { print } from '../output.ts';
import { formatNumberOf } from '../sizes.ts';
import { type ColorChoice, painter } from '../style.ts';
import { visible } from '../visible.ts';

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
      await print(
        `${visible(uri)}:${line}:${column}: ${paint(severity === 'error' ? 'red' : 'yellow', severity)}: ${code}: ${visible(message)}: ${visible(text)}\n`,
      );
    const what = kind === 'manifest' ? 'object' : 'line';
    if (!quiet)
      await print(
        `${ok ? paint('green', 'ok') : paint('red', 'bad')} ${formatNumberOf(entries, what)}, ${formatNumberOf(errorCount, 'error')}, ${formatNumberOf(warningCount, 'warning')}\n`,
      );
  }
  return ok ? OK : INVALID;
}

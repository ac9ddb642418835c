import { UsageError } from 'recordpipe/errors';
import type { FilterReport } from 'recordpipe/messages/filter';
import type { SelectingOptions } from 'recordpipe/transform';
import { OK } from './exit-codes.ts';
import { interruption } from './interrupt.ts';
import { type FilterOptions, noteUnknownFeature, selectedText } from './options/filter.ts';
import { type TransformingOptions, transformingOf } from './options/transform.ts';
import { binaryOnTerminal, complain, isClosedOutput, isGuarded, isTerminal, print } from './output.ts';
import { progressOf } from './progress.ts';
import { formatBytes, formatNumberOf, visible } from './text/format.ts';

/** A command that writes record files. */
export interface Transforming<R> {
  /** Name of the command on the progress line. */
  readonly verb: string;
  /** Input whose name determines the output format if no option does. */
  readonly input?: string;
  /** Path or address of the output; `-` for standard output. */
  readonly output: string;
  /** Whether the output is text. Default: according to the options or the name of the input. */
  readonly isText?: boolean;
  readonly work: (options: Partial<SelectingOptions>) => Promise<R>;
  /** Returns the summary for standard error. */
  readonly summary: (result: R) => string;
  /** Returns the exit code. If undefined, the exit code is 0. */
  readonly exitCode?: (result: R) => number;
}

/**
 * Runs a command that writes record files and returns its exit code. Standard output receives the
 * records or the JSON summary; everything else is written to standard error.
 */
export async function transforming<R>(
  options: TransformingOptions & FilterOptions,
  { verb, input = '', output, isText, work, summary, exitCode = () => OK }: Transforming<R>,
): Promise<number> {
  const { json, quiet, where } = options;
  if (json && output === '-')
    throw new UsageError('--json: standard output receives the records; specify an output file instead of -');
  if (isGuarded(options, isTerminal(output)) && !(isText ?? (await writesText(options, input))))
    throw binaryOnTerminal(`${verb}: the output`, '--to base64', output);
  const progress = progressOf(verb, !quiet && !json && options.progress);
  const { update } = progress;
  let result: R | undefined;
  try {
    result = await work({
      ...transformingOf(options),
      ...(where !== undefined && { where, onNotice: quiet ? undefined : noteUnknownFeature }),
      onProgress:
        update && (({ bytes, totalBytes }) => update({ files: 1, filesDone: 0, bad: 0, bytes, totalBytes })),
      signal: interruption(),
    });
    progress.clear();
    if (json) await print(`${JSON.stringify(result, undefined, 2)}\n`);
    else if (!quiet) complain(summary(result) + whereText(result));
    return exitCode(result);
  } catch (error) {
    progress.clear();
    // The reader of standard output has closed it (`| head`).
    if (isClosedOutput(error)) return result === undefined ? OK : exitCode(result);
    throw error;
  }
}

/** Returns the line about `--where`, if it was passed. */
export function whereText(result: unknown): string {
  const { where } = result as { readonly where?: FilterReport };
  return where === undefined ? '' : `\n${selectedText(where)}`;
}

/** Reports whether the output is text according to its options or the name of the input. */
async function writesText(
  { to, from, format, outputCompression = 'none' }: TransformingOptions,
  input: string,
): Promise<boolean> {
  const { kindOfName } = await import('recordpipe/transform');
  const known = to ?? from ?? (format === 'auto' ? kindOfName(input).format : format);
  return outputCompression === 'none' && (known === 'textline' || known === 'base64');
}

/** Returns the summary of an output file. */
export function writtenText(output: {
  readonly path: string;
  readonly records: number;
  readonly bytes: number;
}): string {
  return `${visible(output.path)}: ${formatNumberOf(output.records, 'record')}, ${formatBytes(output.bytes)}`;
}

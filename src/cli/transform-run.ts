import { isRecordpipeError } from 'recordpipe';
import { UsageError } from 'recordpipe/errors';
import type { TransformOptions } from 'recordpipe/transform';
import { OK } from './exit-codes.ts';
import { interruption } from './interrupt.ts';
import { binaryOnTerminal, ClosedOutput, complain, isGuarded, isTerminal, print } from './output.ts';
import { progressOn } from './progress.ts';
import { formatBytes, formatNumberOf } from './text/sizes.ts';
import { visible } from './text/visible.ts';
import { type TransformCommandOptions, transformingOptions } from './transform-options.ts';

/** A command that writes record files. */
export interface Transforming<R> {
  /** Names the command in the progress line. */
  readonly verb: string;
  /** The input whose name tells the output's format where no option does. */
  readonly input?: string;
  /** `-` for standard output. */
  readonly output: string;
  /** Does the work. */
  readonly work: (options: Partial<TransformOptions>) => Promise<R>;
  /** The summary for people, on standard error. */
  readonly summary: (result: R) => string;
  /** Default: 0. */
  readonly exitCode?: (result: R) => number;
}

/** Runs such a command. Returns the exit code. Standard output is for records and `--json`; everything else goes to standard error. */
export async function transforming<R>(
  options: TransformCommandOptions,
  { verb, input = '', output, work, summary, exitCode = () => OK }: Transforming<R>,
): Promise<number> {
  const { json, quiet } = options;
  if (json && output === '-')
    throw new UsageError('--json: standard output receives the records; name an output file instead of -');
  if (isGuarded(options, isTerminal(output)) && !(await writesText(options, input)))
    throw binaryOnTerminal(`${verb}: the output`, '--to jsonl', output);
  const progress = progressOn(verb, !quiet && !json && options.progress);
  let result: R | undefined;
  try {
    result = await work({
      ...transformingOptions(options),
      onProgress:
        progress.update &&
        (({ bytes, totalBytes }) => progress.update?.({ files: 1, filesDone: 0, bad: 0, bytes, totalBytes })),
      signal: interruption(),
    });
    progress.clear();
    if (json) await print(`${JSON.stringify(result, undefined, 2)}\n`);
    else if (!quiet) complain(summary(result));
    return exitCode(result);
  } catch (error) {
    progress.clear();
    // The reader of standard output has closed it (`| head`).
    if (error instanceof ClosedOutput || isClosedOutput(error))
      return result === undefined ? OK : exitCode(result);
    throw error;
  }
}

/** Whether the output is text: by its options, or by the name of the input, whose format it has by default. */
async function writesText(
  { to, from, format, outputCompression = 'none' }: TransformCommandOptions,
  input: string,
): Promise<boolean> {
  const { kindOfName } = await import('recordpipe/transform');
  const known = to ?? from ?? (format === 'auto' ? kindOfName(input).format : format);
  return outputCompression === 'none' && (known === 'textline' || known === 'jsonl' || known === 'base64');
}

/** The summary of an output file. */
export function writtenText({
  path,
  records,
  bytes,
}: {
  path: string;
  records: number;
  bytes: number;
}): string {
  return `${visible(path)}: ${formatNumberOf(records, 'record')}, ${formatBytes(bytes)}`;
}

function isClosedOutput(error: unknown): boolean {
  if (!isRecordpipeError(error, 'io-failure') || error.uri !== '<stdout>') return false;
  return (error.cause as NodeJS.ErrnoException | undefined)?.code === 'EPIPE';
}

import { isRecordpipeError } from 'recordpipe';
import { UsageError } from 'recordpipe/errors';
import type { TransformOptions } from 'recordpipe/transform';
import { OK } from './exit-codes.ts';
import { interruption } from './interrupt.ts';
import { ClosedOutput, complain, print } from './output.ts';
import { progressOn } from './progress.ts';
import { formatBytes, formatNumberOf } from './sizes.ts';
import { type TransformCommandOptions, transformingOptions } from './transform-options.ts';
import { visible } from './visible.ts';

/** What a command that writes record files does, and says. */
export interface Transforming<R> {
  /** For the progress line. */
  readonly verb: string;
  /** `-` for standard output. */
  readonly output: string;
  /** Does the work. */
  readonly work: (options: Partial<TransformOptions>) => Promise<R>;
  /** What was done, for people, on standard error. */
  readonly summary: (result: R) => string;
  /** Default: 0. */
  readonly exitCode?: (result: R) => number;
}

/** Runs such a command; the exit code. Standard output is for records and `--json`, so that everything else goes to standard error. */
export async function transforming<R>(
  options: TransformCommandOptions,
  { verb, output, work, summary, exitCode = () => OK }: Transforming<R>,
): Promise<number> {
  const { json, quiet } = options;
  if (json && output === '-')
    throw new UsageError('--json prints to standard output, which gets the records; name a file for them');
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
    // Whoever reads standard output has seen enough (`| head`).
    if (error instanceof ClosedOutput || isClosedOutput(error))
      return result === undefined ? OK : exitCode(result);
    throw error;
  }
}

/** What has been written, for people. */
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

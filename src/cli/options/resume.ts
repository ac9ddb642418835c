import { existsSync } from 'node:fs';
import { RecordpipeError, UsageError } from 'recordpipe/errors';
import type { CheckpointOptions } from 'recordpipe/pipemode/streamer';
import { duration, grouped, type OptionsOf, parsed, repeated, size, value } from './option.ts';

/** Options for resuming, and for writing checkpoints. */
export interface ResumeOptions {
  readonly resume?: readonly string[];
  readonly checkpoint?: string;
  readonly checkpointInterval?: number;
  readonly readAhead?: number;
}

export const resumeOptions: OptionsOf<ResumeOptions> = grouped('Resume:', {
  resume: parsed(
    '--resume <file>',
    'continue from the position in this file: a checkpoint, a PipeModeDataset state, or {"NAME": {"epoch": 0, "records": 0}}; repeatable',
    repeated,
  ),
  checkpoint: value('--checkpoint <file>', 'atomically write the positions of all channels to this file'),
  checkpointInterval: parsed(
    '--checkpoint-interval <time>',
    'interval between checkpoints (default: 5s)',
    duration,
  ),
  readAhead: parsed(
    '--read-ahead <size>',
    'with --checkpoint: amount of data that the program may have read but not yet used (default: 0)',
    size,
  ),
});

/** What to resume, and where to write checkpoints. */
export interface Resuming {
  readonly resume: readonly unknown[];
  readonly checkpoint: CheckpointOptions | undefined;
}

/**
 * Reads the files of `--resume`. A missing file that is also that of `--checkpoint` means a first
 * start.
 * @throws RecordpipeError `not-found` for another missing file
 */
export async function resumingOf(options: ResumeOptions, force: boolean): Promise<Resuming> {
  const { checkpoint: path, checkpointInterval, readAhead, resume = [] } = options;
  if (path === undefined && (checkpointInterval ?? readAhead) !== undefined)
    throw new UsageError('--checkpoint-interval and --read-ahead require --checkpoint');
  const files = resume.filter(existsSync);
  const missing = resume.find((file) => file !== path && !files.includes(file));
  if (missing !== undefined)
    throw new RecordpipeError('not-found', 'no such file; at the first start, omit --resume', {
      uri: missing,
    });
  const { readResumeFile } = await import('recordpipe/pipemode/streamer');
  return {
    resume: files.map((file) => readResumeFile(file)),
    checkpoint:
      path === undefined
        ? undefined
        : {
            path,
            everyMs: checkpointInterval,
            readAheadBytes: readAhead,
            overwrite: force || files.includes(path),
          },
  };
}

import { interruptedBy } from './interrupt.ts';

/** Describes the argument of the commands that accept many inputs. */
export const INPUTS =
  'files, directories, quoted glob patterns, s3://bucket/key, prefix/ or pattern, @list (a file with one input per line, or NUL-separated as from find -print0; @- for stdin), - for stdin';

/** Describes the argument of the commands that accept one input, which may stand for several files. */
export const INPUT =
  'a file, directory or quoted glob pattern, s3://bucket/key, prefix/ or pattern, @list, or - for stdin';

/** The last section of every command's help. */
export const EXIT_CODES = `
Exit codes:
  0         ok
  1         invalid data
  2         invalid usage
  3         a file or object could not be read or written
  70        internal error: a bug in recordpipe
  129, 130, 131, 143
            stopped by a signal: hangup, interrupt, quit, terminate`;

/** Runs a command and sets the exit code. A signal that interrupted the command determines the exit code. */
export async function run(command: () => Promise<number>): Promise<void> {
  const exitCode = await command();
  process.exitCode = interruptedBy() ?? exitCode;
}

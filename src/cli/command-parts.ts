import { interruptedBy } from './interrupt.ts';

/** What the argument of commands that take many inputs is. */
export const INPUTS =
  'files, folders, quoted patterns, s3://bucket/key, prefix/ or pattern, @list (inputs, one per line or as find -print0 writes them; @- from stdin), - for stdin';

/** What the argument of commands that take one input is, which may stand for several files. */
export const INPUT =
  'a file, folder or quoted pattern, s3://bucket/key, prefix/ or pattern, @list, or - for stdin';

/** Ends the help of every command. */
export const EXIT_CODES = `
Exit codes:
  0         ok
  1         data is invalid
  2         wrong usage
  3         a file or object could not be read or written
  70        internal error: a bug in recordpipe
  130, 143  stopped by a signal`;

/** Runs what a command does and sets the exit code; a signal that interrupted it has the last word. */
export async function run(command: () => Promise<number>): Promise<void> {
  const exitCode = await command();
  process.exitCode = interruptedBy() ?? exitCode;
}

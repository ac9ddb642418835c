import type { ResumedChannel, StreamEvent } from 'recordpipe/pipemode/streamer';
import { OPTION_NAMES } from './cli-words.ts';
import { formatBytes, formatNumberOf, visible } from './text/format.ts';

/** Warnings about a program that may wait forever. They are printed even with `--quiet`. */
export const STUCK_WARNINGS: ReadonlySet<string> = new Set([
  'unread-epoch',
  'idle-reader',
  'unopened-channel',
  'no-more-epochs',
]);

/**
 * Returns the line that reports a warning on standard error, or undefined for other events and for
 * warnings that `quiet` hides.
 */
export function warningLine(event: StreamEvent, quiet: boolean): string | undefined {
  if (event.event !== 'warning' || (quiet && !STUCK_WARNINGS.has(event.code))) return undefined;
  return `recordpipe: warning: ${visible(`${event.channel}: ${warningInCliWords(event.message)}`)}`;
}

/** Returns the line that reports where a channel resumes. */
export function resumedLine({ channel, epoch, records, bytes, exact }: ResumedChannel): string {
  const count = records === null ? formatBytes(bytes) : formatNumberOf(records, 'record');
  const again = exact ? '' : '; the program may already have read some of the next records';
  return `${channel}: resumes in epoch ${epoch} after ${count}${again}`;
}

/** Replaces options of the library in a warning by those of the command line. */
export function warningInCliWords(message: string): string {
  return message.replace(/\b(epochs|firstEpoch): (?=\d)/g, (_, name: string) => `${OPTION_NAMES[name]} `);
}

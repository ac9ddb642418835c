import type { StreamEvent } from 'recordpipe/pipemode/streamer';
import { OPTION_NAMES } from './advice.ts';
import { visible } from './text/format.ts';

/** Warnings about a program that may wait forever. They are printed even with `--quiet`. */
const STUCK: ReadonlySet<string> = new Set([
  'unread-epoch',
  'idle-reader',
  'unopened-channel',
  'no-more-epochs',
]);

/** Reports whether a warning says that a program may wait forever. */
export function isStuck(code: string): boolean {
  return STUCK.has(code);
}

/** Names the options of the command line in a message of the library. */
export function inOptionNames(message: string): string {
  return message.replace(/\b(epochs|firstEpoch): (?=\d)/g, (_, name: string) => `${OPTION_NAMES[name]} `);
}

/**
 * Returns the line that reports a warning on standard error, or undefined for other events and for
 * warnings that `quiet` hides.
 */
export function warningLine(event: StreamEvent, quiet: boolean): string | undefined {
  if (event.event !== 'warning' || (quiet && !isStuck(event.code))) return undefined;
  return `recordpipe: warning: ${visible(`${event.channel}: ${inOptionNames(event.message)}`)}`;
}

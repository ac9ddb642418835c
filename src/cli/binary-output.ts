import { closeSync, constants, openSync, statSync } from 'node:fs';
import { isatty } from 'node:tty';
import { UsageError } from 'recordpipe/errors';

/** Options that allow binary output on a terminal. */
export interface BinaryOutputOptions {
  readonly binary?: true;
  readonly force?: true;
}

/** Whether binary data must not be written to standard output: it is a terminal, and no option allows it. */
export function isGuarded({ binary, force }: BinaryOutputOptions, terminal: boolean = isatty(1)): boolean {
  return terminal && !binary && !force;
}

/** Whether an output is a terminal: standard output (`-`), or a path such as `/dev/tty` and `/dev/stdout`. */
export function isTerminal(output: string): boolean {
  if (output === '-') return isatty(1);
  let descriptor: number | undefined;
  try {
    if (statSync(output, { throwIfNoEntry: false })?.isCharacterDevice() !== true) return false;
    descriptor = openSync(output, constants.O_WRONLY | constants.O_NOCTTY | constants.O_NONBLOCK);
    return isatty(descriptor);
  } catch {
    return false; // opening it for writing says what is wrong
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/**
 * The error for binary data on a terminal.
 * @param subject names the data
 * @param text the option that writes text instead
 * @param output names the terminal; `-`, the default, is standard output
 */
export function binaryOnTerminal(subject: string, text: string, output = '-'): UsageError {
  const where = output === '-' ? 'standard output' : output;
  return new UsageError(
    `${subject} is binary and ${where} is a terminal; redirect it to a file, pass ${text}, or pass --binary to write it anyway`,
  );
}

/** Whether bytes are something that a terminal cannot show as text: not UTF-8, or with control characters. */
export function isBinary(bytes: Uint8Array): boolean {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what a terminal would obey
    return /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/.test(text);
  } catch {
    return true;
  }
}

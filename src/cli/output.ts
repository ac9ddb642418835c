import { closeSync, constants, openSync, statSync, write } from 'node:fs';
import { isatty } from 'node:tty';
import { isRecordpipeError, RecordpipeError, redacted, UsageError } from 'recordpipe/errors';
import { interruption } from './interrupt.ts';
import { visibleText } from './text/format.ts';

/** Options that permit binary output on a terminal. */
export interface BinaryOutputOptions {
  readonly binary?: true;
  readonly force?: true;
}

/**
 * Reports whether to refuse binary data because standard output is a terminal and no option permits
 * it.
 */
export function isGuarded({ binary, force }: BinaryOutputOptions, terminal: boolean = isatty(1)): boolean {
  return terminal && !binary && !force;
}

/**
 * Reports whether an output is a terminal. The output may be standard output (`-`), or a path such
 * as `/dev/tty` or `/dev/stdout`.
 */
export function isTerminal(output: string): boolean {
  if (output === '-') return isatty(1);
  let descriptor: number | undefined;
  try {
    if (statSync(output, { throwIfNoEntry: false })?.isCharacterDevice() !== true) return false;
    descriptor = openSync(output, constants.O_WRONLY | constants.O_NOCTTY | constants.O_NONBLOCK);
    return isatty(descriptor);
  } catch {
    return false; // Opening the output for writing reports the error.
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/**
 * Returns the error for binary data on a terminal.
 * @param subject name of the data
 * @param text the option that writes text instead
 * @param output name of the terminal; `-`, the default, is standard output
 */
export function binaryOnTerminal(subject: string, text: string, output = '-'): UsageError {
  const where = output === '-' ? 'standard output' : output;
  return new UsageError(
    `${subject} is binary and ${where} is a terminal; redirect the output to a file, pass ${text}, or pass --binary to write it anyway`,
  );
}

/** Reports whether bytes are unprintable: they are not UTF-8 or contain control characters. */
export function isBinary(bytes: Uint8Array): boolean {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal would obey them
    return /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/.test(text);
  } catch {
    return true;
  }
}

/**
 * Codes of a write whose reader is gone. A socket pair, which Node and some shells use instead of a
 * pipe, reports `ECONNRESET` if the reader leaves with data unread. Windows reports `EOF`.
 */
const READER_IS_GONE = new Set(['EPIPE', 'ECONNRESET', 'EOF']);

/**
 * Reports whether a write to standard output failed because its reader has closed it (`| head`). Both
 * `print` and the library, which calls standard output `<stdout>`, throw such errors.
 */
export function isClosedOutput(error: unknown): boolean {
  if (!isRecordpipeError(error, 'io-failure') || error.uri !== '<stdout>') return false;
  return READER_IS_GONE.has((error.cause as NodeJS.ErrnoException | undefined)?.code ?? '');
}

const STDOUT = 1;
const RETRY_MS = 5;

/** Data to write after the write in progress. */
const waiting: Uint8Array[] = [];
let last: Promise<void> = Promise.resolve();

/**
 * Writes data to standard output, in the order of the calls. Await the result to bound memory if
 * the reader is slow. Does not use process.stdout, whose writes to a pipe block the thread and
 * delay signals. Calls during a write share the next one, because a write per line takes longer
 * than checking a small file.
 * @throws RecordpipeError `io-failure` if the disk is full, for example, or if the reader has closed the
 *   pipe (see `isClosedOutput`)
 */
export function print(data: Uint8Array | string): Promise<void> {
  waiting.push(typeof data === 'string' ? Buffer.from(data) : data);
  if (waiting.length > 1) return last;
  last = last.then(() => writeAll(joined(waiting.splice(0))));
  // The caller that awaits the result, or a later call, receives the error.
  last.catch(() => waiting.splice(0));
  return last;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return parts.length === 1 ? parts[0] : Buffer.concat(parts);
}

/**
 * Writes human-readable text to standard output. Removes secrets, and escapes terminal control
 * sequences except the program's own colors.
 * @throws the same errors as `print`
 */
export function say(text: string): Promise<void> {
  return print(visibleText(redacted(text)));
}

/**
 * Writes a line to standard error, as `say` does. If standard error is closed, the line is lost.
 */
export function complain(line: string): void {
  complainRaw(redacted(line));
}

function complainRaw(line: string): void {
  if (process.stderr.listenerCount('error') === 0) process.stderr.on('error', () => {});
  process.stderr.write(`${visibleText(line)}\n`);
}

/**
 * Writes a value to standard error as one line of JSON. Removes secrets from its strings, because the
 * quotes and backslashes of JSON would hide where a secret ends.
 */
export function complainJson(value: object): void {
  complainRaw(JSON.stringify(value, (_, one: unknown) => (typeof one === 'string' ? redacted(one) : one)));
}

async function writeAll(bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += await writeSome(bytes, at);
}

function writeSome(bytes: Uint8Array, at: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(STDOUT, bytes, at, bytes.length - at, null, (error, count) => {
      if (error === null) resolve(count);
      else if (error.code === 'EAGAIN') setTimeout(() => resolve(0), RETRY_MS);
      else reject(ioFailure(error));
    });
  });
}

function ioFailure(error: NodeJS.ErrnoException): RecordpipeError {
  const text = error.code === 'ENOSPC' ? 'no space left on the device' : error.message;
  return new RecordpipeError('io-failure', `writing failed: ${text}`, { uri: '<stdout>' }, error);
}

/**
 * Output of a run that reports results while it works. A failure of standard output aborts the run.
 */
export class LiveReport {
  readonly #failed = new AbortController();
  readonly #clearProgress: () => void;
  readonly #isText: boolean;

  /**
   * @param isText whether the output is for people; JSON is printed unchanged
   * @param clearProgress removes the live progress line before each output
   */
  constructor(isText: boolean, clearProgress: () => void) {
    this.#isText = isText;
    this.#clearProgress = clearProgress;
  }

  /** Prints text without waiting for completion. */
  readonly write = (text: string): void => {
    if (text === '') return;
    this.#clearProgress();
    (this.#isText ? say : print)(text).catch((error) => this.#failed.abort(error));
  };

  /**
   * Runs the work and returns the exit code. If the reader closes standard output, the results so
   * far determine the exit code.
   */
  async run(
    work: (signal: AbortSignal) => Promise<void>,
    { exitCode, graceMs, onInterrupt, mustFinish = false }: RunSettings,
  ): Promise<number> {
    const interrupted = (): void => {
      this.#clearProgress();
      onInterrupt?.();
    };
    interruption().addEventListener('abort', interrupted);
    try {
      await work(AbortSignal.any([interruption(graceMs), this.#failed.signal]));
    } catch (error) {
      this.#clearProgress();
      if (isClosedOutput(error)) return exitCode();
      if (!this.#failed.signal.aborted) throw error;
      const { reason } = this.#failed.signal;
      if (!isClosedOutput(reason)) throw reason;
      if (mustFinish) throw error;
    } finally {
      interruption().removeEventListener('abort', interrupted);
    }
    return exitCode();
  }
}

/** Settings for running work. */
export interface RunSettings {
  readonly exitCode: () => number;
  /** Time that the work needs to stop after a signal, in milliseconds. */
  readonly graceMs: number;
  /** Called immediately on a signal, because the process may end before the work stops. */
  readonly onInterrupt?: () => void;
  /** Whether the command fails if it stops because the reader has closed standard output. */
  readonly mustFinish?: boolean;
}

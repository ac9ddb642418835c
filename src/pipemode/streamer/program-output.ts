import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';

/**
 * Receives a line of a program's output, without its line end. If it returns a promise, no more
 * output of that stream is read until the promise resolves. It must not throw.
 */
export type OnProgramLine = (line: string, stream: 'stdout' | 'stderr') => void | Promise<void>;

/** Maximum length of a line. A longer line is delivered in pieces. */
const MAX_LINE_LENGTH = 64 * 1024;
/** Interval between delivered updates of a progress bar. */
const UPDATE_MS = 5000;
/** Number of turns of the event loop without new output after which a pipe is considered empty. */
const QUIET_TURNS = 3;
const POLL_MS = 5;

/**
 * The standard output and standard error of a program, delivered line by line. A pipe ends only
 * when the last process that inherited it ends. Therefore {@link drained} waits for the output
 * itself rather than for the end of the pipe.
 */
export class ProgramOutput {
  readonly #pipes: readonly OutputPipe[];

  constructor(stdout: Readable, stderr: Readable, onLine: OnProgramLine) {
    this.#pipes = [
      new OutputPipe(stdout, (line) => onLine(line, 'stdout')),
      new OutputPipe(stderr, (line) => onLine(line, 'stderr')),
    ];
  }

  /** Resolves when all output written before the call is delivered. */
  async drained(): Promise<void> {
    let reads = this.#reads;
    let quiet = 0;
    while (quiet < QUIET_TURNS && this.#pipes.some((pipe) => !pipe.hasEnded)) {
      const isPaused = this.#pipes.some((pipe) => pipe.isPaused);
      if (isPaused) await sleep(POLL_MS);
      else await turn();
      quiet = !isPaused && reads === this.#reads ? quiet + 1 : 0;
      reads = this.#reads;
    }
  }

  /**
   * Delivers the rest of the output, including a last line without a line end, and closes the
   * pipes. Call this after all processes of the program have ended.
   * @param limitMs maximum time to wait for a receiver that is still busy
   */
  async finish(limitMs: number): Promise<void> {
    await Promise.race([this.drained(), sleep(limitMs, undefined, { ref: false })]);
    for (const pipe of this.#pipes) pipe.end();
  }

  get #reads(): number {
    return this.#pipes.reduce((sum, { reads }) => sum + reads, 0);
  }
}

/** One of the two output pipes of a program. */
class OutputPipe {
  readonly #stream: Readable;
  readonly #lines = new OutputLines();
  readonly #deliver: (line: string) => void | Promise<void>;
  #awaited = 0;
  #hasEnded = false;
  /** Number of reads that returned bytes. */
  reads = 0;

  constructor(stream: Readable, deliver: (line: string) => void | Promise<void>) {
    this.#stream = stream;
    this.#deliver = deliver;
    stream.on('data', (bytes: Uint8Array) => {
      this.reads++;
      for (const line of this.#lines.push(bytes)) this.#pass(line);
    });
    stream.on('error', () => this.end());
    stream.on('close', () => this.end());
  }

  /** Whether the receiver is still processing earlier lines. */
  get isPaused(): boolean {
    return this.#awaited > 0;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Delivers the unfinished line and closes the pipe. */
  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    for (const line of this.#lines.end()) this.#pass(line);
    this.#stream.destroy();
  }

  #pass(line: string): void {
    const done = this.#deliver(line);
    if (done === undefined) return;
    this.#awaited++;
    this.#stream.pause();
    void done.finally(() => {
      if (--this.#awaited === 0) this.#stream.resume();
    });
  }
}

/**
 * Splits the output of a program into lines. A line ends with `\n` or `\r\n`.
 *
 * A progress bar writes updates that end with a carriage return, and each update overwrites the
 * previous one. The last update before a line end is a line. Of the other updates, one is delivered
 * every five seconds, so that a log shows progress without filling up.
 */
export class OutputLines {
  readonly #decoder = new StringDecoder('utf8');
  readonly #updateMs: number;
  #line = '';
  /** The last update of the current line, if it was not delivered. */
  #update = '';
  /** Whether an update of the current line was delivered. */
  #isUpdated = false;
  #deliveredAt = Number.NEGATIVE_INFINITY;

  constructor(updateMs: number = UPDATE_MS) {
    this.#updateMs = updateMs;
  }

  /** Returns the lines that end in these bytes. */
  push(bytes: Uint8Array): string[] {
    return this.#split(this.#decoder.write(bytes as Buffer));
  }

  /** Returns the last line if it has no line end. */
  end(): string[] {
    const lines = this.#split(this.#decoder.end());
    if (this.#line !== '' || this.#update !== '') this.#endLine(lines);
    return lines;
  }

  #split(text: string): string[] {
    const lines: string[] = [];
    let at = 0;
    for (const { 0: end, index } of text.matchAll(/[\r\n]/g)) {
      this.#append(text.slice(at, index), lines);
      if (end === '\n') this.#endLine(lines);
      else this.#endUpdate(lines);
      at = index + 1;
    }
    this.#append(text.slice(at), lines);
    return lines;
  }

  #append(text: string, lines: string[]): void {
    this.#line += text;
    while (this.#line.length > MAX_LINE_LENGTH) {
      // Do not split a surrogate pair.
      const isPair = /[\uD800-\uDBFF]/.test(this.#line[MAX_LINE_LENGTH - 1]);
      const length = isPair ? MAX_LINE_LENGTH - 1 : MAX_LINE_LENGTH;
      lines.push(this.#line.slice(0, length));
      this.#line = this.#line.slice(length);
    }
  }

  #endLine(lines: string[]): void {
    const line = isBlank(this.#line) && (this.#update !== '' || this.#isUpdated) ? this.#update : this.#line;
    // If nothing follows the last update, it was already delivered.
    if (line !== '' || !this.#isUpdated) lines.push(line);
    this.#line = '';
    this.#update = '';
    this.#isUpdated = false;
  }

  #endUpdate(lines: string[]): void {
    if (!isBlank(this.#line)) this.#update = this.#line;
    this.#line = '';
    const now = performance.now();
    if (this.#update === '' || now - this.#deliveredAt < this.#updateMs) return;
    this.#deliveredAt = now;
    lines.push(this.#update);
    this.#update = '';
    this.#isUpdated = true;
  }
}

/** Reports whether text contains only blanks and backspaces, with which progress bars erase a line. */
function isBlank(text: string): boolean {
  return /^[ \b]*$/.test(text);
}

import { createContext, Script } from 'node:vm';

/** Maximum time for a batch, and for one pattern that did not end in that time. */
const BATCH_MS = 200;
const SINGLE_MS = 500;
/** Maximum processor time for one pattern on one line, in microseconds. */
const SINGLE_US: number = SINGLE_MS * 1000;
/** Number of attempts if the machine is too busy to use the processor time. */
const MAX_ATTEMPTS = 8;

/** The text that a pattern captured, or the end of the pattern. */
export type MatchResult =
  | { readonly line: number; readonly pattern: number; readonly text: string | undefined }
  /** The pattern takes too long, and is not used any more. */
  | { readonly line: number; readonly pattern: number; readonly stopped: true };

/**
 * Applies regular expressions to lines within a time limit. A regular expression can backtrack for
 * a time that is exponential in the length of a line. Only the context of a script can interrupt it
 * on this thread.
 */
export class TimedMatcher {
  readonly #patterns: readonly RegExp[];
  readonly #stopped: Set<number> = new Set();
  readonly #script: Script = new Script('run()');
  readonly #context: { run: () => void };

  constructor(patterns: readonly RegExp[]) {
    this.#patterns = patterns;
    this.#context = createContext({ run: () => {} }) as { run: () => void };
  }

  /** Applies all patterns to all lines, and returns the first match of each in each line. */
  match(lines: readonly string[]): MatchResult[] {
    const results: MatchResult[] = [];
    const patterns = this.#patterns.length;
    const end = lines.length * patterns;
    let at = 0;
    const advance = (to: number): void => {
      for (; at < to; at++) {
        const pattern = at % patterns;
        if (this.#stopped.has(pattern)) continue;
        const line = Math.floor(at / patterns);
        const found = this.#patterns[pattern].exec(lines[line]);
        if (found !== null) results.push({ line, pattern, text: found[1] });
      }
    };
    while (at < end) {
      if (this.#runs(() => advance(end), BATCH_MS)) break;
      if (at < end && !this.#ends(() => advance(at + 1))) {
        this.#stopped.add(at % patterns);
        results.push({ line: Math.floor(at / patterns), pattern: at % patterns, stopped: true });
        at++;
      }
    }
    return results;
  }

  /**
   * Whether one pattern ends on one line. The time of the batch may have passed before the pattern
   * started. A process that is suspended or gets no processor time exceeds every limit, so time
   * counts only if this process used it.
   */
  #ends(work: () => void): boolean {
    const before = process.cpuUsage();
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      if (this.#runs(work, SINGLE_MS)) return true;
      const { user, system } = process.cpuUsage(before);
      if (user + system >= SINGLE_US) break;
    }
    return false;
  }

  /** Runs work, and returns whether it ended within the limit. */
  #runs(work: () => void, timeout: number): boolean {
    this.#context.run = work;
    try {
      this.#script.runInContext(this.#context, { timeout });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return false;
      throw error;
    }
  }
}

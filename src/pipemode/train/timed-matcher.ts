import { createContext, Script } from 'node:vm';

/** Maximum time for a batch, and for retrying a single pattern that exceeded it. */
const BATCH_MS = 200;
const SINGLE_MS = 500;
/** Maximum processor time for one pattern on one line, in microseconds. */
const SINGLE_US: number = SINGLE_MS * 1000;
/** Maximum number of attempts if the machine is too busy to grant the processor time. */
const MAX_ATTEMPTS = 8;

/** The text that a pattern captured, or a notice that the pattern is disabled. */
export type MatchResult =
  | { readonly line: number; readonly pattern: number; readonly text: string | undefined }
  /** The pattern took too long and is disabled. */
  | { readonly line: number; readonly pattern: number; readonly stopped: true };

/**
 * Applies regular expressions to lines within a time limit. A regular expression can backtrack for
 * a time that is exponential in the length of a line. On this thread, only a `vm` script can be
 * interrupted, so matching runs in one.
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

  /** Applies all patterns to all lines. Returns the first match of each pattern in each line. */
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
   * Reports whether a single pattern finishes on a single line. The time of the batch may have
   * passed before the pattern started. A process that is suspended or receives no processor time
   * exceeds any limit, so only the processor time of this process counts.
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

  /** Runs `work`. Returns whether it finished within the limit. */
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

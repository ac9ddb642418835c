import { excerptAt } from './excerpt.ts';
import type { ManifestProblem } from './manifest-problem.ts';

/** Collects what is found. */
export class ManifestNotes {
  readonly first: ManifestProblem[] = [];
  errors = 0;
  warnings = 0;
  readonly #most: number;
  readonly #told = new Set<string>();

  constructor(most: number) {
    this.#most = most;
  }

  error(code: ManifestProblem['code'], line: number, text: string, at: number, message: string): void {
    this.errors++;
    this.#note(code, 'error', line, text, at, message);
  }

  warn(code: ManifestProblem['code'], line: number, text: string, at: number, message: string): void {
    this.warnings++;
    this.#note(code, 'warning', line, text, at, message);
  }

  /** Of the whole manifest only the first one. */
  warnOnce(code: ManifestProblem['code'], line: number, text: string, at: number, message: string): void {
    if (this.#told.has(code)) return;
    this.#told.add(code);
    this.warn(code, line, text, at, message);
  }

  #note(
    code: ManifestProblem['code'],
    severity: ManifestProblem['severity'],
    line: number,
    text: string,
    at: number,
    message: string,
  ): void {
    if (this.first.length >= this.#most) return;
    const { column, excerpt } = excerptAt(text, at);
    this.first.push({ code, severity, line, column, message, text: excerpt });
  }
}

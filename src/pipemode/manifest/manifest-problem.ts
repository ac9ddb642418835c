import { excerptAt } from './json-cursor.ts';

/** Something that is wrong with a manifest, or odd. */
export interface ManifestProblem {
  /** Stable kebab-case word. */
  readonly code:
    | 'malformed-json'
    | 'single-quotes'
    | 'not-utf8'
    | 'byte-order-mark'
    | 'missing-attribute'
    | 'bad-ref'
    | 'line-too-long'
    | 'empty-manifest'
    | 'bad-prefix'
    | 'bad-suffix'
    | 'missing-object'
    | 'duplicate-key'
    | 'duplicate-suffix'
    | 'blank-line'
    | 'carriage-return'
    | 'no-final-newline'
    | 'several-buckets'
    | 'long-name';
  /** Whether the manifest is unusable with it. */
  readonly severity: 'error' | 'warning';
  /** From 1. */
  readonly line: number;
  /** In characters, from 1. */
  readonly column: number;
  /** For people. */
  readonly message: string;
  /** What stands there, 80 characters at most. */
  readonly text: string;
}

/** What `checkManifest` found. A stable contract; fields may be added. */
export interface ManifestReport {
  readonly uri: string;
  /** `manifest`: a ManifestFile, an array; `augmented`: an AugmentedManifestFile, a JSON object per line. */
  readonly kind: 'manifest' | 'augmented';
  /** Whether there are no errors. */
  readonly ok: boolean;
  /** Lines with attributes, or objects in the list. */
  readonly entries: number;
  readonly errorCount: number;
  readonly warningCount: number;
  /** The first `maxProblems`, in the order of the file. */
  readonly problems: readonly ManifestProblem[];
}

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

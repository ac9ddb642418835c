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

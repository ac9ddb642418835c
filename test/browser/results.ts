/** The result of reading one source in the browser. */
export interface PageReading {
  /** `LENGTH SHA256` of each record. */
  readonly records: readonly string[];
  /** A string if the error is not a RecordpipeError. */
  readonly error:
    | { readonly code: string; readonly record: number | null; readonly offset: number | null }
    | string
    | null;
}

/** The results that the page writes to its document. */
export interface PageResults {
  readonly kernel: string;
  readonly check: number;
  readonly fileChecksum: number;
  readonly inTwoParts: boolean;
  readonly scan: { readonly records: number; readonly errors: number; readonly compression: string };
  readonly ownFrames: readonly number[];
  readonly sameAsOneByOne: boolean;
  readonly readings: Readonly<Record<string, PageReading>>;
}

/** What reading one source in the browser came to. */
export interface PageReading {
  /** `LENGTH SHA256` of each record. */
  readonly records: readonly string[];
  /** A text where the error was none of the family. */
  readonly error:
    | { readonly code: string; readonly record: number | null; readonly offset: number | null }
    | string
    | null;
}

/** What the page writes into its document. */
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

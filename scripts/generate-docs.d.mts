/** Returns the texts of all generated pages, by their path in docs/reference/. */
export function referencePages(): Promise<ReadonlyMap<string, string>>;
/** Returns the texts of the committed pages, by their path in docs/reference/. */
export function committedPages(): ReadonlyMap<string, string>;

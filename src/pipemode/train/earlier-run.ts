/** Returns the text that the program wrote to `output/failure`, shortened and without control characters. */
export function failureText(_outputDir: string): string | undefined {
  return undefined;
}

/**
 * Rejects a model, output data or a failure file that an earlier run left, or removes them with `clear`.
 * @throws RecordpipeError `already-exists`
 */
export function checkEarlierRun(
  _places: { readonly modelDir: string; readonly outputDir: string },
  _options: { readonly clear: boolean },
): void {}

/** What the tests use of parse5, which comes without types. */
declare module 'parse5' {
  export function parse(
    html: string,
    options?: { onParseError?: (error: { code: string }) => void },
  ): unknown;
}

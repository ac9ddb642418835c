/** The part of parse5 that the tests use. parse5 has no types. */
declare module 'parse5' {
  export function parse(
    html: string,
    options?: { onParseError?: (error: { code: string }) => void },
  ): unknown;
}

/** Stand-in until the search for delimiters is here. */
export function scanLines(start: usize, end: usize): u32 {
  return <u32>(end - start);
}

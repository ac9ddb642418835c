/** Returns a function that reports whether a column is chosen. `*` matches any characters. */
export function columnChoice(columns: readonly string[] | undefined): (name: string) => boolean {
  if (columns === undefined) return () => true;
  const patterns = columns.map((column) => {
    const literals = column.split('*').map((text) => text.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'));
    return new RegExp(`^${literals.join('.*')}$`, 's');
  });
  return (name) => patterns.some((pattern) => pattern.test(name));
}

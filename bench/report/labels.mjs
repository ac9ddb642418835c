/** Names and missing figures, as the report and the list of targets show them. */

export function label({ group, who, what, cores }) {
  const name = ['limit', 'node', 'readline', 'curl', 'cat', 'loaders', 'dali'].includes(who)
    ? what
    : `${who} ${what}`;
  const shown = group === 'kernel' ? name.replace(/ crc32c$/, '').replace(' crc32c ', ', ') : name;
  return cores === 'one' && group !== 'kernel' ? `${shown}, one core` : shown;
}

export function whyNot({ skipped, failed }) {
  if (failed !== undefined) return `failed: ${failed}`;
  return skipped === undefined ? undefined : `skipped: ${skipped}`;
}

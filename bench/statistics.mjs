/** The middle of what was measured; of an even number, the mean of the two in the middle. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** 100 -> `100 B`, 1000 -> `1 KB`, 65536 -> `64 KiB`: powers of 1024 where they fit exactly. */
export function sizeName(bytes) {
  for (const [unit, name] of [
    [2 ** 30, 'GiB'],
    [2 ** 20, 'MiB'],
    [2 ** 10, 'KiB'],
    [1e6, 'MB'],
    [1e3, 'KB'],
  ]) {
    if (bytes >= unit && bytes % unit === 0) return `${bytes / unit} ${name}`;
  }
  return `${bytes} B`;
}

/** Three significant digits, never in scientific notation: 0.0051, 0.322, 8.16, 24.6, 181. */
export function threeDigits(value) {
  if (value === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(digits);
}

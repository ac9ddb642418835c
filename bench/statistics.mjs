/**
 * Returns the median of the values. For an even number of values, this is the mean of the two
 * middle ones.
 */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Formats a size: 100 -> `100 B`, 1000 -> `1 KB`, 65536 -> `64 KiB`. Powers of 1024 take precedence
 * if they divide the size.
 */
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

/**
 * Formats a number with three significant digits, never in scientific notation: 0.0051, 0.322,
 * 8.16, 24.6, 181.
 */
export function threeDigits(value) {
  if (value === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(digits);
}

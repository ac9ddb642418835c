const STEPS = '▁▂▃▄▅▆▇█';

/** Counts as a row of bars, the largest at full height. Every count above 0 has a bar. */
export function spark(counts: readonly number[]): string {
  const most = counts.reduce((a, b) => Math.max(a, b), 1);
  return counts
    .map((count) =>
      count === 0 ? ' ' : STEPS[Math.min(STEPS.length - 1, Math.floor((count / most) * STEPS.length))],
    )
    .join('');
}

/** A share from 0 to 1 as a bar of up to `columns` columns. */
export function bar(share: number, columns: number): string {
  const eighths = Math.round(share * columns * 8);
  const rest = eighths % 8;
  const text = '█'.repeat(Math.floor(eighths / 8)) + (rest === 0 ? '' : PARTS[rest]);
  return text === '' && share > 0 ? PARTS[1] : text;
}

const PARTS = ' ▏▎▍▌▋▊▉';

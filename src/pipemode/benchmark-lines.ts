import type { EpochProgress } from './epoch-progress.ts';

const ITERATOR = 'PipeModeDatasetOp::Dataset::Iterator';

/** The lines that `sagemaker_tensorflow` writes about the last of so many reads. The read that finds the end counts as one. */
export function recordLines(reads: number, nanoseconds: number, bytes: number): string[] {
  return [
    `${ITERATOR} records: ${reads}\n`,
    `${ITERATOR} records read_time_ns: ${Math.round(nanoseconds)}\n`,
    `${ITERATOR} records read_bytes: ${bytes}\n`,
  ];
}

/** The lines that it writes at the end of an iteration. Gibibytes are called GB there, and seconds have whole milliseconds. */
export function totalLines({ readMs, payloadBytes }: EpochProgress): string[] {
  const ms = Math.trunc(readMs);
  return [
    `${ITERATOR} total read_time_ms: ${ms}\n`,
    `${ITERATOR} total read_bytes: ${payloadBytes}\n`,
    `${ITERATOR} total read_GB/s: ${asStreamWrites(payloadBytes / 1024 ** 3 / (ms / 1000))}\n`,
  ];
}

/** A double as a C++ stream writes it: six significant digits, no zeros behind them. 0/0 is written with a sign on x86. */
function asStreamWrites(value: number): string {
  if (Number.isNaN(value)) return '-nan';
  if (!Number.isFinite(value)) return 'inf';
  if (value === 0) return '0';
  const [digits, exponent] = value.toExponential(5).split('e') as [string, string];
  const power = Number(exponent);
  if (power >= -4 && power < 6) return trimmed(value.toFixed(5 - power));
  const sign = power < 0 ? '-' : '+';
  return `${trimmed(digits)}e${sign}${String(Math.abs(power)).padStart(2, '0')}`;
}

function trimmed(digits: string): string {
  return digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits;
}

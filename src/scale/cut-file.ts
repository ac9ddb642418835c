import type { Reaching } from '../check/expand-inputs.ts';
import type { KnownFile } from '../check/file-input.ts';
import { isRecordpipeError } from '../errors.ts';
import { openIndexed } from '../records/indexes/open-indexed.ts';

/** What lies in an index of where records begin. */
interface Borders {
  readonly length: number;
  offset(record: number): number;
}

/** The file in parts of about `cutBytes`, where there is an index that fits it; else as it is. */
export async function cutFile(
  file: KnownFile,
  cutBytes: number,
  { objects, signal }: Reaching,
  onUncut: ((uri: string, why: Error) => void) | undefined,
): Promise<KnownFile[]> {
  const { uri, size, range } = file;
  if (size <= cutBytes || range !== undefined) return [file];
  try {
    const indexed = await openIndexed(uri, { objects, signal });
    try {
      const { format, length } = indexed;
      const borders = bordersOf(indexed, size, Math.ceil(size / cutBytes));
      return borders.slice(1).map((to, i) => {
        const from = borders[i];
        const end = to === length ? size : indexed.offset(to);
        return { ...file, range: { format, from, to, start: i === 0 ? 0 : indexed.offset(from), end } };
      });
    } finally {
      await indexed.close();
    }
  } catch (error) {
    if (
      !isRecordpipeError(
        error,
        'not-found',
        'object-missing',
        'malformed-index',
        'index-mismatch',
        'unsupported-source',
      )
    )
      throw error;
    onUncut?.(uri, error);
    return [file];
  }
}

/** Records at which parts begin, and the number of records behind them. */
function bordersOf(indexed: Borders, size: number, parts: number): number[] {
  const borders = [0];
  for (let part = 1; part < parts; part++) {
    const record = firstFrom(indexed, Math.floor((part * size) / parts));
    if (record > borders[borders.length - 1] && record < indexed.length) borders.push(record);
  }
  return [...borders, indexed.length];
}

/** The first record that begins at a position or behind it. */
function firstFrom(indexed: Borders, position: number): number {
  let low = 0;
  let high = indexed.length;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (indexed.offset(middle) < position) low = middle + 1;
    else high = middle;
  }
  return low;
}

import type { RecordpipeError } from '../errors.ts';
import { newReadStats, type ReadStats } from './corruption.ts';
import type { Batches } from './record-reader.ts';
import type { RecordScan } from './scan-source.ts';

/**
 * The batches of files, one file after the other.
 * @param read starts reading a file, counting in the statistics it is given
 * @param stats the sums over all files
 */
export async function* manyBatches(
  files: AsyncIterable<string>,
  read: (file: string, stats: ReadStats) => Batches,
  stats: ReadStats,
): Batches {
  const before = newReadStats();
  for await (const file of files) {
    const one = newReadStats();
    try {
      for await (const batch of read(file, one)) {
        sum(stats, before, one);
        yield batch;
      }
    } finally {
      sum(stats, before, one);
    }
    Object.assign(before, stats);
  }
}

function sum(total: ReadStats, before: ReadStats, one: ReadStats): void {
  for (const name of Object.keys(total) as (keyof ReadStats)[]) total[name] = before[name] + one[name];
}

/** What a scan of several files found: sums, the first findings, and the format and compression of the first file. */
export async function scanMany(
  files: AsyncIterable<string>,
  maxErrors: number,
  scan: (file: string) => Promise<RecordScan>,
): Promise<RecordScan | undefined> {
  let total: RecordScan | undefined;
  const errors: RecordpipeError[] = [];
  for await (const file of files) {
    const one = await scan(file);
    for (const error of one.errors) if (errors.length < maxErrors) errors.push(error);
    total =
      total === undefined
        ? { ...one, uri: undefined }
        : {
            ...total,
            records: total.records + one.records,
            payloadBytes: total.payloadBytes + one.payloadBytes,
            bytes: total.bytes + one.bytes,
            errorCount: total.errorCount + one.errorCount,
            trailingBytes: total.trailingBytes + one.trailingBytes,
            warnings: total.warnings + one.warnings,
          };
  }
  return total && { ...total, errors };
}

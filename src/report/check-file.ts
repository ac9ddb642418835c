import { DATA_ERROR_CODES, isItemFailure, type RecordpipeError } from '../errors.ts';
import { examineFile } from './examine-file.ts';
import { type FileInput, type FileTask, storedBytes, type Watch } from './file-task.ts';
import { warningsOf } from './file-warnings.ts';
import { checkFrozen } from './known-file.ts';
import type { FileReport } from './validate-report.ts';

/**
 * Checks one file. What is wrong with it, and what keeps it from being read, is in the report.
 * @throws RecordpipeError `aborted`
 */
export async function checkFile(input: FileInput, task: FileTask, watch: Watch): Promise<FileReport> {
  const start = performance.now();
  const seconds = (): number => Math.round((performance.now() - start) * 1000) / 1e6;
  const uri = input.path === '-' ? '<stdin>' : input.path;
  try {
    checkFrozen(input);
    // Imported when wanted: start-up time counts.
    const inside = task.look && (await import('./look-inside.ts')).lookInside(task.look, uri);
    const found = await examineFile(input, uri, task, watch, inside?.onBatch);
    const { format, compression, records, bytes, errors, errorCount } = found;
    const report = {
      uri,
      format,
      compression,
      ok: errorCount === 0,
      records,
      bytes,
      seconds: seconds(),
      errors: errors.map((error) => error.toJSON()),
      errorCount,
      unreadable: false,
      warnings: warningsOf(found),
      ...(input.range && { range: input.range }),
    };
    return inside === undefined ? report : inside.report(report, task.maxErrors);
  } catch (error) {
    if (!isItemFailure(error)) throw error;
    const { compression, format } = task.reading;
    return failedFile({ ...input, path: uri }, error, {
      seconds: seconds(),
      compression: compression === 'auto' ? undefined : compression,
      format: format === 'auto' ? undefined : format,
    });
  }
}

/** The report of a file that could not be read, or not be told what it is. */
export function failedFile(
  input: FileInput,
  error: RecordpipeError,
  known: { readonly [K in 'seconds' | 'compression' | 'format']?: FileReport[K] | undefined } = {},
): FileReport {
  return {
    uri: input.path,
    format: known.format ?? null,
    compression: known.compression ?? null,
    ok: false,
    records: 0,
    bytes: storedBytes(input),
    seconds: known.seconds ?? 0,
    errors: [error.toJSON()],
    errorCount: 1,
    unreadable: !DATA_ERROR_CODES.has(error.code),
    warnings: [],
    ...(input.range && { range: input.range }),
  };
}

import { isRecordpipeError, RecordpipeError } from '../../errors.ts';
import type { StoredFile } from '../../storage/storage.ts';
import { compareWithData } from './check-index.ts';
import { type IndexKind, indexKind } from './find-index.ts';
import { loadIndex } from './load-index.ts';
import type { FrameScanOptions } from './scan-frames.ts';

/**
 * How many records an index file has that fits its data; undefined where it is to be made anew. Of our kind it fits where neither time, size nor fingerprint
 * of the data has changed; the others know nothing of their data and are compared with all of it.
 *
 * @throws RecordpipeError `already-exists` where the file is no index of this kind, `index-mismatch`, `malformed-index` for one of MXNet's that does not fit
 */
export async function fittingIndex(
  file: StoredFile,
  indexPath: string,
  kind: IndexKind,
  options: Partial<FrameScanOptions>,
): Promise<number | undefined> {
  const found = await indexKind(indexPath, options);
  // An empty file is an index of no records of any kind but ours.
  const empty = found === 'vahidk' && file.size === 0 && kind !== 'rpidx';
  if (found !== kind && !empty) {
    const what = found === undefined ? 'is not an index' : `is an index of another kind (${found})`;
    throw new RecordpipeError('already-exists', `already exists and ${what}`, {
      uri: indexPath,
    });
  }
  try {
    if (kind !== 'rpidx') return (await compareWithData(file, indexPath, options)).table.count;
    const { table, mtimeNs } = await loadIndex(file, indexPath, options);
    return mtimeNs === file.mtimeNs ? table.count : undefined;
  } catch (error) {
    const unfit = isRecordpipeError(error, 'index-mismatch', 'malformed-index');
    if (unfit && kind !== 'mx') return undefined;
    throw error;
  }
}

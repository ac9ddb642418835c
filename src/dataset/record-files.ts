import { readRecordBatches } from '../records/read-records.ts';
import type { RecordReadOptions } from '../records/record-read-options.ts';
import type { Batches } from '../records/record-reader.ts';
import { checkFileNames, type FileNames, filesNamed } from './file-names.ts';
import { RecordStage } from './record-stage.ts';
import type { Open } from './stage.ts';

/** How the records of files are read: as `readRecords` does; a record of a dataset stays valid as long as it is kept. */
export type DatasetRecordOptions = Partial<Omit<RecordReadOptions, 'reuse' | 'signal' | 'uri'>>;

/**
 * The records of files, one file after the other.
 * @throws UsageError for names that are none
 * @throws UsageError for an unknown option value
 */
export function openRecordFiles(names: FileNames, options: DatasetRecordOptions = {}): Open<Uint8Array> {
  checkFileNames(names);
  readRecordBatches(new Uint8Array(0), options); // reads nothing, checks the options
  return () => new RecordStage((signal) => recordBatches(names, { ...options, signal }));
}

async function* recordBatches(
  names: FileNames,
  options: DatasetRecordOptions & { signal: AbortSignal },
): Batches {
  for await (const file of filesNamed(names, options)) yield* readRecordBatches(file, options);
}

/**
 * Datasets: chains of operators with the semantics of tf.data over records, files and anything that can be iterated. Node only.
 *
 * @module
 */
export { Dataset } from './dataset.ts';
export type { DatasetIterator } from './dataset-iterator.ts';
export type { FileNames, FileNamesOptions } from './file-names.ts';
export type { IterableDataset } from './iterable-dataset.ts';
export type { DatasetInput, Elements } from './iterables.ts';
export type { MaybePromise } from './map.ts';
export type {
  BatchOptions,
  InterleaveOptions,
  MapOptions,
  PaddedBatchOptions,
  ProgressOptions,
  ShuffleOptions,
} from './operator-options.ts';
export type { Paddable, Padding, Scalar, Shape, Vector } from './padding.ts';
export type { DatasetProgress } from './progress.ts';
export type { DatasetRecordOptions } from './record-files.ts';
export type { IterateOptions } from './run.ts';
export type { WindowOptions } from './window.ts';
export type { WorkerMapOptions } from './worker-pool.ts';
export type { Zipped, ZipSources } from './zip.ts';

/**
 * Datasets: chains of operators with the semantics of tf.data, over records, files and any other
 * iterables. Node only.
 *
 * @module
 */
export { Dataset } from './dataset.ts';
export type { DatasetIterator } from './dataset-iterator.ts';
export type { DatasetState } from './dataset-state.ts';
export type { FileNames, FileNamesOptions } from './file-names.ts';
export type { IterableDataset } from './iterable-dataset.ts';
export type { DatasetInput, Elements } from './iterables.ts';
export type {
  BatchOptions,
  InterleaveOptions,
  MapOptions,
  PaddedBatchOptions,
  ParseOptions,
  PrefetchOptions,
  ProgressOptions,
  ShuffleOptions,
  WhereOptions,
  WindowOptions,
  WorkerMapOptions,
} from './operator-options.ts';
export type { MaybePromise } from './operators/map.ts';
export type { MixOptions, MixSource } from './operators/mix.ts';
export type { Paddable, Padding, Scalar, Shape, Vector } from './operators/padding.ts';
export type { DatasetProgress, DatasetWaits } from './operators/progress.ts';
export type { Zipped, ZipSources } from './operators/zip.ts';
export type { Position } from './position.ts';
export type { DatasetRecordOptions } from './record-files.ts';
export type { IterateOptions } from './run.ts';
export type { ShardIndexing } from './shards/open-shards.ts';
export type { ShardsOptions } from './shards/shards-options.ts';

/**
 * Transformations of record files: convert, merge, repair, sample, shuffle, and split. Requires
 * Node.
 *
 * @module
 */
export { convertFile } from './convert-file.ts';
export { extensionOf, type FileFormat, kindOfName, type NamedKind } from './file-formats.ts';
export { type MergeResult, mergeFiles } from './merge-files.ts';
export { type RepairFinding, type RepairOptions, type RepairResult, repairFile } from './repair-file.ts';
export { type SampleOptions, type SampleResult, sampleFile } from './sample-file.ts';
export { type ShuffleOptions, type ShuffleResult, shuffleFile, shuffleFiles } from './shuffle-file.ts';
export {
  type SplitByWeightsOptions,
  type SplitByWeightsResult,
  type SplitPart,
  splitByWeights,
} from './split-by-weights.ts';
export { type SplitOptions, type SplitResult, splitFile } from './split-file.ts';
export {
  DEFAULT_TRANSFORM_OPTIONS,
  type InputOptions,
  type OutputOptions,
  type SelectingOptions,
  type TransformOptions,
  type TransformProgress,
  type TransformResult,
} from './transform-options.ts';

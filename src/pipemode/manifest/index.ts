/**
 * SageMaker's manifests: lists of objects (ManifestFile) and lines of attributes (AugmentedManifestFile), read, written and checked.
 *
 * @module
 */
export { type CheckManifestOptions, checkManifest } from './check-manifest.ts';
export { listManifestObjects, type ManifestListOptions } from './list-manifest-objects.ts';
export {
  isRefName,
  type ManifestPlace,
  type ManifestRefs,
  type ManifestValue,
  parseManifestLine,
} from './manifest-line.ts';
export type { ManifestProblem, ManifestReport } from './manifest-problem.ts';
export type { TextTargetOptions } from './write-manifest.ts';
export {
  formatManifest,
  type ManifestRow,
  type WriteManifestOptions,
  writeAugmentedManifest,
  writeManifest,
} from './write-manifest.ts';

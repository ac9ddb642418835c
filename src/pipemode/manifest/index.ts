/**
 * Functions that read, write and check SageMaker's manifests: lists of objects (ManifestFile) and
 * lines of attributes (AugmentedManifestFile).
 *
 * @module
 */
export type { ManifestProblem } from './check-lines.ts';
export { type CheckManifestOptions, checkManifest, type ManifestReport } from './check-manifest.ts';
export {
  isRefName,
  type ManifestPlace,
  type ManifestRefs,
  type ManifestValue,
  parseManifestLine,
} from './manifest-lines.ts';
export type { ManifestListMistake } from './manifest-list.ts';
export {
  formatManifest,
  listManifestObjects,
  type ManifestListOptions,
  type ManifestRow,
  type TextTargetOptions,
  type WriteManifestOptions,
  writeAugmentedManifest,
  writeManifest,
} from './write-manifest.ts';

/**
 * Runs a complete SageMaker training job on this machine: Pipe, File and FastFile channels, the
 * files and variables of SageMaker's training toolkit, several hosts, checkpoints and artifacts.
 * Requires Node on Linux.
 *
 * @module
 */
export * from '../job/exports.ts';
export {
  type ArtifactOptions,
  type ArtifactOutput,
  type ArtifactPaths,
  type SavedArtifacts,
  saveArtifacts,
} from './artifacts.ts';
export { CheckpointOwners } from './checkpoint-owners.ts';
export { type CheckpointOptions, Checkpoints, type CheckpointTransfer } from './checkpoints.ts';
export {
  type MetricDefinition,
  MetricLog,
  type MetricPoint,
  type MetricSeries,
  type MetricSummary,
  type MetricsReport,
} from './metrics.ts';
export { checkMetricsFile, type MetricsFileOptions, metricsTable, writeMetrics } from './metrics-report.ts';
export {
  type ChannelDataOptions,
  DEFAULT_TRAINING_RUN_OPTIONS,
  type TrainingRunInput,
  type TrainingRunOptions,
} from './run-options.ts';
export type {
  FilledEvent,
  FillingEvent,
  HostResult,
  ProgramEnd,
  ProgramStart,
  RestoredEvent,
  TrainingEvent,
  TrainingResult,
  TrainingStatus,
  TrainingWarning,
} from './training-events.ts';
export type { ChannelPlan, HostPlan, TrainingPlan } from './training-plan.ts';
export { logPrefix, TrainingRun } from './training-run.ts';

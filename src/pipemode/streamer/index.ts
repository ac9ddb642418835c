/**
 * The writing end of Pipe mode: streams S3 objects or local files into named pipes, as SageMaker
 * does for a training job, and writes the files of the job. Requires Node on Linux.
 *
 * @module
 */

export type { EpochStartStatus } from '../job/channel-files.ts';
export * from '../job/exports.ts';
export type { S3DataType, StreamChannel, StreamChannelInput } from '../job/stream-channel.ts';
export { PipeModeStreamer } from './pipe-mode-streamer.ts';
export type { GuardOptions, ProgramGuard, ProgramMark } from './program-guard.ts';
export type { OnProgramLine } from './program-output.ts';
export type { ChannelIdentity } from './resume/channel-identity.ts';
export type { EpochPosition, RecordDivision } from './resume/epoch-position.ts';
export { readResumeFile } from './resume/resume-points.ts';
export type { ChannelCheckpoint, StreamCheckpoint } from './resume/stream-checkpoint.ts';
export {
  type ChannelMetrics,
  type ChannelStatus,
  type EpochEnd,
  type OnStreamEvent,
  prometheusText,
  type ResumedChannel,
  type StreamEvent,
  type StreamSource,
} from './stream-events.ts';
export {
  type CheckpointOptions,
  DEFAULT_STREAMER_OPTIONS,
  type PipeModeStreamerOptions,
  type StreamerInput,
} from './streamer-options.ts';
export { TrainingProgram, type TrainingProgramOptions } from './training-program.ts';

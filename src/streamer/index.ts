/**
 * The other end of Pipe mode: S3 objects or local files into named pipes, as SageMaker feeds a training job. Node on Linux.
 *
 * @module
 */

export { PipeModeStreamer } from './pipe-mode-streamer.ts';
export type { ProgramGuard } from './program-guard.ts';
export type { ProgramMark } from './program-processes.ts';
export { prometheusText } from './prometheus.ts';
export type { ChannelStatus } from './status-file.ts';
export type { S3DataType, StreamChannel, StreamChannelInput } from './stream-channel.ts';
export type { ChannelMetrics, EpochEnd, OnStreamEvent, StreamEvent, StreamSource } from './stream-events.ts';
export {
  DEFAULT_STREAMER_OPTIONS,
  type PipeModeStreamerOptions,
  type StreamerInput,
} from './streamer-options.ts';
export {
  type TrainingJob,
  type TrainingPlaces,
  trainingEnvironment,
  trainingPlaces,
  writeTrainingFiles,
} from './training-files.ts';
export { parseTrainingInput, readTrainingInput } from './training-input.ts';
export { TrainingProgram, type TrainingProgramOptions } from './training-program.ts';

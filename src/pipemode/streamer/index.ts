/**
 * The other end of Pipe mode: S3 objects or local files into named pipes, as SageMaker feeds a training job. Node on Linux.
 *
 * @module
 */

export {
  type TrainingJob,
  type TrainingPlaces,
  trainingEnvironment,
  trainingPlaces,
  writeTrainingFiles,
} from '../job/training-files.ts';
export { parseTrainingInput, readTrainingInput } from '../job/training-input.ts';
export { PipeModeStreamer } from './pipe-mode-streamer.ts';
export type { ProgramGuard, ProgramMark } from './program-guard.ts';
export type { S3DataType, StreamChannel, StreamChannelInput } from './stream-channel.ts';
export type {
  ChannelMetrics,
  ChannelStatus,
  EpochEnd,
  OnStreamEvent,
  StreamEvent,
  StreamSource,
} from './stream-events.ts';
export { prometheusText } from './stream-events.ts';
export {
  DEFAULT_STREAMER_OPTIONS,
  type PipeModeStreamerOptions,
  type StreamerInput,
} from './streamer-options.ts';
export { TrainingProgram, type TrainingProgramOptions } from './training-program.ts';

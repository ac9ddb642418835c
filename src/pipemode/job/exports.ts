/** What describes a training job, for the entries of the streamer and of whole jobs. */
export { writeJobFiles } from './job-files.ts';
export {
  type HostEnvironment,
  type HostEnvironmentOptions,
  hostEnvironment,
  scriptOf,
} from './toolkit-environment.ts';
export { type JobPaths, jobPaths } from './training-job.ts';
export {
  type InputMode,
  type InstanceGroup,
  type JobChannel,
  type JobChannelInput,
  type JobHost,
  jobHosts,
  parseTrainingRequest,
  readTrainingRequest,
  type TrainingRequest,
  type TrainingRequestInput,
  trainingRequest,
} from './training-request.ts';

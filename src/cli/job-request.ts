import { readFileSync, statSync } from 'node:fs';
import { RecordpipeError, UsageError } from 'recordpipe/errors';
import type {
  InputMode,
  JobChannelInput,
  TrainingRequest,
  TrainingRequestInput,
} from 'recordpipe/pipemode/train';
import {
  assignment,
  assignments,
  type ChannelOptions,
  channelOptions,
  channelSettings,
} from './options/channels.ts';
import {
  atLeast,
  defined,
  duration,
  flag,
  grouped,
  type OptionsOf,
  parsed,
  repeated,
  value,
} from './options/option.ts';

/** Options that describe a training job. They override the fields of a request in a file. */
export interface JobOptions extends ChannelOptions {
  readonly job?: string;
  readonly channel?: readonly string[];
  readonly inputMode?: readonly string[];
  readonly hyperparameter?: readonly string[];
  readonly hyperparameters?: string;
  readonly name?: string;
  readonly env?: readonly string[];
  readonly instanceCount?: number;
  readonly instanceType?: string;
  readonly maxRuntime?: number;
  readonly spot?: true;
  readonly retries?: number;
  readonly checkpoints?: string;
  readonly checkpointDir?: string;
  readonly output?: string;
  readonly metric?: readonly string[];
}

export const jobOptions: OptionsOf<JobOptions> = {
  job: value(
    '--job <file>',
    'read the job from a CreateTrainingJob request (JSON); other options override fields in the request',
  ),
  channel: parsed(
    '-c, --channel <[name=]uri>',
    'add a channel: [NAME=]s3://bucket/prefix or [NAME=]directory (default NAME: training); repeatable',
    repeated,
  ),
  inputMode: parsed(
    '--input-mode <[name=]mode>',
    'input mode for all channels or for channel NAME: File (default), FastFile or Pipe; repeatable',
    repeated,
  ),
  hyperparameter: parsed('--hyperparameter <name=value>', 'set a hyperparameter; repeatable', assignments),
  hyperparameters: value('--hyperparameters <file>', 'read hyperparameters from a JSON object in a file'),
  ...channelOptions,
  ...grouped('Job:', {
    name: value('--name <name>', 'name of the job, TrainingJobName (default: generated)'),
    env: parsed('--env <name=value>', 'set an environment variable for the program; repeatable', assignments),
    instanceCount: parsed(
      '--instance-count <n>',
      'number of hosts: algo-1, algo-2, … (default: 1)',
      atLeast(1),
    ),
    instanceType: value(
      '--instance-type <type>',
      'instance type to report to the program, e.g. ml.p3.2xlarge',
    ),
    maxRuntime: parsed(
      '--max-runtime <time>',
      'stop the job after this time (MaxRuntimeInSeconds)',
      duration,
    ),
    spot: flag('--spot', 'use managed spot training (EnableManagedSpotTraining)'),
    retries: parsed(
      '--retries <n>',
      'maximum number of retries after a service failure while reading data (MaximumRetryAttempts)',
      atLeast(0),
    ),
    checkpoints: value(
      '--checkpoints <uri>',
      'location where checkpoints are saved and restored: s3://bucket/prefix or a directory',
    ),
    checkpointDir: value(
      '--checkpoint-dir <dir>',
      'directory where the program writes checkpoints (default: /opt/ml/checkpoints)',
    ),
    output: value(
      '--output <uri>',
      'location where the model and the output are saved: s3://bucket/prefix or a directory (S3OutputPath)',
    ),
    metric: parsed(
      '--metric <name=regex>',
      "extract a metric from the program's output; repeatable",
      assignments,
    ),
  }),
} as OptionsOf<JobOptions>;

const MODES: readonly InputMode[] = ['File', 'FastFile', 'Pipe'];
/** Name of a channel that is given without a name, as in `estimator.fit`. */
const DEFAULT_CHANNEL = 'training';

/**
 * Returns the training job that the options describe.
 * @throws UsageError, RecordpipeError `malformed-config`, `not-found`, …
 */
export async function requestOf(
  options: JobOptions & { readonly region?: string },
): Promise<TrainingRequest> {
  const { readTrainingRequest, trainingRequest } = await import('recordpipe/pipemode/train');
  const { job, channel, name, region } = options;
  if (job === undefined && channel === undefined)
    throw new UsageError('channels: expected at least one; pass -c URI, -c NAME=URI or --job FILE');
  const request = job === undefined ? undefined : readTrainingRequest(job);
  const given: TrainingRequestInput = {
    ...request,
    ...(request !== undefined && { arn: arnWith(request.arn, name ?? request.name, region) }),
    ...overrides(options, request),
  };
  return trainingRequest(given);
}

/** Returns a job's ARN with another name and region. */
function arnWith(arn: string, name: string, region: string | undefined): string {
  const parts = arn.split(':');
  return [...parts.slice(0, 3), region ?? parts[3], parts[4], `training-job/${name}`].join(':');
}

/** Returns the fields that the options override. */
function overrides(
  options: JobOptions & { readonly region?: string },
  request: TrainingRequest | undefined,
): TrainingRequestInput {
  const {
    name,
    region,
    instanceCount,
    instanceType,
    maxRuntime,
    spot,
    retries,
    output,
    metric = [],
  } = options;
  const fromFile = options.hyperparameters === undefined ? {} : hyperparametersIn(options.hyperparameters);
  const modes = new Map((options.inputMode ?? []).map(inputModeOf));
  const checkpoint = {
    ...request?.checkpoint,
    ...defined({ uri: options.checkpoints, localPath: options.checkpointDir }),
  };
  if (checkpoint.uri === undefined && checkpoint.localPath !== undefined)
    throw new UsageError(
      '--checkpoint-dir requires --checkpoints, which specifies where to save the checkpoints',
    );
  return {
    ...defined({ name, region, spot, maxRetries: retries }),
    ...(maxRuntime !== undefined && { maxRuntimeSeconds: maxRuntime / 1000 }),
    ...(instanceCount !== undefined && { instanceCount }),
    ...(instanceType !== undefined && { instanceType }),
    ...(output !== undefined && { output: { compression: 'GZIP', ...request?.output, uri: output } }),
    ...(checkpoint.uri !== undefined && {
      checkpoint: { uri: checkpoint.uri, localPath: checkpoint.localPath ?? '/opt/ml/checkpoints' },
    }),
    hyperparameters: {
      ...request?.hyperparameters,
      ...fromFile,
      ...Object.fromEntries((options.hyperparameter ?? []).map(assignment)),
    },
    environment: { ...request?.environment, ...Object.fromEntries((options.env ?? []).map(assignment)) },
    metricDefinitions: [
      ...(request?.metricDefinitions ?? []),
      ...metric.map(assignment).map(([metricName, regex]) => ({ name: metricName, regex })),
    ],
    channels: channelsOf(options, request, modes),
    inputMode: modes.get(undefined) ?? 'File',
  };
}

/** Returns the channels of the request, with addresses and settings overridden by the options. */
function channelsOf(
  options: JobOptions,
  request: TrainingRequest | undefined,
  modes: ReadonlyMap<string | undefined, InputMode>,
): JobChannelInput[] {
  const settings = channelSettings(options);
  const given = (options.channel ?? []).map(channelArgument);
  const names = given.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new UsageError(
      `channels: -c gives two addresses to channel ${twice}; use a different name for each channel: -c NAME=URI`,
    );
  const channels: JobChannelInput[] = [...(request?.channels ?? [])];
  for (const { name, uri } of given) {
    const at = channels.findIndex((one) => one.name === name);
    if (at < 0) channels.push({ name, uri, ...settings });
    else channels[at] = { ...channels[at], uri, ...dataTypeOf(channels[at], uri), ...settings };
  }
  for (const name of modes.keys()) {
    if (name !== undefined && !channels.some((one) => one.name === name))
      throw new UsageError(
        `--input-mode: no channel has the name ${name}; expected one of ${channels.map((one) => one.name).join(', ')}`,
      );
  }
  return channels.map((channel) => {
    const inputMode = modes.get(channel.name) ?? modes.get(undefined) ?? channel.inputMode;
    return { ...channel, inputMode };
  });
}

/**
 * Returns the data type of a folder that replaces a manifest. A folder cannot replace an augmented
 * manifest, whose attributes the program expects.
 */
function dataTypeOf({ name, dataType }: JobChannelInput, uri: string): Partial<JobChannelInput> {
  const isFolder = uri.endsWith('/') || statSync(uri, { throwIfNoEntry: false })?.isDirectory() === true;
  if (!isFolder || dataType === undefined || dataType === 'S3Prefix') return {};
  if (dataType === 'ManifestFile') return { dataType: 'S3Prefix' };
  throw new UsageError(
    `channels: channel ${name} of the request is an ${dataType}, which a folder cannot replace; pass -c ${name}=FILE with a smaller manifest`,
  );
}

/** Splits `[NAME=]URI`. An address may contain `=`; text with `/` or `:` is not a name. */
function channelArgument(text: string): { name: string; uri: string } {
  const [, name = DEFAULT_CHANNEL, uri] = /^(?:([^/:=]+)=)?(.*)$/s.exec(text) as RegExpExecArray;
  return { name, uri };
}

/** Parses `[NAME=]MODE`. Ignores the case of the mode. */
function inputModeOf(text: string): [name: string | undefined, mode: InputMode] {
  const at = text.lastIndexOf('=');
  const word = text.slice(at + 1);
  const mode = MODES.find((one) => one.toLowerCase() === word.toLowerCase());
  if (mode === undefined)
    throw new UsageError(`--input-mode: expected ${MODES.join(', ')}, got ${JSON.stringify(word)}`);
  return [at < 0 ? undefined : text.slice(0, at), mode];
}

/**
 * Reads hyperparameters. Strings are used unchanged, as in `hyperparameters.json`. Other values are
 * written as JSON, as SageMaker's SDK does.
 */
function hyperparametersIn(path: string): Record<string, string> {
  let values: unknown;
  try {
    values = JSON.parse(readFileSync(path, 'utf8').replace(/^\uFEFF/, ''));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw missing(path, error as NodeJS.ErrnoException);
    throw new RecordpipeError('malformed-config', `not JSON: ${error.message}`, { uri: path }, error);
  }
  if (typeof values !== 'object' || values === null || Array.isArray(values))
    throw new RecordpipeError('malformed-config', 'expected a JSON object that maps names to values', {
      uri: path,
    });
  return Object.fromEntries(
    Object.entries(values).map(([name, one]) => [name, typeof one === 'string' ? one : JSON.stringify(one)]),
  );
}

function missing(path: string, error: NodeJS.ErrnoException): RecordpipeError {
  const code = error.code === 'ENOENT' ? 'not-found' : 'io-failure';
  return new RecordpipeError(code, `cannot read hyperparameters: ${error.message}`, { uri: path }, error);
}

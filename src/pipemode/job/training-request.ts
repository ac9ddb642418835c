import { readFileSync } from 'node:fs';
import { typeName } from '../../bytes/arguments.ts';
import { isRecordpipeError, UsageError } from '../../errors.ts';
import { malformed, withFileErrors } from './config-file.ts';
import { hyperparameterValue } from './hyperparameters.ts';
import { INPUT_MODE, SETTINGS } from './request-fields.ts';
import { parseRequestJson } from './request-json.ts';
import { checkRules } from './request-rules.ts';
import { Findings, mistakesText } from './request-shape.ts';
import type {
  InstanceGroup,
  JobChannel,
  JobHost,
  TrainingRequest,
  TrainingRequestInput,
} from './request-types.ts';
import { type InputMode, streamChannel, withS3Scheme } from './stream-channel.ts';

export type {
  InstanceGroup,
  JobChannel,
  JobChannelInput,
  JobHost,
  TrainingRequest,
  TrainingRequestInput,
} from './request-types.ts';
export type { InputMode } from './stream-channel.ts';

/** The name that SageMaker gives to the only group of a job with `InstanceCount`. */
const ONE_GROUP = 'homogeneousCluster';
/** Account number that AWS uses in examples. */
const EXAMPLE_ACCOUNT = '123456789012';
const CHECKPOINT_DIR = '/opt/ml/checkpoints';

/** Settings from options or a request. `role` comes only from a request. */
type Settings = TrainingRequestInput & { readonly role?: string | undefined };

/**
 * Reads a training job from a CreateTrainingJob request in JSON, in the format of AWS's API and
 * command line. The file contains the request or only its `InputDataConfig`. Addresses may also be
 * paths or `file:` URLs. `warnings` of the result names all fields that have no effect here.
 *
 * @param defaultInputMode the input mode of channels if the request has none; the default is `File`
 * @throws RecordpipeError `not-found`, `access-denied`, `io-failure`; `malformed-config`, which
 *   lists all mistakes, for a request that CreateTrainingJob rejects
 * @example
 * ```ts
 * import { writeFileSync } from 'node:fs';
 * import { readTrainingRequest } from 'recordpipe/pipemode/train';
 * const channel = { ChannelName: 'train', DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: 's3://bucket/train/' } } };
 * writeFileSync('request.json', JSON.stringify({ TrainingJobName: 'job-1', InputDataConfig: [channel] }));
 * const { name, channels } = readTrainingRequest('request.json');
 * console.log(name, channels[0].name, channels[0].inputMode); // job-1 train File
 * ```
 */
export function readTrainingRequest(path: string, defaultInputMode: InputMode = 'File'): TrainingRequest {
  const bytes = withFileErrors(path, () => readFileSync(path));
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw malformed('not UTF-8; save the file as UTF-8', path, error);
  }
  return parseTrainingRequest(text, path, defaultInputMode);
}

/**
 * Like {@link readTrainingRequest}, but parses a string instead of a file.
 *
 * @param uri the name of the string in error messages
 * @throws RecordpipeError `malformed-config`
 * @example
 * ```ts
 * import { parseTrainingRequest } from 'recordpipe/pipemode/train';
 * const request = { TrainingJobName: 'job-1', ResourceConfig: { InstanceType: 'ml.m5.xlarge', InstanceCount: 2 } };
 * console.log(parseTrainingRequest(JSON.stringify(request), 'request').instanceGroups[0].instanceCount); // 2
 * ```
 */
export function parseTrainingRequest(
  text: string,
  uri: string,
  defaultInputMode: InputMode = 'File',
): TrainingRequest {
  const settings = parseRequestJson(text, uri, defaultInputMode);
  try {
    return completed(settings);
  } catch (error) {
    throw isRecordpipeError(error, 'invalid-argument') ? malformed(error.message, uri, error) : error;
  }
}

/**
 * Applies defaults to the settings of a training job and checks them against AWS's limits, as
 * {@link readTrainingRequest} does. Also accepts a `TrainingRequest` with changed fields.
 *
 * @throws UsageError for settings that CreateTrainingJob rejects
 * @example
 * ```ts
 * import { trainingRequest } from 'recordpipe/pipemode/train';
 * const { channels } = trainingRequest({ channels: 's3://bucket/train/', hyperparameters: { epochs: '2' } });
 * console.log(channels[0].name, channels[0].inputMode); // training File
 * ```
 */
export function trainingRequest(given: TrainingRequestInput): TrainingRequest {
  if (typeof given !== 'object' || given === null)
    throw new UsageError(`trainingRequest: expected an object with settings, got ${typeName(given)}`);
  const { channels, ...settings } = given;
  const found = new Findings(SETTINGS);
  SETTINGS.check(settings, '', found);
  const listed = typeof channels === 'string' ? [] : (channels ?? []);
  for (const [i, { inputMode }] of listed.entries())
    if (inputMode !== undefined) INPUT_MODE.check(inputMode, `channels[${i}].inputMode`, found);
  const mistakes = mistakesText(found.mistakes);
  if (mistakes !== undefined) throw new UsageError(mistakes);
  return completed(given);
}

/** Applies defaults and checks AWS's rules. @throws UsageError if a rule is violated */
function completed(given: Settings): TrainingRequest {
  const { hyperparameters = {}, environment = {}, inputMode = 'File' } = given;
  const { checkpoint, output, containerEntrypoint = [], containerArguments = [] } = given;
  const name = given.name ?? generatedName();
  const region = given.region ?? regionOf(hyperparameters);
  const request: TrainingRequest = {
    name,
    region,
    arn: given.arn ?? arnOf(name, region, given.role),
    hyperparameters,
    environment,
    channels: channelsOf(given.channels, inputMode),
    instanceGroups: instanceGroupsOf(given),
    containerEntrypoint,
    containerArguments,
    image: given.image,
    maxRuntimeSeconds: given.maxRuntimeSeconds,
    maxWaitSeconds: given.maxWaitSeconds,
    spot: given.spot ?? false,
    maxRetries: given.maxRetries ?? 0,
    checkpoint: checkpoint && {
      uri: withS3Scheme(checkpoint.uri),
      localPath: checkpoint.localPath ?? CHECKPOINT_DIR,
    },
    output: output && { uri: withS3Scheme(output.uri), compression: output.compression ?? 'GZIP' },
    metricDefinitions: given.metricDefinitions ?? [],
    warnings: given.warnings ?? [],
  };
  const { mistake, warnings } = checkRules(request);
  if (mistake !== undefined) throw new UsageError(mistake);
  return { ...request, warnings: [...new Set([...request.warnings, ...warnings])] };
}

/**
 * Returns the hosts of a job: algo-1 to algo-N, group by group. SageMaker's documentation does not
 * specify how hosts of several groups are numbered.
 */
export function jobHosts({ instanceGroups }: Pick<TrainingRequest, 'instanceGroups'>): readonly JobHost[] {
  const groups = instanceGroups.flatMap((group) => Array.from({ length: group.instanceCount }, () => group));
  return groups.map((group, i) => ({ name: `algo-${i + 1}`, group }));
}

/** Returns the instance groups. Settings may override the count and type of a single group. */
function instanceGroupsOf({
  instanceGroups: [first, ...others] = [],
  instanceCount,
  instanceType,
}: Settings): InstanceGroup[] {
  if (others.length > 0 && (instanceCount ?? instanceType) !== undefined) {
    const option = instanceCount === undefined ? 'instanceType' : 'instanceCount';
    throw new UsageError(
      `${option}: the job has several instance groups; edit the groups in the request instead`,
    );
  }
  const group = {
    name: first?.name ?? ONE_GROUP,
    instanceType: instanceType ?? first?.instanceType ?? 'local',
    instanceCount: instanceCount ?? first?.instanceCount ?? 1,
  };
  return [group, ...others];
}

function channelsOf(given: TrainingRequestInput['channels'], jobMode: InputMode): JobChannel[] {
  const channels = typeof given === 'string' ? [{ name: 'training', uri: given }] : (given ?? []);
  return channels.map(({ inputMode = jobMode, instanceGroups = [], ...channel }) => ({
    ...streamChannel(channel),
    inputMode,
    instanceGroups,
  }));
}

/** Generates a name in the format of the Python SDK. */
function generatedName(): string {
  return `recordpipe-${new Date().toISOString().slice(0, -1).replace(/[T:.]/g, '-')}`;
}

function regionOf(hyperparameters: Readonly<Record<string, string>>): string {
  const { AWS_REGION, AWS_DEFAULT_REGION } = process.env;
  const given = hyperparameterValue(hyperparameters['sagemaker_region'] ?? '""');
  if (typeof given === 'string' && given !== '') return given;
  return AWS_REGION || AWS_DEFAULT_REGION || 'us-east-1';
}

function arnOf(name: string, region: string, role = `arn:aws:iam::${EXAMPLE_ACCOUNT}:role/`): string {
  const [, partition, , , account] = role.split(':');
  return `arn:${partition}:sagemaker:${region}:${account}:training-job/${name}`;
}

import { JsonCursor, JsonMistake } from '../manifest/json-cursor.ts';
import { s3UriOf } from '../manifest/manifest-lines.ts';
import { LinePositions } from '../manifest/manifest-list.ts';
import { duplicateIn, malformed, parseConfig } from './config-file.ts';
import { REQUEST } from './request-fields.ts';
import { Findings, mistakesText } from './request-shape.ts';
import type { JobChannelInput, TrainingRequestInput } from './request-types.ts';
import type { InputMode } from './stream-channel.ts';

/** The fields of a channel in a CreateTrainingJob request that have an effect. */
interface ChannelJson {
  readonly ChannelName: string;
  readonly DataSource: {
    readonly S3DataSource?: {
      readonly S3DataType: 'S3Prefix' | 'ManifestFile' | 'AugmentedManifestFile' | 'Converse';
      readonly S3Uri: string;
      readonly S3DataDistributionType?: 'FullyReplicated' | 'ShardedByS3Key';
      readonly AttributeNames?: readonly string[];
      readonly InstanceGroupNames?: readonly string[];
    };
    readonly FileSystemDataSource?: { readonly FileSystemId: string; readonly DirectoryPath: string };
    readonly DatasetSource?: object;
  };
  readonly ContentType?: string;
  readonly CompressionType?: 'None' | 'Gzip';
  readonly RecordWrapperType?: 'None' | 'RecordIO';
  readonly InputMode?: InputMode;
  readonly ShuffleConfig?: { readonly Seed: number };
}

interface ResourcesJson {
  readonly InstanceType?: string;
  readonly InstanceCount?: number;
  readonly InstanceGroups?: readonly {
    readonly InstanceType: string;
    readonly InstanceCount: number;
    readonly InstanceGroupName: string;
  }[];
  readonly InstancePlacementConfig?: object;
  readonly InstancePreferences?: readonly {
    readonly InstanceType: string;
    readonly InstanceCount?: number;
  }[];
}

/** The fields of a CreateTrainingJob request that have an effect. */
interface RequestJson {
  readonly TrainingJobName?: string;
  readonly HyperParameters?: Readonly<Record<string, string>>;
  readonly AlgorithmSpecification?: {
    readonly TrainingImage?: string;
    readonly AlgorithmName?: string;
    readonly TrainingInputMode?: InputMode;
    readonly MetricDefinitions?: readonly { readonly Name: string; readonly Regex: string }[];
    readonly ContainerEntrypoint?: readonly string[];
    readonly ContainerArguments?: readonly string[];
  };
  readonly RoleArn?: string;
  readonly InputDataConfig?: readonly ChannelJson[];
  readonly OutputDataConfig?: { readonly S3OutputPath: string; readonly CompressionType?: 'GZIP' | 'NONE' };
  readonly ResourceConfig?: ResourcesJson;
  readonly StoppingCondition?: {
    readonly MaxRuntimeInSeconds?: number;
    readonly MaxWaitTimeInSeconds?: number;
  };
  readonly EnableManagedSpotTraining?: boolean;
  readonly CheckpointConfig?: { readonly S3Uri: string; readonly LocalPath?: string };
  readonly Environment?: Readonly<Record<string, string>>;
  readonly RetryStrategy?: { readonly MaximumRetryAttempts: number };
}

/**
 * Parses and checks a CreateTrainingJob request, or an array of channels.
 * @throws RecordpipeError `malformed-config`, which lists all mistakes
 */
export function parseRequestJson(
  text: string,
  uri: string,
  defaultInputMode: InputMode,
): TrainingRequestInput & { readonly role: string | undefined } {
  const marked = text.startsWith('\ufeff');
  const plain = marked ? text.slice(1) : text;
  checkJson(plain, uri);
  const json = parseConfig(plain, uri);
  const request = (Array.isArray(json) ? { InputDataConfig: json } : json) as RequestJson;
  const found = new Findings(REQUEST);
  REQUEST.check(request, '', found);
  reject(found, uri);
  const mode = request.AlgorithmSpecification?.TrainingInputMode ?? defaultInputMode;
  const channels = (request.InputDataConfig ?? []).map((channel, i) =>
    channelOf(channel, `InputDataConfig[${i}]`, mode, found),
  );
  const machines = machinesOf(request, found);
  checkAlternatives(request, found);
  reject(found, uri);
  const {
    AlgorithmSpecification: algorithm,
    OutputDataConfig: output,
    CheckpointConfig: checkpoint,
  } = request;
  const { StoppingCondition: limits } = request;
  const warnings = [
    ...(marked ? [BYTE_ORDER_MARK] : []),
    ...found.warnings(),
    ...missingFields(request, found),
  ];
  return {
    name: request.TrainingJobName,
    role: request.RoleArn,
    hyperparameters: request.HyperParameters,
    environment: request.Environment,
    channels,
    ...machines,
    containerEntrypoint: algorithm?.ContainerEntrypoint,
    containerArguments: algorithm?.ContainerArguments,
    image: algorithm?.TrainingImage,
    maxRuntimeSeconds: limits?.MaxRuntimeInSeconds,
    maxWaitSeconds: limits?.MaxWaitTimeInSeconds,
    spot: request.EnableManagedSpotTraining,
    maxRetries: request.RetryStrategy?.MaximumRetryAttempts,
    checkpoint: checkpoint && { uri: checkpoint.S3Uri, localPath: checkpoint.LocalPath },
    output: output && { uri: output.S3OutputPath, compression: output.CompressionType },
    metricDefinitions: algorithm?.MetricDefinitions?.map(({ Name, Regex }) => ({ name: Name, regex: Regex })),
    warnings,
  };
}

/** Throws the mistakes found so far. */
function reject({ mistakes }: Findings, uri: string): void {
  const all = mistakesText(mistakes);
  if (all !== undefined) throw malformed(all, uri);
}

const BYTE_ORDER_MARK =
  'the file starts with a byte order mark, which JSON does not allow; recordpipe skips it, but AWS rejects it; save the file as UTF-8 without a byte order mark';

/**
 * Checks JSON more strictly than `JSON.parse`, which accepts duplicate names and keeps the last
 * one.
 * @throws RecordpipeError `malformed-config` with line and column
 */
function checkJson(text: string, uri: string): void {
  const positions = new LinePositions(text);
  const mistaken = (at: number, what: string, cause?: unknown): Error => {
    const { line, at: column } = positions.find(at);
    return malformed(`line ${line}, column ${column + 1}: ${what}`, uri, cause);
  };
  /** The names in each open object. Undefined for an array. */
  const open: (Set<string> | undefined)[] = [];
  let last = { token: '', start: 0 };
  const cursor = new JsonCursor(text);
  try {
    cursor.value((start, end) => {
      const token = text.slice(start, end);
      if (token === '{' || token === '[') open.push(token === '{' ? new Set() : undefined);
      else if (token === '}' || token === ']') open.pop();
      else if (token === ':') {
        const names = open.at(-1);
        const name = JSON.parse(last.token) as string;
        if (names?.has(name)) throw mistaken(last.start, `two fields have the name ${last.token}; keep one`);
        names?.add(name);
      }
      last = { token, start };
    });
    cursor.expectEnd();
  } catch (error) {
    throw error instanceof JsonMistake ? mistaken(error.at, `not JSON: ${error.message}`, error) : error;
  }
}

function channelOf(json: ChannelJson, place: string, jobMode: InputMode, found: Findings): JobChannelInput {
  const { S3DataSource: s3, FileSystemDataSource: disk, ...others } = json.DataSource;
  const inputMode = json.InputMode ?? jobMode;
  const where = `${place}.DataSource`;
  if (Number(s3 !== undefined) + Number(disk !== undefined) + Object.keys(others).length !== 1)
    found.mistakes.push(`${where}: expected exactly one of S3DataSource and FileSystemDataSource`);
  else if (others.DatasetSource !== undefined)
    found.mistakes.push(
      `${where}.DatasetSource: recordpipe cannot read datasets from a SageMaker hub; copy the data, and use an S3DataSource, whose S3Uri may also be a local path`,
    );
  const channel = {
    name: json.ChannelName,
    inputMode,
    contentType: json.ContentType,
    compression: json.CompressionType,
    recordWrapper: json.RecordWrapperType,
    shuffleSeed: json.ShuffleConfig?.Seed,
  };
  if (disk !== undefined) {
    if (inputMode !== 'File')
      found.mistakes.push(`${where}.FileSystemDataSource: expected InputMode File, got ${inputMode}`);
    found.ignore(
      `${where}.FileSystemDataSource`,
      `recordpipe does not mount ${disk.FileSystemId}; the channel reads the local folder ${disk.DirectoryPath} instead`,
    );
    return { ...channel, uri: disk.DirectoryPath };
  }
  if (s3 === undefined) return { ...channel, uri: '.' };
  const { S3DataType: dataType, S3Uri: address, AttributeNames: attributeNames = [] } = s3;
  const uri = /^https:/i.test(address) ? s3UriOf(address) : address;
  const isAugmented = dataType === 'AugmentedManifestFile';
  if (uri === undefined)
    found.mistakes.push(`${where}.S3DataSource.S3Uri: expected s3://bucket/prefix, got ${address}`);
  if (dataType === 'Converse')
    found.mistakes.push(
      `${where}.S3DataSource.S3DataType: Converse works only in serverless jobs; use S3Prefix, ManifestFile or AugmentedManifestFile`,
    );
  if (isAugmented && attributeNames.length === 0)
    found.mistakes.push(`${where}.S3DataSource.AttributeNames is missing: list the attributes to read`);
  if (!isAugmented && attributeNames.length > 0)
    found.mistakes.push(
      `${where}.S3DataSource.AttributeNames: only an AugmentedManifestFile has attributes; remove them, or correct S3DataType`,
    );
  return {
    ...channel,
    uri: uri ?? address,
    dataType: dataType === 'Converse' ? 'S3Prefix' : dataType,
    attributeNames,
    distribution: s3.S3DataDistributionType,
    instanceGroups: s3.InstanceGroupNames,
  };
}

/** Returns the instances of the job. */
function machinesOf(
  { ResourceConfig: resources = {}, EnableManagedSpotTraining: spot }: RequestJson,
  found: Findings,
): Pick<TrainingRequestInput, 'instanceGroups' | 'instanceCount' | 'instanceType'> {
  const { InstanceGroups: groups = [], InstancePreferences: preferences } = resources;
  const exclude = (field: string, others: Readonly<Record<string, unknown>>): void => {
    const both = Object.keys(others).find((other) => others[other] !== undefined && others[other] !== false);
    if (both !== undefined)
      found.mistakes.push(`ResourceConfig.${field} cannot be combined with ${both}; remove one of them`);
  };
  const { InstanceType: instanceType, InstanceCount: instanceCount } = resources;
  if (groups.length > 0) {
    exclude('InstanceGroups', { InstanceType: instanceType, InstanceCount: instanceCount });
    const twice = duplicateIn(groups.map(({ InstanceGroupName }) => InstanceGroupName));
    if (twice !== undefined)
      found.mistakes.push(`ResourceConfig.InstanceGroups: two groups have the name ${twice}; rename one`);
    return {
      instanceGroups: groups.map((group) => ({
        name: group.InstanceGroupName,
        instanceType: group.InstanceType,
        instanceCount: group.InstanceCount,
      })),
    };
  }
  if (preferences === undefined) return { instanceType, instanceCount };
  const { InstanceGroups, InstancePlacementConfig } = resources;
  exclude('InstancePreferences', {
    InstanceType: instanceType,
    InstanceGroups,
    InstancePlacementConfig,
    EnableManagedSpotTraining: spot,
  });
  const counted = preferences.filter(({ InstanceCount }) => InstanceCount !== undefined).length;
  if (counted !== (instanceCount === undefined ? preferences.length : 0))
    found.mistakes.push(
      'ResourceConfig.InstancePreferences: set InstanceCount either in ResourceConfig or in every preference',
    );
  found.ignore(
    'ResourceConfig.InstancePreferences',
    'the job uses the instance type and count of the first preference',
  );
  return {
    instanceType: preferences[0].InstanceType,
    instanceCount: instanceCount ?? preferences[0].InstanceCount,
  };
}

/** Checks fields that exclude or require each other. */
function checkAlternatives(request: RequestJson, found: Findings): void {
  const { AlgorithmSpecification: algorithm, StoppingCondition: limits, EnableManagedSpotTraining } = request;
  if (algorithm?.AlgorithmName !== undefined && algorithm.TrainingImage !== undefined)
    found.mistakes.push(
      'AlgorithmSpecification.AlgorithmName cannot be combined with TrainingImage; remove one of them',
    );
  if (EnableManagedSpotTraining === true && limits?.MaxWaitTimeInSeconds === undefined)
    found.mistakes.push(
      'StoppingCondition.MaxWaitTimeInSeconds is missing: AWS requires it with EnableManagedSpotTraining',
    );
}

/**
 * Names the required fields that have defaults here. Ignores a file that contains only channels,
 * because it is not meant for AWS.
 */
function missingFields(request: RequestJson, { missing }: Findings): string[] {
  const onlyChannels = Object.keys(request).every((field) => field === 'InputDataConfig');
  if (onlyChannels || missing.length === 0) return [];
  return [`${missing.join(', ')}: required by AWS but missing; recordpipe uses defaults`];
}

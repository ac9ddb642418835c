import {
  choice,
  flag,
  ignored,
  list,
  object,
  positive,
  type Shape,
  text,
  texts,
  whole,
} from './request-shape.ts';

/**
 * The fields of a CreateTrainingJob request with AWS's limits. They follow the API's published model
 * (`botocore/data/sagemaker`, version 1.44.8, and API_CreateTrainingJob). Where this table is more
 * lenient than AWS, a comment says why.
 */

const MAX_TEXT = 2 ** 20;
const NO_EFFECT = 'settings of the SageMaker service have no effect on this machine';
const NO_DEBUGGER = "SageMaker's debugger, profiler and TensorBoard upload do not run on this machine";
const OWN_NETWORK = 'the program uses the network of this machine';
const OWN_CREDENTIALS = 'the job uses the AWS credentials of this environment';
const NOT_ENCRYPTED = 'recordpipe does not encrypt with this key; S3 applies the encryption of the bucket';
const OWN_DATA = 'the channel reads its S3Uri directly';

const JOB_NAME = text({
  min: 1,
  max: 63,
  pattern: /^[a-zA-Z0-9](-*[a-zA-Z0-9])*$/,
  what: 'letters and digits, with hyphens only between them',
});
/** Any text, for fields without effect, which cannot cause a failure here. */
const ANY = text({ max: MAX_TEXT });
const ARN = text({ max: 2048, pattern: /^arn:/, what: 'an ARN' });
const PARAMETERS = texts(100, text({ min: 1, max: 256 }), 256);
/** AWS accepts only s3:// and https://. Here, paths and file: URLs work too. */
const PLACE = text({
  min: 1,
  max: 1024,
  pattern: /^(?:s3:\/\/[^/]|https:\/\/|file:\/\/|(?![a-z][a-z0-9+.-]*:\/\/))/i,
  what: 's3://bucket/prefix, a path or a file: URL',
});
const CHANNEL_NAME = text({
  min: 1,
  max: 64,
  // AWS's pattern includes . and .., which cannot be names of folders.
  pattern: /^(?!\.\.?$)[A-Za-z0-9._-]+$/,
  what: 'a channel name of 1 to 64 characters (A-Z a-z 0-9 . _ -)',
});
export const INPUT_MODE: Shape = choice('Pipe', 'File', 'FastFile');
/** AWS publishes a list of types, which grows. `local` and `local_gpu` come from the Python SDK. */
const INSTANCE_TYPE = text({
  pattern: /^(?:ml\.[a-z0-9-]+\.[a-z0-9-]+|local|local_gpu)$/,
  what: 'an instance type such as ml.m5.xlarge',
});
/** All hosts run on this machine. */
const MAX_INSTANCES = 1000;
/** AWS's published minimum is 0, for serverless jobs. A job without instances cannot run here. */
const INSTANCE_COUNT = whole(1, MAX_INSTANCES);
const GROUP_NAME = text({ min: 1, max: 64 });
const FOLDER = text({ min: 1, max: 4096, pattern: /^\//, what: 'an absolute path' });

const HYPERPARAMETERS = texts(100, text({ max: 256 }), 2500);

const ENVIRONMENT = texts(
  100,
  text({ max: 512, pattern: /^[a-zA-Z_][a-zA-Z0-9_]*$/, what: 'a name of letters, digits and _' }),
  512,
);

/** AWS rejects empty lists of words. Here, they have no effect. */
const COMMAND = list(text({ max: 256 }), 0, 100);
const IMAGE = text({ max: 255 });
const OUTPUT_COMPRESSION = choice('GZIP', 'NONE');

const S3_DATA_SOURCE = object(
  {
    S3DataType: choice('S3Prefix', 'ManifestFile', 'AugmentedManifestFile', 'Converse'),
    S3Uri: PLACE,
    S3DataDistributionType: choice('FullyReplicated', 'ShardedByS3Key'),
    AttributeNames: list(text({ min: 1, max: 256 }), 0, 16),
    InstanceGroupNames: list(GROUP_NAME, 0, 5),
    ModelAccessConfig: ignored(OWN_DATA, object({ AcceptEula: flag }, ['AcceptEula'])),
    HubAccessConfig: ignored(OWN_DATA, object({ HubContentArn: ANY }, ['HubContentArn'])),
  },
  ['S3DataType', 'S3Uri'],
);

const FILE_SYSTEM_DATA_SOURCE = object(
  {
    FileSystemId: text({ min: 1, max: 21 }),
    FileSystemAccessMode: choice('rw', 'ro'),
    FileSystemType: choice('EFS', 'FSxLustre'),
    DirectoryPath: text({ min: 1, max: 4096 }),
  },
  ['FileSystemId', 'FileSystemAccessMode', 'FileSystemType', 'DirectoryPath'],
);

const CHANNEL = object(
  {
    ChannelName: CHANNEL_NAME,
    DataSource: object({
      S3DataSource: S3_DATA_SOURCE,
      FileSystemDataSource: FILE_SYSTEM_DATA_SOURCE,
      DatasetSource: object({ DatasetArn: ARN }, ['DatasetArn']),
    }),
    ContentType: text({ max: 256 }),
    CompressionType: choice('None', 'Gzip'),
    RecordWrapperType: choice('None', 'RecordIO'),
    InputMode: INPUT_MODE,
    ShuffleConfig: object({ Seed: whole() }, ['Seed']),
  },
  ['ChannelName', 'DataSource'],
);

/** `InputDataConfig`. */
const CHANNELS = list(CHANNEL, 1, 20);

const ALGORITHM = object(
  {
    TrainingImage: IMAGE,
    AlgorithmName: ignored(
      'AWS Marketplace algorithms do not run on this machine; your program runs instead',
      text({ min: 1, max: 170 }),
    ),
    TrainingInputMode: INPUT_MODE,
    MetricDefinitions: metrics('Name', 'Regex'),
    EnableSageMakerMetricsTimeSeries: ignored(NO_EFFECT, flag),
    ContainerEntrypoint: COMMAND,
    ContainerArguments: COMMAND,
    TrainingImageConfig: ignored(
      'the image is pulled with the credentials of this environment',
      object(
        {
          TrainingRepositoryAccessMode: choice('Platform', 'Vpc'),
          TrainingRepositoryAuthConfig: object({ TrainingRepositoryCredentialsProviderArn: ARN }, [
            'TrainingRepositoryCredentialsProviderArn',
          ]),
        },
        ['TrainingRepositoryAccessMode'],
      ),
    ),
  },
  [],
  ['TrainingInputMode'],
);

const RESOURCES = object({
  InstanceType: INSTANCE_TYPE,
  InstanceCount: INSTANCE_COUNT,
  VolumeSizeInGB: ignored(NO_EFFECT, whole(0)),
  VolumeKmsKeyId: ignored(NO_EFFECT, ANY),
  KeepAlivePeriodInSeconds: ignored(NO_EFFECT, whole(0, 21_600)),
  InstanceGroups: list(
    object({ InstanceType: INSTANCE_TYPE, InstanceCount: INSTANCE_COUNT, InstanceGroupName: GROUP_NAME }, [
      'InstanceType',
      'InstanceCount',
      'InstanceGroupName',
    ]),
    0,
    5,
  ),
  TrainingPlanArn: ignored(NO_EFFECT, ARN),
  InstancePlacementConfig: ignored(
    NO_EFFECT,
    object({
      EnableMultipleJobs: flag,
      PlacementSpecifications: list(
        object({ UltraServerId: text({ max: 256 }), InstanceCount: whole(0) }, ['InstanceCount']),
        0,
        10,
      ),
    }),
  ),
  InstancePreferences: list(
    object(
      {
        InstanceType: INSTANCE_TYPE,
        InstanceCount: INSTANCE_COUNT,
        TrainingPlanArns: ignored(NO_EFFECT, list(ARN, 1, 1)),
      },
      ['InstanceType'],
    ),
    1,
    5,
  ),
  SelectedInstanceType: readOnly(INSTANCE_TYPE),
  SelectedInstanceCount: readOnly(INSTANCE_COUNT),
});

const RULES = list(
  object(
    {
      RuleConfigurationName: text({ min: 1, max: 256 }),
      LocalPath: ANY,
      S3OutputPath: ANY,
      RuleEvaluatorImage: ANY,
      InstanceType: ANY,
      VolumeSizeInGB: whole(0),
      RuleParameters: PARAMETERS,
    },
    ['RuleConfigurationName', 'RuleEvaluatorImage'],
  ),
  0,
  20,
);

const DEBUG_HOOK = object(
  {
    LocalPath: ANY,
    S3OutputPath: ANY,
    HookParameters: PARAMETERS,
    CollectionConfigurations: list(
      object({ CollectionName: text({ min: 1, max: 256 }), CollectionParameters: PARAMETERS }),
      0,
      20,
    ),
  },
  ['S3OutputPath'],
);

/** A CreateTrainingJob request. */
export const REQUEST: Shape = object(
  {
    TrainingJobName: JOB_NAME,
    HyperParameters: HYPERPARAMETERS,
    AlgorithmSpecification: ALGORITHM,
    RoleArn: ignored(
      OWN_CREDENTIALS,
      text({ min: 20, max: 2048, pattern: /^arn:aws[a-z-]*:iam::\d{12}:role\//, what: 'the ARN of a role' }),
    ),
    InputDataConfig: CHANNELS,
    OutputDataConfig: object(
      { KmsKeyId: ignored(NOT_ENCRYPTED, ANY), S3OutputPath: PLACE, CompressionType: OUTPUT_COMPRESSION },
      ['S3OutputPath'],
    ),
    ResourceConfig: RESOURCES,
    VpcConfig: ignored(
      OWN_NETWORK,
      object({ SecurityGroupIds: list(ANY, 1, 5), Subnets: list(ANY, 1, 16) }, [
        'SecurityGroupIds',
        'Subnets',
      ]),
    ),
    StoppingCondition: object({
      MaxRuntimeInSeconds: whole(1, 28 * 24 * 3600),
      MaxWaitTimeInSeconds: whole(1),
      MaxPendingTimeInSeconds: ignored(NO_EFFECT, whole(1800, 2_419_200)),
    }),
    Tags: ignored(
      NO_EFFECT,
      list(object({ Key: text({ min: 1, max: 128 }), Value: text({ max: 256 }) }, ['Key', 'Value']), 0, 50),
    ),
    EnableNetworkIsolation: ignored(OWN_NETWORK, flag),
    EnableInterContainerTrafficEncryption: ignored(NO_EFFECT, flag),
    EnableManagedSpotTraining: flag,
    CheckpointConfig: object({ S3Uri: PLACE, LocalPath: FOLDER }, ['S3Uri']),
    DebugHookConfig: ignored(NO_DEBUGGER, DEBUG_HOOK),
    DebugRuleConfigurations: ignored(NO_DEBUGGER, RULES),
    TensorBoardOutputConfig: ignored(
      NO_DEBUGGER,
      object({ LocalPath: ANY, S3OutputPath: ANY }, ['S3OutputPath']),
    ),
    ExperimentConfig: ignored(
      NO_EFFECT,
      object({ ExperimentName: ANY, TrialName: ANY, TrialComponentDisplayName: ANY, RunName: ANY }),
    ),
    ProfilerConfig: ignored(
      NO_DEBUGGER,
      object({
        S3OutputPath: ANY,
        ProfilingIntervalInMilliseconds: whole(0),
        ProfilingParameters: PARAMETERS,
        DisableProfiler: flag,
      }),
    ),
    ProfilerRuleConfigurations: ignored(NO_DEBUGGER, RULES),
    Environment: ENVIRONMENT,
    RetryStrategy: object({ MaximumRetryAttempts: whole(1, 30) }, ['MaximumRetryAttempts']),
    RemoteDebugConfig: ignored(NO_EFFECT, object({ EnableRemoteDebug: flag })),
    InfraCheckConfig: ignored(NO_EFFECT, object({ EnableInfraCheck: flag })),
    SessionChainingConfig: ignored(NO_EFFECT, object({ EnableSessionTagChaining: flag })),
    ServerlessJobConfig: ignored(
      'serverless jobs run only in SageMaker; on this machine, your program runs instead',
      object(
        {
          BaseModelArn: ARN,
          AcceptEula: flag,
          JobType: choice('FineTuning', 'Evaluation'),
          CustomizationTechnique: choice('SFT', 'DPO', 'RLVR', 'RLAIF'),
          Peft: choice('LORA'),
          EvaluationType: choice('LLMAJEvaluation', 'CustomScorerEvaluation', 'BenchmarkEvaluation'),
          EvaluatorArn: ANY,
          SequenceLength: ANY,
        },
        ['BaseModelArn', 'JobType'],
      ),
    ),
    MlflowConfig: ignored(
      NO_EFFECT,
      object({ MlflowResourceArn: ARN, MlflowExperimentName: ANY, MlflowRunName: ANY }, [
        'MlflowResourceArn',
      ]),
    ),
    ModelPackageConfig: ignored(
      NO_EFFECT,
      object({ ModelPackageGroupArn: ARN, SourceModelPackageArn: ARN }, ['ModelPackageGroupArn']),
    ),
  },
  [],
  [
    'TrainingJobName',
    'AlgorithmSpecification',
    'RoleArn',
    'OutputDataConfig',
    'ResourceConfig',
    'StoppingCondition',
  ],
);

/** The settings that callers may pass without a request. */
export const SETTINGS: Shape = object({
  name: JOB_NAME,
  region: text({ min: 1 }),
  arn: ARN,
  hyperparameters: HYPERPARAMETERS,
  environment: ENVIRONMENT,
  inputMode: INPUT_MODE,
  instanceGroups: list(
    object({ name: GROUP_NAME, instanceType: INSTANCE_TYPE, instanceCount: INSTANCE_COUNT }, [
      'name',
      'instanceType',
      'instanceCount',
    ]),
    1,
    5,
  ),
  instanceCount: INSTANCE_COUNT,
  instanceType: INSTANCE_TYPE,
  containerEntrypoint: COMMAND,
  containerArguments: COMMAND,
  image: IMAGE,
  maxRuntimeSeconds: positive,
  maxWaitSeconds: positive,
  spot: flag,
  maxRetries: whole(0, 30),
  checkpoint: object({ uri: PLACE, localPath: FOLDER }, ['uri']),
  output: object({ uri: PLACE, compression: OUTPUT_COMPRESSION }, ['uri']),
  metricDefinitions: metrics('name', 'regex'),
  warnings: list(text(), 0, Number.POSITIVE_INFINITY),
});

function metrics(name: string, regex: string): Shape {
  const fields = { [name]: text({ min: 1, max: 255 }), [regex]: text({ min: 1, max: 500 }) };
  return list(object(fields, [name, regex]), 0, 40);
}

/** A field that DescribeTrainingJob returns and CreateTrainingJob rejects. */
function readOnly(shape: Shape): Shape {
  return {
    ...shape,
    check(_value, place, { mistakes }) {
      mistakes.push(
        `${place}: DescribeTrainingJob returns this field, but CreateTrainingJob rejects it; remove it`,
      );
    },
  };
}

import { checkOptionNames, typeName } from '../../bytes/arguments.ts';
import { UsageError } from '../../errors.ts';
import { checkWhole } from '../../formats/codec-options.ts';
import type { ObjectOptions } from '../../storage/object-options.ts';
import { jobHosts, type TrainingRequest } from '../job/training-request.ts';
import type { OnProgramLine } from '../streamer/program-output.ts';
import type { PipeModeStreamerOptions } from '../streamer/streamer-options.ts';
import type { TrainingEvent } from './training-events.ts';

/**
 * Options for the data of channels. The last four also apply to channels in File mode; the others
 * apply only to pipes.
 */
export type ChannelDataOptions = Partial<
  Pick<
    PipeModeStreamerOptions,
    | 'epochs'
    | 'lazy'
    | 'lock'
    | 'readerTimeoutMs'
    | 'strictEof'
    | 'maxLineBytes'
    | 'onBadLine'
    | 'skipMissing'
    | 'strictShards'
  >
>;

/** Options for running a training job. Every field except `request` has a default. */
export interface TrainingRunOptions {
  /** The settings of the job: a CreateTrainingJob request. */
  readonly request: TrainingRequest;
  /**
   * The training program and its arguments. By default, the entry point of the request: its script
   * (`sagemaker_program`), or its `ContainerEntrypoint` and `ContainerArguments`.
   */
  readonly command: readonly string[];
  /**
   * The folder that represents `/opt/ml`. The default is `ml`. For a job with several hosts, it
   * contains a folder for each: `algo-1`, `algo-2`, …
   */
  readonly root: string;
  /** Name of a single host to run. By default, all hosts of the job run. */
  readonly currentHost: string | undefined;
  /**
   * Whether to append the hyperparameters to {@link command}, as SageMaker's training toolkit does.
   * The default is true.
   */
  readonly programArguments: boolean;
  /**
   * Whether the program sees its folder as `/opt/ml`, if this machine allows it. The default is
   * true.
   */
  readonly privateRoot: boolean;
  /** The container image to run with docker or podman. By default, the program runs on this host. */
  readonly image: string | undefined;
  /** Time between SIGTERM and SIGKILL when the job stops. The default is 120,000 ms, as in SageMaker. */
  readonly graceMs: number;
  /** Running time of the program after which to simulate a spot interruption. By default, never. */
  readonly interruptAfterMs: number | undefined;
  /** Interval at which to synchronize checkpoints. The default is 60,000 ms. */
  readonly checkpointIntervalMs: number;
  /**
   * Name of a file in the checkpoint folder to which the program writes its positions in channels
   * in Pipe mode, as {@link PipeModeStreamerOptions.resume} accepts them. If the file exists when an
   * attempt starts, these channels resume there. `{host}` stands for the name of the host. By
   * default, every attempt starts with the first record, as in SageMaker.
   */
  readonly resumeFile: string | undefined;
  /**
   * Whether to remove the model, output and checkpoints of an earlier run in {@link root}, and to
   * replace its artifacts. By default, false: they are an error.
   */
  readonly force: boolean;
  /** Options for accessing objects. */
  readonly objects: Partial<ObjectOptions> | undefined;
  /** Options for the data of channels. */
  readonly data: ChannelDataOptions;
  /** Called with each event. */
  readonly onEvent: ((event: TrainingEvent) => void) | undefined;
  /**
   * Called with each line that a program prints. By default, the program of a single host inherits
   * the standard streams of this process; with several hosts, lines are printed with the host name
   * as a prefix.
   */
  readonly onLine: ((host: string, ...line: Parameters<OnProgramLine>) => void | Promise<void>) | undefined;
}

/** Options as given by the caller: `request`, and any options that override defaults. */
export type TrainingRunInput = Pick<TrainingRunOptions, 'request'> & {
  readonly [K in Exclude<keyof TrainingRunOptions, 'request'>]?: TrainingRunOptions[K] | undefined;
};

/** Default options of {@link TrainingRun}. */
export const DEFAULT_TRAINING_RUN_OPTIONS: Omit<TrainingRunOptions, 'request'> = Object.freeze({
  command: Object.freeze([]),
  root: 'ml',
  currentHost: undefined,
  programArguments: true,
  privateRoot: true,
  image: undefined,
  graceMs: 120_000,
  interruptAfterMs: undefined,
  checkpointIntervalMs: 60_000,
  resumeFile: undefined,
  force: false,
  objects: undefined,
  data: Object.freeze({}),
  onEvent: undefined,
  onLine: undefined,
});

const MAX_MS = 2 ** 31 - 1;

/** Applies defaults and validates the options. @throws UsageError for an invalid option */
export function trainingRunOptions(given: TrainingRunInput): TrainingRunOptions {
  if (typeof given !== 'object' || given === null)
    throw new UsageError(`TrainingRun: expected an object with options, got ${typeName(given)}`);
  checkOptionNames('TrainingRun', given, { request: true, ...DEFAULT_TRAINING_RUN_OPTIONS });
  const present = Object.entries(given).filter(([, value]) => value !== undefined);
  const options: TrainingRunOptions = {
    ...DEFAULT_TRAINING_RUN_OPTIONS,
    ...(Object.fromEntries(present) as typeof given & object),
  } as TrainingRunOptions;
  const { request, root, currentHost, graceMs, interruptAfterMs, checkpointIntervalMs } = options;
  if (typeof root !== 'string' || root === '')
    throw new UsageError(`root: expected the path of a folder, got ${JSON.stringify(root)}`);
  checkWhole('graceMs', graceMs, 0, MAX_MS);
  checkWhole('checkpointIntervalMs', checkpointIntervalMs, 1, MAX_MS);
  const hosts = jobHosts(request).map(({ name }) => name);
  if (currentHost !== undefined && !hosts.includes(currentHost))
    throw new UsageError(`currentHost: expected one of ${hosts.join(', ')}, got ${currentHost}`);
  if (options.resumeFile !== undefined && request.checkpoint === undefined)
    throw new UsageError(
      'resumeFile: requires a folder of checkpoints; set the address of the checkpoints (checkpoints)',
    );
  if (interruptAfterMs !== undefined) {
    checkWhole('interruptAfterMs', interruptAfterMs, 1, MAX_MS);
    if (!request.spot)
      throw new UsageError(
        'interruptAfterMs: only spot jobs can be interrupted; enable managed spot training (spot)',
      );
  }
  return options;
}

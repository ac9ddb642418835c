import { resolve } from 'node:path';
import { isRecordpipeError, RecordpipeError, sentenceOf, UsageError } from 'recordpipe/errors';
import type {
  JobChannelInput,
  JobHost,
  PipeModeStreamer,
  StreamEvent,
  TrainingProgram,
  TrainingRequest,
} from 'recordpipe/pipemode/streamer';
import { command, EXIT_CODES, type Register } from '../command.ts';
import { OK } from '../exit-codes.ts';
import { serveMetrics } from '../metrics-server.ts';
import {
  assignment,
  assignments,
  channelOptions,
  channelSettings,
  pipeOptions,
  streamingOf,
} from '../options/channels.ts';
import { inputSelection } from '../options/inputs.ts';
import { objectReadOptions, objectsOf } from '../options/objects.ts';
import { atLeast, duration, flag, grouped, names, parsed, type Values, value } from '../options/option.ts';
import { reportOptions } from '../options/reports.ts';
import { resumeOptions, resumingOf } from '../options/resume.ts';
import { complain, complainJson, print } from '../output.ts';
import { streamProgress } from '../stream-progress.ts';
import { StreamSignals } from '../stream-signals.ts';
import { resumedLine, warningLine } from '../stream-warnings.ts';
import { visible } from '../text/format.ts';

const OPTIONS = {
  channel: parsed(
    '-c, --channel <name=uri>',
    'add a channel: NAME=s3://bucket/prefix or NAME=directory; repeatable',
    assignments,
  ),
  job: value('--job <file>', 'read the job from a CreateTrainingJob request or InputDataConfig (JSON)'),
  json: flag(
    '--json',
    'print events as JSON, one per line, to stderr if stream runs a program or to stdout otherwise',
  ),
  quiet: flag(
    '-q, --quiet',
    'hide progress and all warnings except those about a program that may wait forever',
  ),
  progress: reportOptions.progress,
  ...channelOptions,
  ...grouped('Job:', {
    root: parsed(
      '--root <dir>',
      'directory to use as /opt/ml, with input/data, input/config, model, …',
      String,
      '/opt/ml',
    ),
    dir: value(
      '--dir <dir>',
      'directory for the pipes; if you set this option and run no program, stream does not write job configuration files',
    ),
    firstEpoch: parsed('--first-epoch <n>', 'number of the first epoch', atLeast(0), 0),
    hosts: parsed(
      '--hosts <names>',
      'hosts of the job, e.g. algo-1,algo-2 (default: algo-1, or the hosts of --job)',
      names,
    ),
    currentHost: value(
      '--current-host <name>',
      'serve only this host of the job, e.g. algo-2 (default: the first host)',
    ),
    hyperparameter: parsed('--hyperparameter <name=value>', 'set a hyperparameter; repeatable', assignments),
    grace: parsed(
      '--grace <time>',
      'time between SIGTERM and SIGKILL when stream stops the program (default: 10s)',
      duration,
    ),
    hold: flag('--hold', 'after a failure, keep pipes open until their readers close them'),
    force: flag('-f, --force', 'use existing pipes and overwrite an existing --checkpoint file'),
  }),
  ...pipeOptions,
  ...resumeOptions,
  strictShards: inputSelection.strictShards,
  ...objectReadOptions,
};

/**
 * Last section of the help. It differs from the default because the exit code may come from the
 * program.
 */
export const register: Register = command({
  name: 'stream',
  description: 'Stream data from S3 or a directory into named pipes, as SageMaker Pipe mode does.',
  usage: '[options] [-- command...]',
  arguments: { '[command...]': 'after --: a training program that reads the pipes, and its arguments' },
  options: OPTIONS,
  examples: `
recordpipe stream -c train=s3://bucket/train/ -- python train.py
recordpipe stream -c train=data/ -c test=more/ --root ml -- node train.mjs
recordpipe stream -c train=s3://bucket/train.jsonl --attributes image-ref,label --wrap --shuffle 7 -- python train.py
recordpipe stream --job channels.json --dir pipes --epochs 2 & cat pipes/train_0
recordpipe stream -c train=s3://bucket/train/ --checkpoint ck.json --resume ck.json -- python train.py
recordpipe stream -c train=s3://bucket/train/ --resume position.json -- python train.py`,
  notes: `stream runs the program with the pipes, inputdataconfig.json, resourceconfig.json and SM_* variables that a SageMaker container provides. The variables contain paths below --root. If the program uses the literal path /opt/ml, pass --root /opt/ml, or run the program with train, which makes --root visible as /opt/ml. stream exits with the exit code of the program.

A pipe cannot signal an error. If stream cannot read data, it therefore first stops the program and all processes that the program started, and only then closes the pipes. stream forwards signals to the program and kills the program after --grace or at a second signal. The program runs in its own session, so the program can read the terminal but cannot open /dev/tty. When the program ends, stream stops the processes that the program started.

--resume continues an interrupted epoch in the pipe for that epoch, for example NAME_3 for epoch 3. The data and the options must be the same as before. If the program itself writes the position, the position is exact: no record is lost or repeated. The program must write the position together with its own checkpoint, as {"train": {"epoch": 3, "records": 12345}} or as a PipeModeDataset state. With --checkpoint, stream writes the position up to which the program is known to have read the pipe. After a restart, stream resends the records that were still in the pipe (up to 1 MiB). Records that the program had read but not yet used are lost unless --read-ahead covers them. If --resume and --checkpoint name the same file, the file may be missing at the first start.

If stream runs no program, stream writes how each epoch ended to CHANNEL.status.json next to the pipes. After a failure, a reader that ignores this file treats truncated data as complete unless you pass --hold.`,
  exitCodes: {
    ...EXIT_CODES,
    3: 'data could not be read, or pipes could not be created',
    4: 'no reader opened a pipe in time',
  },
  exitNote: 'If stream runs a program, stream exits with the exit code of the program.',
  action: stream,
});

type Options = Values<typeof OPTIONS>;

async function stream(command: string[], options: Options): Promise<number> {
  const { PipeModeStreamer, hostEnvironment, jobPaths, scriptOf, writeJobFiles } = await import(
    'recordpipe/pipemode/streamer'
  );
  const supervised = command.length > 0;
  const { request, host, hosts } = await jobOf(options);
  const { channels } = request;
  const inRoot = jobPaths(options.root);
  const pipeDir = options.dir ?? inRoot.pipeDir;
  const paths = { ...inRoot, pipeDir: resolve(pipeDir) };
  const resuming = await resumingOf(options, options.force === true);
  const signals = new StreamSignals();
  const progress = streamProgress(!options.json && !options.quiet && options.progress, supervised);
  const streamer = new PipeModeStreamer({
    channels,
    pipeDir,
    hosts: { current_host: host.name, hosts: hosts.map(({ name }) => name) },
    objects: objectsOf(options),
    ...streamingOf(options),
    ...resuming,
    stateDir: supervised || options.dir === undefined ? inRoot.stateDir : undefined,
    firstEpoch: options.firstEpoch,
    onFailure: options.hold ? 'hold' : 'close',
    force: options.force === true,
    signal: signals.stop,
    onEvent: (event) => {
      progress.note(event);
      report(event, options, supervised, progress.clear);
    },
  });
  if (supervised || options.dir === undefined) writeJobFiles(request, host, paths, hosts);
  const server = await serveMetrics(() => streamer.metrics, options.metricsPort);
  const announce = (): void => {
    if (options.json || options.quiet) return;
    progress.clear();
    const pipes = streamer.metrics.map(({ channel, epoch }) => `${channel}_${epoch}`).join(', ');
    complain(
      `recordpipe: ${visible(`pipes are ready in ${pipeDir}: ${pipes}; start the program that reads them`)}`,
    );
  };
  progress.start(() => streamer.metrics);
  try {
    if (!supervised) {
      const announced = streamer.ready.then(announce, () => {});
      await streamer.run();
      await announced;
    } else {
      const script = scriptOf(command);
      const environment = hostEnvironment(request, host, paths, script ?? '', { hosts });
      const { variables, programArguments } = environment;
      const words = script === undefined ? command : [...command, ...programArguments];
      return await runProgram(streamer, words, variables, signals, options.grace);
    }
  } catch (error) {
    progress.clear();
    if (!signals.stop.aborted) throw inOptions(error);
  } finally {
    progress.end();
    server.close();
    signals.end();
  }
  return signals.exitCode ?? OK;
}

/** Returns the error with library options in its message replaced by command-line options. */
function inOptions(error: unknown): unknown {
  if (!isRecordpipeError(error, 'unsupported-source') || !error.message.includes("lock: 'none'"))
    return error;
  const what = sentenceOf(error).replace("lock: 'none'", '--no-lock');
  return new RecordpipeError(error.code, what, error, error);
}

/** Runs the program, stops it if data cannot be read, and returns the exit code. */
async function runProgram(
  streamer: PipeModeStreamer,
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
  signals: StreamSignals,
  graceMs: number | undefined,
): Promise<number> {
  let failure: unknown;
  /** Records the first error. Ignores errors after a signal or while the streamer stops. */
  const note = (error: unknown): void => {
    if (!signals.received && !isRecordpipeError(error, 'aborted')) failure ??= error;
  };
  const { TrainingProgram } = await import('recordpipe/pipemode/streamer');
  const ended = streamer.run().catch(note);
  // The program starts once its pipes exist. It does not start if there is no data.
  await streamer.ready;
  // Nothing is awaited between this check and `passTo`, so that no signal is lost between them.
  if (signals.stop.aborted) return streamer.run().then(() => OK);
  let program: TrainingProgram | undefined;
  let exitCode: number;
  try {
    program = new TrainingProgram(command, environment, { graceMs });
    streamer.beforeCut = async (error) => note(error);
    streamer.supervise(program);
    signals.passTo(program);
    exitCode = await program.ended;
  } finally {
    // The program is stopped first, because its child processes would treat the end of the pipes as
    // the end of the data.
    await program?.stop();
    await streamer.stop();
    await ended;
  }
  if (failure !== undefined) throw failure;
  return signals.exitCode ?? exitCode;
}

/** The job that the options describe, and its hosts. */
interface Job {
  readonly request: TrainingRequest;
  readonly host: JobHost;
  readonly hosts: readonly JobHost[];
}

async function jobOf(options: Options): Promise<Job> {
  const { jobHosts, readTrainingRequest, trainingRequest } = await import('recordpipe/pipemode/streamer');
  const { job, channel = [], hosts: names } = options;
  const given = job === undefined ? undefined : readTrainingRequest(job, 'Pipe');
  if (given !== undefined) checkStreamable(given, job as string);
  const listed = channel.map((text): JobChannelInput => {
    const [name, uri] = assignment(text);
    return { name, uri, ...channelSettings(options) };
  });
  const twice = names?.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new UsageError(`--hosts: expected distinct names, got ${twice} twice`);
  const request = trainingRequest({
    ...given,
    channels: [...(given?.channels ?? []), ...listed],
    inputMode: 'Pipe',
    hyperparameters: {
      ...given?.hyperparameters,
      ...Object.fromEntries((options.hyperparameter ?? []).map(assignment)),
    },
    ...(names !== undefined && { instanceCount: names.length }),
  });
  if (request.channels.length === 0)
    throw new UsageError('channels: expected at least one; pass -c NAME=URI or --job FILE');
  const hosts = jobHosts(request).map((host, i) => ({ ...host, name: names?.[i] ?? host.name }));
  const all = hosts.map(({ name }) => name).join(', ');
  const host = hosts.find(({ name }) => name === (options.currentHost ?? hosts[0].name));
  if (host === undefined)
    throw new UsageError(`--current-host: expected one of --hosts (${all}), got ${options.currentHost}`);
  if (given !== undefined) warn(request, options);
  if (hosts.length > 1 && names === undefined && options.currentHost === undefined)
    note(
      `the job has the hosts ${all}; this stream serves ${host.name}; to serve another host, pass --current-host`,
      options,
    );
  return { request, host, hosts };
}

/** Checks that `stream` can serve all channels. @throws RecordpipeError if only `train` can */
function checkStreamable({ channels, instanceGroups }: TrainingRequest, file: string): void {
  const other = channels.find(({ inputMode }) => inputMode !== 'Pipe');
  const grouped = channels.find((channel) => channel.instanceGroups.length > 0);
  let what: string | undefined;
  if (other !== undefined)
    what = `channel ${other.name} is in ${other.inputMode} mode, but stream serves only Pipe mode`;
  else if (grouped !== undefined && instanceGroups.length > 1)
    what = `channel ${grouped.name} is only for some instance groups, but stream serves every channel to all hosts`;
  if (what === undefined) return;
  const next = `run the whole job with recordpipe train --job ${file}`;
  throw new RecordpipeError('malformed-config', `${what}; ${next}`, { uri: file });
}

/** Warns about fields of the request that have no effect. */
function warn(request: TrainingRequest, options: Options): void {
  const onlyTrain = {
    StoppingCondition: request.maxRuntimeSeconds,
    CheckpointConfig: request.checkpoint,
    OutputDataConfig: request.output,
    MetricDefinitions: request.metricDefinitions[0],
    RetryStrategy: request.maxRetries || undefined,
    EnableManagedSpotTraining: request.spot || undefined,
    TrainingImage: request.image,
    ContainerEntrypoint: request.containerEntrypoint[0],
    ContainerArguments: request.containerArguments[0],
  };
  const fields = Object.entries(onlyTrain).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  for (const warning of request.warnings) note(warning, options);
  if (fields.length > 0)
    note(`${fields.join(', ')}: no effect in stream; recordpipe train supports them`, options);
}

function note(message: string, { json, quiet }: Options): void {
  if (json) complainJson({ event: 'warning', code: 'not-honored', message });
  else if (!quiet) complain(`recordpipe: warning: ${visible(message)}`);
}

function report(event: StreamEvent, { json, quiet }: Options, supervised: boolean, clear: () => void): void {
  if (json) {
    if (supervised) complainJson(event);
    else print(`${JSON.stringify(event)}\n`).catch(() => {});
    return;
  }
  if (event.event === 'resumed' && quiet !== true) {
    clear();
    complain(`recordpipe: ${visible(resumedLine(event))}`);
  }
  const warning = warningLine(event, quiet === true);
  if (warning === undefined) return;
  clear();
  complain(warning);
}

import { isRecordpipeError } from 'recordpipe/errors';
import type { JobChannel, TrainingEvent, TrainingResult, TrainingRun } from 'recordpipe/pipemode/train';
import { command, EXIT_CODES, type Register } from '../command.ts';
import { downloadProgress } from '../download-progress.ts';
import { exitCodeOf, OK } from '../exit-codes.ts';
import { fail } from '../fail.ts';
import { eventText, isUrgent, planText, resultJson, resultLines } from '../job-report.ts';
import { jobOptions, requestOf } from '../job-request.ts';
import { serveMetrics } from '../metrics-server.ts';
import { pipeOptions, streamingOf } from '../options/channels.ts';
import { inputSelection } from '../options/inputs.ts';
import { objectReadOptions, objectsOf } from '../options/objects.ts';
import { duration, flag, grouped, negation, parsed, type Values, value } from '../options/option.ts';
import { reportOptions } from '../options/reports.ts';
import { complain, complainJson, print, say } from '../output.ts';
import { checkNewFile } from '../output-files.ts';
import { type StreamProgress, streamProgress } from '../stream-progress.ts';
import { StreamSignals } from '../stream-signals.ts';
import { visible } from '../text/format.ts';

const OPTIONS = {
  ...jobOptions,
  ...grouped('Run:', {
    root: parsed(
      '--root <dir>',
      'directory to use as /opt/ml; with several hosts, the parent of one such directory per host',
      String,
      'ml',
    ),
    image: value('--image <image>', 'run the program in this container image with docker or podman'),
    currentHost: value('--current-host <name>', 'run only this host of the job, e.g. algo-2'),
    arguments: negation('--no-arguments', 'do not append hyperparameters to the command as arguments'),
    optMl: negation('--no-opt-ml', 'do not make --root visible to the program as /opt/ml'),
    grace: parsed(
      '--grace <time>',
      'time between SIGTERM and SIGKILL when train stops the program (default: 120s)',
      duration,
    ),
    interruptAfter: parsed(
      '--interrupt-after <time>',
      'simulate a spot interruption this long after the program starts',
      duration,
    ),
    checkpointInterval: parsed(
      '--checkpoint-interval <time>',
      'interval between uploads of new checkpoints (default: 60s)',
      duration,
    ),
    resume: value(
      '--resume <file>',
      'resume Pipe channels at the positions that the program wrote to this file in the checkpoint directory, if the file exists',
    ),
    metricsOut: value('--metrics-out <file>', 'write metrics to a .csv, .json, .html or .svg file'),
    force: flag(
      '-f, --force',
      'remove the results of an earlier run from --root, and overwrite the artifacts of that run',
    ),
    dryRun: flag('--dry-run', 'print what the job would do without starting or changing anything'),
    json: flag(
      '--json',
      'print events and the result to stderr as JSON, one per line; with --dry-run, print the plan to stdout as JSON',
    ),
    quiet: flag(
      '-q, --quiet',
      'hide progress and all warnings except those about a program that may wait forever',
    ),
    progress: reportOptions.progress,
  }),
  ...pipeOptions,
  strictShards: inputSelection.strictShards,
  ...objectReadOptions,
};

/**
 * Last section of the help. It differs from the default because the exit code may come from the
 * program.
 */
export const register: Register = command({
  name: 'train',
  description: 'Run a SageMaker training job on this machine.',
  usage: '[options] [-- command...]',
  arguments: {
    '[command...]':
      'after --: the training program and its arguments (default: the entry point that the request specifies)',
  },
  options: OPTIONS,
  examples: `
recordpipe train -c s3://bucket/train/ -- python train.py
recordpipe train -c train=s3://bucket/train/ -c val=data/val --input-mode train=Pipe --hyperparameter lr=0.1 -- python train.py
recordpipe train --job request.json
recordpipe train --job request.json -c train=sample/ --output results/ -- python train.py
recordpipe train --job request.json --dry-run
recordpipe train -c train=data/ --spot --checkpoints ckpt/ --interrupt-after 30s -- python train.py
recordpipe train -c train=data/ --input-mode Pipe --spot --checkpoints ckpt/ --interrupt-after 30s --resume position.json -- python train.py`,
  notes: `train runs the program in the environment that SageMaker's training toolkit provides. The program receives hyperparameters in SM_HPS and, if the command names a script, as arguments. The job configuration files are in input/config, and each SM_CHANNEL_* variable locates a channel. In File mode, the variable contains a directory. In Pipe mode, the variable contains the path prefix of named pipes: the pipe for epoch 0 of channel train is $SM_CHANNEL_TRAIN followed by _0. If you pass no command, train runs the sagemaker_program or ContainerEntrypoint specified in the request. If possible on this machine, the program sees --root as /opt/ml.

After an interruption, SageMaker restarts Pipe channels at epoch 0. With --resume, Pipe channels instead continue where the program stopped. The program must write its position, for example {"train": {"epoch": 3, "records": 12345}}, to the --resume file with each checkpoint. The next attempt then serves the rest of epoch 3 as train_3. If the job has several hosts, {host} in the file name is replaced with the host name.

train stops the whole job if a program fails, if data cannot be read, or if the job reaches its time limit. To stop the job, train sends SIGTERM and, after --grace, SIGKILL to all programs. If train receives a signal, train forwards the signal to all programs. train closes the pipes only after all programs have ended, so that no program treats truncated data as complete.`,
  exitCodes: {
    ...EXIT_CODES,
    3: 'data could not be read, or results could not be saved',
    4: 'no reader opened a pipe in time',
  },
  exitNote:
    'If the program ran, train exits with the exit code of the program or, if the job has several hosts, of the first program that failed. If a time limit ends the job before the program starts, the exit code is 143.',
  action: (words: string[], options: Options) => inJson(options, () => train(words, options)),
});

type Options = Values<typeof OPTIONS>;

async function train(words: string[], options: Options): Promise<number> {
  const request = await requestOf(options);
  const { TrainingRun, jobHosts, checkMetricsFile } = await import('recordpipe/pipemode/train');
  const hosts = jobHosts(request).map(({ name }) => name);
  const isShared = hosts.length > 1 && options.currentHost === undefined;
  if (options.metricsOut !== undefined) {
    checkMetricsFile(options.metricsOut);
    await checkNewFile(options.metricsOut, options);
  }
  const isShown = !options.json && !options.quiet && options.progress;
  const progress = streamProgress(isShown, true);
  const download = downloadProgress(isShown);
  const report = (event: TrainingEvent): void => {
    if (options.json) {
      if (event.event !== 'filling') complainJson(event);
      return;
    }
    download.note(event);
    if (event.event === 'epoch-end') progress.note({ ...event, channel: channelName(event, isShared) });
    const text = options.quiet && !isUrgent(event) ? undefined : eventText(event, isShared);
    if (text === undefined) return;
    download.clear();
    progress.clear();
    complain(`recordpipe: ${visible(text)}`);
  };
  const job = new TrainingRun({
    request,
    command: words,
    root: options.root,
    currentHost: options.currentHost,
    programArguments: options.arguments,
    privateRoot: options.optMl,
    image: options.image,
    graceMs: options.grace,
    interruptAfterMs: options.interruptAfter,
    checkpointIntervalMs: options.checkpointInterval,
    resumeFile: options.resume,
    force: options.force === true,
    objects: objectsOf(options),
    data: streamingOf(options),
    onEvent: report,
  });
  warn([...request.warnings, ...pipeWarnings(request.channels, options)], options);
  if (options.dryRun) {
    const plan = job.plan();
    await (options.json ? print(`${JSON.stringify(plan, undefined, 2)}\n`) : say(planText(plan)));
    return OK;
  }
  return run(job, options, progress, isShared);
}

/** Prints a failure before the job starts as JSON, like all other events. */
async function inJson({ json }: Options, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (!json || !isRecordpipeError(error)) throw error;
    complainJson({ event: 'error', error: error.toJSON() });
    return exitCodeOf(error.code);
  }
}

/** Runs the job and returns the exit code. */
async function run(
  job: TrainingRun,
  options: Options,
  progress: StreamProgress,
  isShared: boolean,
): Promise<number> {
  const signals = new StreamSignals();
  signals.passTo(job);
  const server = await serveMetrics(() => job.metrics, options.metricsPort);
  progress.start(() => job.metrics.map((one) => ({ ...one, channel: channelName(one, isShared) })));
  let result: TrainingResult;
  try {
    result = await job.run();
  } finally {
    progress.end();
    server.close();
    signals.end();
  }
  await reportResult(result, options);
  return exitCode(result, signals);
}

/** Returns the name of a channel in reports, with its host if there are several. */
function channelName({ host, channel }: { host: string; channel: string }, isShared: boolean): string {
  return isShared ? `${host} ${channel}` : channel;
}

async function reportResult(result: TrainingResult, options: Options): Promise<void> {
  const { metricsTable, writeMetrics } = await import('recordpipe/pipemode/train');
  const isStarted = result.hosts.some(({ exitCode: own }) => own !== undefined);
  if (options.json) complainJson(resultJson(result));
  else {
    if (!options.quiet && isStarted)
      for (const line of metricsTable(result.metrics).split('\n')) if (line !== '') complain(line);
    if (!options.quiet || result.status !== 'Completed')
      for (const line of resultLines(result)) complain(`recordpipe: ${visible(line)}`);
  }
  if (result.error !== undefined && options.json !== true) await fail(result.error);
  // The result is known even if this fails.
  if (options.metricsOut !== undefined)
    await writeMetrics(options.metricsOut, result.metrics, {
      jobName: result.name,
      overwrite: options.force === true,
      objects: objectsOf(options),
    });
}

function exitCode({ status, error, exitCode: own }: TrainingResult, signals: StreamSignals): number {
  if (signals.exitCode !== undefined) return signals.exitCode;
  // Before a program started, a signal or a time limit stopped the job.
  if (own === undefined && (signals.received || error === undefined)) return signals.signalCode;
  // A program may end with 0 after a signal, as SageMaker's toolkit does, without completing its work.
  if (own === OK && signals.received && status === 'Stopped') return signals.signalCode;
  return error === undefined ? (own ?? OK) : exitCodeOf(error.code);
}

/** Returns a warning if options for pipes have no effect, because no channel is in Pipe mode. */
function pipeWarnings(channels: readonly JobChannel[], options: Options): string[] {
  if (channels.some(({ inputMode }) => inputMode === 'Pipe')) return [];
  const { epochs, readerTimeout, strictEof, lazy } = options;
  const values = {
    '--epochs': epochs,
    '--reader-timeout': readerTimeout,
    '--strict-eof': strictEof,
    '--lazy': lazy,
  };
  const given = Object.entries(values).flatMap(([name, one]) => (one === undefined ? [] : [name]));
  if (given.length === 0) return [];
  return [
    `${given.join(', ')}: no effect, because no channel is in Pipe mode (--input-mode); put arguments of the program after --`,
  ];
}

function warn(warnings: readonly string[], { json, quiet }: Options): void {
  for (const message of warnings) {
    if (json) complainJson({ event: 'warning', code: 'not-honored', message });
    else if (!quiet) complain(`recordpipe: warning: ${visible(message)}`);
  }
}

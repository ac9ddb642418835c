import type { Server } from 'node:http';
import { InvalidArgumentError } from 'commander';
import { isRecordpipeError, RecordpipeError, sentenceOf, UsageError } from 'recordpipe/errors';
import type {
  PipeModeStreamer,
  StreamChannelInput,
  StreamEvent,
  TrainingJob,
} from 'recordpipe/pipemode/streamer';
import { command, type Register } from '../command.ts';
import { OK } from '../exit-codes.ts';
import { inputSelection } from '../options/inputs.ts';
import { objectReadOptions, objectsOf } from '../options/objects.ts';
import {
  atLeast,
  duration,
  flag,
  grouped,
  names,
  negation,
  parsed,
  size,
  type Values,
  value,
} from '../options/option.ts';
import { reportOptions } from '../options/reports.ts';
import { complain, print } from '../output.ts';
import { streamProgress } from '../stream-progress.ts';
import { StreamSignals } from '../stream-signals.ts';
import { visible } from '../text/format.ts';

const OPTIONS = {
  channel: parsed(
    '-c, --channel <name=uri>',
    'a channel: NAME=s3://bucket/prefix or NAME=directory; repeatable',
    assignments,
  ),
  config: value('--config <file>', 'read channels from a CreateTrainingJob request (InputDataConfig, JSON)'),
  json: flag('--json', 'print events as JSON, one per line: on stdout, or on stderr when running a program'),
  quiet: flag('-q, --quiet', 'hide progress and warnings'),
  progress: reportOptions.progress,
  ...grouped('Channels given with -c:', {
    manifest: flag('--manifest', 'addresses are manifests (S3DataType ManifestFile)'),
    attributes: parsed(
      '--attributes <names>',
      'addresses are augmented manifests; stream these attributes, e.g. image-ref,label',
      names,
    ),
    gunzip: flag('--gunzip', 'decompress objects while streaming (CompressionType Gzip)'),
    wrap: flag('--wrap', 'wrap each object or attribute in a RecordIO record (RecordWrapperType)'),
    shuffle: parsed('--shuffle <seed>', 'shuffle objects or lines differently in each epoch', atLeast(0)),
    sharded: flag('--sharded', 'give each host its share of the objects or lines (ShardedByS3Key)'),
  }),
  ...grouped('Job:', {
    root: parsed(
      '--root <dir>',
      'directory that stands for /opt/ml of SageMaker containers: input/data, input/config, model, …',
      String,
      '/opt/ml',
    ),
    dir: value('--dir <dir>', 'directory for the pipes only; writes no job configuration files'),
    epochs: parsed('--epochs <n>', 'number of epochs (default: unlimited)', atLeast(1)),
    firstEpoch: parsed('--first-epoch <n>', 'number of the first epoch', atLeast(0), 0),
    hosts: parsed('--hosts <names>', 'hosts of the job, e.g. algo-1,algo-2 (default: algo-1)', names),
    host: value('--host <name>', 'name of this host (default: the first)'),
    hyperparameter: parsed(
      '--hyperparameter <name=value>',
      'hyperparameter for the program; repeatable',
      assignments,
    ),
    readerTimeout: parsed(
      '--reader-timeout <time>',
      'maximum time to wait for a reader to open a pipe, e.g. 10m (default: unlimited)',
      duration,
    ),
    grace: parsed(
      '--grace <time>',
      'time for the program to end after a signal before it is killed (default: 10s)',
      duration,
    ),
    hold: flag('--hold', 'after a failure, keep pipes open until their readers close them'),
    strictEof: flag('--strict-eof', 'fail if a reader closes its pipe before the end'),
    skipMissing: flag('--skip-missing', 'skip missing objects; in augmented manifests, their lines'),
    skipBadLines: flag('--skip-bad-lines', 'skip unusable lines of augmented manifests'),
    maxLineSize: parsed(
      '--max-line-size <size>',
      'maximum line length of an augmented manifest (default: 1 MiB)',
      size,
    ),
    lazy: flag('--lazy', 'fetch nothing before a reader opens the pipe'),
    force: flag('--force', 'use existing pipes'),
    lock: negation('--no-lock', 'serve channels without locking them, on hosts without the program flock'),
    metrics: parsed(
      '--metrics <port>',
      'serve Prometheus metrics on 127.0.0.1; 0 picks a free port',
      atLeast(0),
    ),
  }),
  strictShards: inputSelection.strictShards,
  ...objectReadOptions,
};

/**
 * Last section of the help. It differs from the default because the exit code may come from the
 * program.
 */
const EXIT_CODES = `
Exit codes:
  0         ok
  1         invalid data
  2         invalid usage
  3         data could not be read, or pipes could not be created
  4         no reader opened a pipe in time
  70        internal error: a bug in recordpipe
  129, 130, 131, 143
            stopped by a signal: hangup, interrupt, quit, terminate
  With a program, stream exits with its exit code`;

export const register: Register = command({
  name: 'stream',
  description: 'Stream data from S3 or a directory into named pipes, as SageMaker Pipe mode does.',
  arguments: { '[command...]': 'after --: a training program to run against the pipes' },
  options: OPTIONS,
  help: `
Examples:
  recordpipe stream -c train=s3://bucket/train/ -- python train.py
  recordpipe stream -c train=data/ -c test=more/ --root ml -- node train.mjs
  recordpipe stream -c train=s3://bucket/train.jsonl --attributes image-ref,label --wrap --shuffle 7 -- python train.py
  recordpipe stream --config channels.json --dir pipes --epochs 2 & cat pipes/train_0

The program runs as in a SageMaker container, with pipes, inputdataconfig.json, resourceconfig.json and SM_* variables. stream exits with the program's exit code. A pipe cannot signal an error: if data cannot be read, stream stops the program and everything it started before any pipe reaches an end of file. Signals are passed on; a program that has not ended after --grace, or at a second signal, is killed. The program has a session of its own: it can read the terminal, but cannot open /dev/tty. When it ends, processes that it started are stopped.

Without a program, CHANNEL.status.json next to the pipes records how each epoch ended. After a failure, a reader that ignores this file treats truncated data as complete, unless you pass --hold.`,
  exitCodes: EXIT_CODES,
  action: stream,
});

type Options = Values<typeof OPTIONS>;

/** Collects NAME=VALUE arguments. */
function assignments(text: string, previous: readonly string[] = []): readonly string[] {
  if (/^[^=]+=/s.test(text)) return [...previous, text];
  throw new InvalidArgumentError('Expected NAME=VALUE.');
}

/** Splits NAME=VALUE. */
function assignment(text: string): [name: string, value: string] {
  const at = text.indexOf('=');
  return [text.slice(0, at), text.slice(at + 1)];
}

const MAX_PORT = 65_535;

async function stream(command: string[], options: Options): Promise<number> {
  const { PipeModeStreamer, trainingEnvironment, trainingPlaces, writeTrainingFiles } = await import(
    'recordpipe/pipemode/streamer'
  );
  const channels = await channelsOf(options);
  const supervised = command.length > 0;
  const { job, hosts } = jobOf(channels, options);
  const places = trainingPlaces(options.root);
  const pipeDir = options.dir ?? places.pipeDir;
  const signals = new StreamSignals();
  const progress = streamProgress(!options.json && !options.quiet && options.progress, supervised);
  const streamer = new PipeModeStreamer({
    channels,
    pipeDir,
    hosts,
    objects: objectsOf(options),
    epochs: options.epochs ?? Number.POSITIVE_INFINITY,
    firstEpoch: options.firstEpoch,
    readerTimeoutMs: options.readerTimeout,
    strictEof: options.strictEof === true,
    onFailure: options.hold ? 'hold' : 'close',
    strictShards: options.strictShards === true,
    skipMissing: options.skipMissing === true,
    onBadLine: options.skipBadLines ? 'skip' : 'error',
    lazy: options.lazy === true,
    force: options.force === true,
    lock: options.lock ? 'flock' : 'none',
    ...(options.maxLineSize !== undefined && { maxLineBytes: options.maxLineSize }),
    signal: signals.stop,
    onEvent: (event) => {
      progress.clear();
      progress.note(event);
      report(event, options, supervised);
    },
  });
  if (supervised || options.dir === undefined) writeTrainingFiles({ ...places, pipeDir }, job);
  const server = options.metrics === undefined ? undefined : await serveMetrics(streamer, options.metrics);
  const announce = (): void => {
    if (options.json || options.quiet) return;
    progress.clear();
    const pipes = channels.map(({ name }) => `${name}_${options.firstEpoch}`).join(', ');
    complain(
      `recordpipe: ${visible(`the pipes are ready in ${pipeDir}: ${pipes}; start the program that reads them`)}`,
    );
  };
  progress.start(() => streamer.metrics);
  try {
    if (!supervised) {
      const announced = streamer.ready.then(announce, () => {});
      await streamer.run();
      await announced;
    } else {
      const environment = trainingEnvironment({ ...places, pipeDir }, job);
      return await runProgram(streamer, command, environment, signals, options.grace);
    }
  } catch (error) {
    if (!signals.stop.aborted) throw inOptions(error);
  } finally {
    progress.end();
    server?.close();
    server?.closeAllConnections();
    signals.end();
  }
  return signals.exitCode ?? OK;
}

/** Returns an error with the same meaning whose message names command-line options. */
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
  const ended = streamer.run().catch(note);
  // The program starts once its pipes exist. It does not start if there is no data.
  await streamer.ready;
  if (signals.stop.aborted) return streamer.run().then(() => OK);
  const { TrainingProgram } = await import('recordpipe/pipemode/streamer');
  const program = new TrainingProgram(command, environment, { graceMs });
  streamer.beforeCut = async (error) => note(error);
  streamer.supervise(program);
  signals.passTo(program);
  let exitCode: number;
  try {
    exitCode = await program.ended;
  } finally {
    // The program is stopped first, because its child processes would treat the end of the pipes as
    // the end of the data.
    await program.stop();
    await streamer.stop();
    await ended;
  }
  if (failure !== undefined) throw failure;
  return signals.exitCode ?? exitCode;
}

async function channelsOf(options: Options): Promise<StreamChannelInput[]> {
  const { readTrainingRequest } = await import('recordpipe/pipemode/streamer');
  const { config, channel = [], manifest, attributes, gunzip, wrap, shuffle, sharded } = options;
  const given = channel.map((text): StreamChannelInput => {
    const [name, uri] = assignment(text);
    return {
      name,
      uri,
      ...(manifest && { dataType: 'ManifestFile' }),
      ...(attributes && { dataType: 'AugmentedManifestFile', attributeNames: attributes }),
      ...(gunzip && { compression: 'Gzip' }),
      ...(wrap && { recordWrapper: 'RecordIO' }),
      ...(shuffle !== undefined && { shuffleSeed: shuffle }),
      ...(sharded && { distribution: 'ShardedByS3Key' }),
    };
  });
  const request = config === undefined ? undefined : readTrainingRequest(config, 'Pipe');
  const channels = [...(request?.channels ?? []), ...given];
  if (channels.length > 0) return channels;
  throw new UsageError('channels: name at least one: -c NAME=URI, or --config FILE');
}

function jobOf(channels: readonly StreamChannelInput[], options: Options) {
  const names = options.hosts ?? ['algo-1'];
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new UsageError(`--hosts: expected distinct names, got ${twice} twice`);
  if (options.host !== undefined && !names.includes(options.host))
    throw new UsageError(`--host: expected one of --hosts (${names.join(', ')}), got ${options.host}`);
  const hosts = { current_host: options.host ?? names[0], hosts: names, network_interface_name: 'lo' };
  const parameters = (options.hyperparameter ?? []).map(assignment);
  const job: Omit<TrainingJob, 'channels'> = { hosts, hyperparameters: Object.fromEntries(parameters) };
  return { hosts, job: { ...job, channels } };
}

function report(event: StreamEvent, { json, quiet }: Options, supervised: boolean): void {
  if (json) {
    const line = `${JSON.stringify(event)}`;
    if (supervised) complain(line);
    else print(`${line}\n`).catch(() => {});
  } else if (!quiet && event.event === 'warning') {
    complain(`recordpipe: warning: ${visible(`${event.channel}: ${event.message}`)}`);
  }
}

async function serveMetrics(streamer: PipeModeStreamer, port: number): Promise<Server> {
  if (port > MAX_PORT) throw new UsageError(`--metrics: expected a port from 0 to ${MAX_PORT}, got ${port}`);
  const [{ createServer }, { prometheusText }] = await Promise.all([
    import('node:http'),
    import('recordpipe/pipemode/streamer'),
  ]);
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/plain; version=0.0.4');
    response.end(prometheusText(streamer.metrics));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  server.unref();
  const address = server.address();
  if (typeof address === 'object') complain(`recordpipe: metrics: http://127.0.0.1:${address?.port}/metrics`);
  return server;
}

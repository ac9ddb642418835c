import { createServer, type Server } from 'node:http';
import { isRecordpipeError, RecordpipeError, sentenceOf, UsageError } from 'recordpipe/errors';
import {
  PipeModeStreamer,
  prometheusText,
  readTrainingInput,
  type StreamChannelInput,
  type StreamEvent,
  type TrainingJob,
  TrainingProgram,
  trainingEnvironment,
  trainingPlaces,
  writeTrainingFiles,
} from 'recordpipe/pipemode/streamer';
import { OK } from '../exit-codes.ts';
import { type ObjectCommandOptions, objectOptionsOf } from '../object-options.ts';
import { complain, print } from '../output.ts';
import { streamProgress } from '../stream-progress.ts';
import { StreamSignals } from '../stream-signals.ts';
import { visible } from '../text/visible.ts';

const MAX_PORT = 65_535;

/** Options of `recordpipe stream`. */
export interface StreamCommandOptions extends ObjectCommandOptions {
  readonly channel?: readonly string[];
  readonly config?: string;
  readonly manifest?: true;
  readonly attributes?: readonly string[];
  readonly gunzip?: true;
  readonly wrap?: true;
  readonly shuffle?: number;
  readonly sharded?: true;
  readonly root: string;
  readonly dir?: string;
  readonly epochs?: number;
  readonly firstEpoch: number;
  readonly hosts?: readonly string[];
  readonly host?: string;
  readonly hyperparameter: readonly string[];
  readonly readerTimeout?: number;
  readonly grace?: number;
  readonly hold?: true;
  readonly strictEof?: true;
  readonly skipMissing?: true;
  readonly skipBadLines?: true;
  readonly maxLineSize?: number;
  readonly lazy?: true;
  readonly force?: true;
  readonly lock: boolean;
  readonly metrics?: number;
  readonly json?: true;
  readonly quiet?: true;
  readonly progress: boolean;
}

/** Streams channels into named pipes, beside a program where one is given; the exit code. */
export async function stream(command: string[], options: StreamCommandOptions): Promise<number> {
  const channels = channelsOf(options);
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
    objects: objectOptionsOf(options),
    epochs: options.epochs ?? Number.POSITIVE_INFINITY,
    firstEpoch: options.firstEpoch,
    readerTimeoutMs: options.readerTimeout,
    strictEof: options.strictEof === true,
    onFailure: options.hold ? 'hold' : 'close',
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
      tell(event, options, supervised);
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
      return await beside(streamer, command, environment, signals, options.grace);
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

/** The same error, in the words of the command line. */
function inOptions(error: unknown): unknown {
  if (!isRecordpipeError(error, 'unsupported-source') || !error.message.includes("lock: 'none'"))
    return error;
  const what = sentenceOf(error).replace("lock: 'none'", '--no-lock');
  return new RecordpipeError(error.code, what, error, error);
}

/** Runs the program, and stops it when its data cannot be had; the exit code. */
async function beside(
  streamer: PipeModeStreamer,
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
  signals: StreamSignals,
  graceMs: number | undefined,
): Promise<number> {
  let failure: unknown;
  /** What is noticed once a signal has come, or while the streamer is being stopped, is no failure. */
  const note = (error: unknown): void => {
    if (!signals.came && !isRecordpipeError(error, 'aborted')) failure ??= error;
  };
  const ended = streamer.run().catch(note);
  // The program finds its pipes; without data to stream it is not started.
  await streamer.ready;
  if (signals.stop.aborted) return streamer.run().then(() => OK);
  const program = new TrainingProgram(command, environment, { graceMs });
  streamer.beforeCut = async (error) => note(error);
  streamer.supervise(program);
  signals.passTo(program);
  let exitCode: number;
  try {
    exitCode = await program.ended;
  } finally {
    // What it started would outlive it, and read the end of its pipes as that of its data.
    await program.stop();
    await streamer.stop();
    await ended;
  }
  if (failure !== undefined) throw failure;
  return signals.exitCode ?? exitCode;
}

function channelsOf(options: StreamCommandOptions): StreamChannelInput[] {
  const { config, channel = [], manifest, attributes, gunzip, wrap, shuffle, sharded } = options;
  const given = channel.map((text): StreamChannelInput => {
    const at = text.indexOf('=');
    return {
      name: text.slice(0, at),
      uri: text.slice(at + 1),
      ...(manifest && { dataType: 'ManifestFile' }),
      ...(attributes && { dataType: 'AugmentedManifestFile', attributeNames: attributes }),
      ...(gunzip && { compression: 'Gzip' }),
      ...(wrap && { recordWrapper: 'RecordIO' }),
      ...(shuffle !== undefined && { shuffleSeed: shuffle }),
      ...(sharded && { distribution: 'ShardedByS3Key' }),
    };
  });
  const channels = [...(config === undefined ? [] : readTrainingInput(config)), ...given];
  if (channels.length > 0) return channels;
  throw new UsageError('channels: name at least one: -c NAME=URI, or --config FILE');
}

function jobOf(channels: readonly StreamChannelInput[], options: StreamCommandOptions) {
  const names = options.hosts ?? ['algo-1'];
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new UsageError(`--hosts: expected distinct names, got ${twice} twice`);
  if (options.host !== undefined && !names.includes(options.host))
    throw new UsageError(`--host: expected one of --hosts (${names.join(', ')}), got ${options.host}`);
  const hosts = { current_host: options.host ?? names[0], hosts: names, network_interface_name: 'lo' };
  const parameters = options.hyperparameter.map((text): [string, string] => {
    const at = text.indexOf('=');
    return [text.slice(0, at), text.slice(at + 1)];
  });
  const job: Omit<TrainingJob, 'channels'> = { hosts, hyperparameters: Object.fromEntries(parameters) };
  return { hosts, job: { ...job, channels } };
}

function tell(event: StreamEvent, { json, quiet }: StreamCommandOptions, supervised: boolean): void {
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

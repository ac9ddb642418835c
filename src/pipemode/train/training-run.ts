import { isRecordpipeError, type RecordpipeError, UsageError } from '../../errors.ts';
import { isInJobRoot } from '../job/checkpoint-folder.ts';
import { jobHosts } from '../job/training-request.ts';
import type { ChannelMetrics } from '../streamer/stream-events.ts';
import { checkArtifacts, checkOutside, type SavedArtifacts, saveArtifacts } from './artifacts.ts';
import { type AttemptDecision, type AttemptEnd, afterAttempt } from './attempts.ts';
import { CheckpointOwners } from './checkpoint-owners.ts';
import { contentsOf, failureText } from './earlier-run.ts';
import { jobEntryPoint } from './entry-point.ts';
import { HostRun } from './host-run.ts';
import { JobAttempt } from './job-attempt.ts';
import { MetricLog } from './metrics.ts';
import { printLine } from './print-line.ts';
import { whileRootsLocked } from './root-lock.ts';
import { type TrainingRunInput, type TrainingRunOptions, trainingRunOptions } from './run-options.ts';
import type { TrainingEvent, TrainingResult } from './training-events.ts';
import type { TrainingPlan } from './training-plan.ts';

/**
 * Runs a SageMaker training job on this machine. For each host, it provides a folder that
 * represents `/opt/ml` and inputs in Pipe, File or FastFile mode, and runs the training program
 * with the variables, files and arguments of SageMaker's training toolkit.
 *
 * The job fails and stops as a whole. When a program fails, its data cannot be read, or the job is
 * stopped, the programs of all hosts receive SIGTERM, and SIGKILL after the grace period. Only then
 * are pipes closed, so that no program treats truncated data as complete.
 *
 * @example
 * ```ts
 * import { mkdirSync, writeFileSync } from 'node:fs';
 * import { TrainingRun, trainingRequest } from 'recordpipe/pipemode/train';
 * mkdirSync('lines');
 * writeFileSync('lines/a.txt', 'one\ntwo\n');
 * const request = trainingRequest({ channels: [{ name: 'train', uri: 'lines', inputMode: 'Pipe' }] });
 * const count = 'test "$(wc -l < "$SM_CHANNEL_TRAIN"_0)" -eq 2';
 * const job = new TrainingRun({ request, command: ['sh', '-c', count], root: 'job' });
 * console.log((await job.run()).status); // Completed
 * ```
 */
export class TrainingRun {
  readonly #options: TrainingRunOptions;
  readonly #hosts: readonly HostRun[];
  readonly #log: MetricLog;
  #attempt: JobAttempt | undefined;
  #attempts = 0;
  #began = 0;
  #stopped = false;
  /** Ends the upload of artifacts. */
  readonly #abort = new AbortController();
  #running: Promise<TrainingResult> | undefined;

  /**
   * Prepares a job. Call `run` to start it.
   * @throws UsageError for an invalid option, or if neither the options nor the request name a
   *   program
   */
  constructor(given: TrainingRunInput) {
    const options = withLog(trainingRunOptions(given), (host, line) => this.#log.feed(host, line));
    const { request, currentHost } = options;
    this.#options = options;
    this.#log = new MetricLog(request.metricDefinitions);
    const entry = jobEntryPoint(request, options);
    const hosts = jobHosts(request).filter(({ name }) => currentHost === undefined || name === currentHost);
    checkShared(options, hosts.length);
    const owners = new CheckpointOwners();
    this.#hosts = hosts.map((host) => new HostRun(host, options, entry, owners));
  }

  /** Returns the actions that the job would perform, without starting or changing anything. */
  plan(): TrainingPlan {
    const { request, image, graceMs } = this.#options;
    const { name, maxRuntimeSeconds, spot, maxRetries, checkpoint, output, metricDefinitions } = request;
    return {
      name,
      hosts: this.#hosts.map(({ plan }) => plan),
      image,
      maxRuntimeSeconds,
      graceSeconds: graceMs / 1000,
      spot,
      maxRetries,
      checkpoint,
      output,
      metricDefinitions,
      warnings: request.warnings,
    };
  }

  /** The progress of the Pipe channels of all hosts. */
  get metrics(): (ChannelMetrics & { readonly host: string })[] {
    return this.#hosts.flatMap(({ name, inputs }) =>
      inputs.streamers.flatMap(({ metrics }) => metrics.map((one) => ({ ...one, host: name }))),
    );
  }

  /** Whether a program received SIGKILL. */
  get killed(): boolean {
    return this.#abort.signal.aborted || this.#hosts.some(({ program }) => program?.killed);
  }

  /**
   * Runs the job. A failed job is a result, not an error.
   * @throws RecordpipeError `already-exists` for the results of an earlier run, or while another
   *   job runs in the same folder; UsageError
   */
  run(): Promise<TrainingResult> {
    const isLocked = this.#options.data.lock !== 'none';
    const roots = isLocked ? this.#hosts.map(({ paths }) => paths.root) : [];
    this.#running ??= whileRootsLocked(roots, () => this.#run());
    return this.#running;
  }

  /**
   * Forwards a signal to the programs, as a terminal does. If no program is running, SIGINT stops
   * the job.
   */
  signal(signal: NodeJS.Signals): void {
    if (signal === 'SIGINT' && this.#hosts.every(({ program }) => program?.running !== true))
      void this.stop(signal);
    for (const { program } of this.#hosts) program?.signal(signal);
  }

  /** Stops the job: its programs receive `signal`, and SIGKILL after the grace period. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.#stopped = true;
    await this.#attempt?.end({ type: 'stopped' }, signal);
  }

  /** Kills all programs, and cancels the upload of artifacts. */
  kill(): void {
    this.#abort.abort();
    for (const { program } of this.#hosts) program?.kill();
  }

  async #run(): Promise<TrainingResult> {
    const { request, force, objects } = this.#options;
    this.#began = performance.now();
    for (const host of this.#hosts) await host.check();
    if (request.output !== undefined) {
      for (const { paths } of this.#hosts) checkOutside(request.output, paths);
      await checkArtifacts(request.output, request.name, { overwrite: force, objects });
    }
    this.#warnAboutFolders();
    let error: RecordpipeError | undefined;
    let decision: AttemptDecision;
    let artifacts: SavedArtifacts = {};
    let exitCode: number | undefined;
    try {
      const { decision: last, end } = await this.#allAttempts();
      decision = last;
      exitCode = this.#exitCode(end);
      if (end.type === 'data-failed' && isRecordpipeError(end.error)) error = end.error;
      if (decision.status === 'Completed') this.#warnWithoutModel();
      if (decision.status !== 'Failed') artifacts = await this.#save();
    } catch (thrown) {
      if (!isRecordpipeError(thrown) || thrown.code === 'invalid-argument') throw thrown;
      error = thrown;
      decision = { retry: false, status: 'Failed', secondaryStatus: 'Failed', reason: thrown.message };
    } finally {
      await Promise.all(this.#hosts.map(({ inputs }) => inputs.release()));
    }
    const { status, secondaryStatus, reason } = decision;
    this.#status(secondaryStatus, reason);
    return {
      name: request.name,
      status: status === 'InProgress' ? 'Failed' : status,
      secondaryStatus,
      reason,
      failureReason: this.#failureReason(),
      error,
      exitCode,
      hosts: this.#hosts.map(({ result }) => result),
      attempts: this.#attempts,
      seconds: (performance.now() - this.#began) / 1000,
      artifacts,
      metrics: this.#log.report(),
    };
  }

  /** Runs attempts until the job ends. */
  async #allAttempts(): Promise<{ end: AttemptEnd; decision: AttemptDecision }> {
    const { maxRetries, spot, maxRuntimeSeconds } = this.#options.request;
    let retriesLeft = maxRetries;
    // The time limit applies to all attempts together.
    let runtimeMs = maxRuntimeSeconds === undefined ? undefined : 1000 * maxRuntimeSeconds;
    for (;;) {
      this.#attempts++;
      let startedAt: number | undefined;
      const end = await this.#oneAttempt(runtimeMs, () => {
        startedAt = performance.now();
      });
      if (runtimeMs !== undefined && startedAt !== undefined) runtimeMs -= performance.now() - startedAt;
      const decision = afterAttempt(end, { retriesLeft, spot, hasImage: this.#options.image !== undefined });
      if (!decision.retry) return { end, decision };
      this.#status(decision.secondaryStatus, decision.reason);
      // An interruption is not a failure.
      if (end.type !== 'interrupted') retriesLeft--;
      for (const host of this.#hosts) host.reset();
      this.#status('Restarting');
    }
  }

  async #oneAttempt(runtimeMs: number | undefined, onStart: () => void): Promise<AttemptEnd> {
    const { interruptAfterMs, request } = this.#options;
    const cancels: (() => void)[] = [];
    const endAfter = (ms: number | undefined, reason: AttemptEnd): void => {
      if (ms !== undefined) cancels.push(after(ms, () => void attempt.end(reason)));
    };
    const attempt = new JobAttempt(this.#hosts, () => {
      this.#status('Training');
      onStart();
      endAfter(runtimeMs, { type: 'max-runtime' });
      if (this.#attempts === 1) endAfter(interruptAfterMs, { type: 'interrupted' });
    });
    this.#attempt = attempt;
    this.#status('Downloading');
    try {
      if (this.#stopped) return { type: 'stopped' };
      const { maxWaitSeconds } = request;
      if (maxWaitSeconds !== undefined)
        endAfter(1000 * maxWaitSeconds - (performance.now() - this.#began), { type: 'max-wait' });
      return await attempt.run();
    } finally {
      for (const cancel of cancels) cancel();
    }
  }

  async #save(): Promise<SavedArtifacts> {
    const { request, force, objects } = this.#options;
    if (request.output === undefined) return {};
    this.#status('Uploading');
    const hosts = this.#hosts.map(({ name, paths }) => ({ host: name, ...paths }));
    return saveArtifacts(hosts, request.output, request.name, {
      overwrite: force,
      objects,
      signal: this.#abort.signal,
      onWarning: (code, message) => this.#warn(code, message),
    });
  }

  #exitCode(end: AttemptEnd): number | undefined {
    if (end.type === 'data-failed') return undefined;
    if (end.type === 'program-failed') return end.exitCode;
    const codes = this.#hosts.flatMap(({ result }) => result.exitCode ?? []);
    return codes.find((code) => code !== 0) ?? codes[0];
  }

  #failureReason(): string | undefined {
    for (const { paths } of this.#hosts) {
      const text = failureText(paths.outputDir);
      if (text !== undefined) return text;
    }
    return undefined;
  }

  #warnAboutFolders(): void {
    const { privateRoot } = this.#options;
    if (!privateRoot || this.#hosts.every(({ hasOptMl }) => hasOptMl)) return;
    const { root } = this.#hosts[0].paths;
    this.#warn(
      'no-private-root',
      `this machine cannot provide ${root} to the program as /opt/ml; in the program, use the SM_* variables instead of /opt/ml, or pass --root /opt/ml or --image`,
    );
  }

  #warnWithoutModel(): void {
    if (this.#hosts.some(({ paths }) => contentsOf(paths.modelDir).length > 0)) return;
    const { modelDir } = this.#hosts[0].paths;
    this.#warn('no-model', `the program wrote no model; to save one, write it to SM_MODEL_DIR (${modelDir})`);
  }

  #status(status: string, reason?: string): void {
    this.#emit({ event: 'status', status, attempt: this.#attempts, reason });
  }

  #warn(code: string, message: string): void {
    this.#emit({ event: 'warning', host: undefined, channel: undefined, code, message });
  }

  #emit(event: TrainingEvent): void {
    this.#options.onEvent?.(event);
  }
}

/**
 * Checks that hosts do not share a folder of checkpoints, as they do not on SageMaker.
 * @throws UsageError
 */
function checkShared({ request: { checkpoint } }: TrainingRunOptions, hosts: number): void {
  if (checkpoint === undefined || hosts < 2 || isInJobRoot(checkpoint.localPath)) return;
  throw new UsageError(
    `CheckpointConfig.LocalPath (localPath): all hosts of the job would share ${checkpoint.localPath} on this machine; use a folder below /opt/ml, or run one host (currentHost)`,
  );
}

/** Maximum delay of a timer. With a longer delay, Node fires the timer immediately. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Calls `work` after a delay of any length. @returns a function that cancels the call */
function after(ms: number, work: () => void): () => void {
  let timer: ReturnType<typeof setTimeout>;
  const wait = (rest: number): void => {
    const now = Math.min(Math.max(0, rest), MAX_TIMER_MS);
    timer = setTimeout(() => (rest > now ? wait(rest - now) : work()), now);
  };
  wait(ms);
  return () => clearTimeout(timer);
}

/**
 * Returns the prefix of a host's log lines in a job with several hosts, in the format of the local
 * mode of SageMaker's SDK.
 *
 * @example
 * ```ts
 * import { logPrefix } from 'recordpipe/pipemode/train';
 * console.log(`${logPrefix('algo-1', ['algo-1', 'algo-2'])}loss: 0.5`); // algo-1  | loss: 0.5
 * ```
 */
export function logPrefix(host: string, hosts: readonly string[]): string {
  if (hosts.length < 2) return '';
  const width = hosts.reduce((longest, { length }) => Math.max(longest, length), 0);
  return `${host.padEnd(width)}  | `;
}

/**
 * Returns options whose `onLine` also collects metrics. The program of a single host without
 * metrics inherits the standard streams of this process.
 */
function withLog(
  options: TrainingRunOptions,
  feed: (host: string, line: string) => void,
): TrainingRunOptions {
  const hosts = jobHosts(options.request).map(({ name }) => name);
  const { request, onLine } = options;
  if (onLine === undefined && hosts.length === 1 && request.metricDefinitions.length === 0) return options;
  return {
    ...options,
    onLine: (host, line, stream) => {
      feed(host, line);
      if (onLine !== undefined) return onLine(host, line, stream);
      return printLine(stream, logPrefix(host, hosts) + line);
    },
  };
}

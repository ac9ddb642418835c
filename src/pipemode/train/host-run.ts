import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { pipePath } from '../job/channel-files.ts';
import { makeFolder } from '../job/config-file.ts';
import { type HostEnvironment, hostEnvironment, writeJobFiles } from '../job/toolkit-environment.ts';
import { type JobPlaces, jobPlaces } from '../job/training-job.ts';
import { type JobHost, jobHosts } from '../job/training-request.ts';
import { TrainingProgram, type TrainingProgramOptions } from '../streamer/training-program.ts';
import { Checkpoints } from './checkpoints.ts';
import { containerCommand } from './container.ts';
import { checkEarlierRun } from './earlier-run.ts';
import {
  type EntryPoint,
  entryPointName,
  prepareScript,
  type ScriptEntry,
  scriptWords,
} from './entry-point.ts';
import { HostInputs, type OnDataFailure } from './host-inputs.ts';
import { privateRootCommand } from './private-root.ts';
import type { TrainingRunOptions } from './run-options.ts';
import { fetchCode } from './script-code.ts';
import type { HostResult } from './training-events.ts';
import type { HostPlan } from './training-plan.ts';

/** SageMaker's folder, which `root` stands for. */
const OPT_ML = '/opt/ml';

/** The program of a host. */
export interface HostCommand {
  /** The program and its arguments. */
  readonly words: readonly string[];
  /** The command line that is started, which may enclose the program. */
  readonly started: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly cwd: string | undefined;
}

/**
 * One host of a training job: its folder, its inputs and its program. The folder and the inputs in
 * File mode last for the whole job; `open` and `close` enclose an attempt.
 */
export class HostRun {
  readonly name: string;
  /** The folders of this host. */
  readonly places: JobPlaces;
  readonly inputs: HostInputs;
  /** Whether the program sees the folder as `/opt/ml`. */
  readonly hasOptMl: boolean;
  readonly #host: JobHost;
  readonly #options: TrainingRunOptions;
  readonly #entry: EntryPoint;
  readonly #isOnly: boolean;
  readonly #isPrivate: boolean;
  #checkpoints: Checkpoints | undefined;
  #program: TrainingProgram | undefined;
  #exitCode: number | undefined;

  constructor(host: JobHost, options: TrainingRunOptions, entry: EntryPoint) {
    this.name = host.name;
    this.#host = host;
    this.#options = options;
    this.#entry = entry;
    this.#isOnly = jobHosts(options.request).length === 1;
    this.places = jobPlaces(this.#isOnly ? options.root : join(options.root, host.name));
    this.inputs = new HostInputs(host, this.places, options);
    const { root } = this.places;
    const hasImage = options.image !== undefined;
    this.#isPrivate =
      options.privateRoot && !hasImage && root !== OPT_ML && privateRootCommand(root, ['true']) !== undefined;
    this.hasOptMl = this.#isPrivate || hasImage || root === OPT_ML;
  }

  get program(): TrainingProgram | undefined {
    return this.#program;
  }

  /** How the last attempt ended. */
  get result(): HostResult {
    return { host: this.name, exitCode: this.#exitCode, killed: this.#program?.killed ?? false };
  }

  /** Checks what earlier runs left, and removes it with `force`. */
  check(): void {
    checkEarlierRun(this.places, { clear: this.#options.force });
  }

  /** Removes what an attempt left, because the next one starts on a new machine. */
  reset(): void {
    checkEarlierRun(this.places, { clear: true });
    const { checkpoint } = this.#options.request;
    if (checkpoint !== undefined) rmSync(this.#here(checkpoint.localPath), { recursive: true, force: true });
    this.#exitCode = undefined;
    this.#program = undefined;
  }

  /**
   * Prepares an attempt: writes the job's files, fetches code and inputs, and restores checkpoints.
   * Resolves when the program can start.
   */
  async open(signal: AbortSignal, onFailure: OnDataFailure): Promise<void> {
    writeJobFiles(this.#options.request, this.#host, this.places);
    if (this.#entry.kind === 'script') await this.#fetchCode(this.#entry, signal);
    await Promise.all([
      this.#restore(signal),
      this.inputs.fill(signal),
      this.inputs.stream(signal, onFailure),
    ]);
  }

  /** Starts the program. */
  start(): TrainingProgram {
    const { onEvent = () => {}, graceMs, checkpointIntervalMs } = this.#options;
    const { words, started, environment, cwd } = this.command();
    onEvent({ event: 'program-start', host: this.name, command: words });
    const program = new TrainingProgram(started, environment, { graceMs, cwd, ...this.#output() });
    this.#program = program;
    for (const streamer of this.inputs.streamers) streamer.supervise(program);
    this.#checkpoints?.start(checkpointIntervalMs);
    program.ended.then(
      (exitCode) => {
        this.#exitCode = exitCode;
        onEvent({ event: 'program-end', host: this.name, exitCode });
      },
      () => {},
    );
    return program;
  }

  /** Ends an attempt whose program has ended: closes pipes and saves checkpoints. */
  async close(): Promise<void> {
    await this.inputs.stop();
    await this.#checkpoints?.finish();
    this.#checkpoints = undefined;
  }

  /** What this host would do. */
  get plan(): HostPlan {
    const { group } = this.#host;
    const { words, environment, cwd } = this.command();
    const { root, pipeDir } = this.places;
    return {
      name: this.name,
      instanceGroup: group.name,
      instanceType: group.instanceType,
      root,
      optMl: this.hasOptMl,
      command: words,
      workingDir: cwd ?? process.cwd(),
      channels: this.inputs.channels.map((channel) => {
        const { name, inputMode, uri, dataType, attributeNames, distribution } = channel;
        const path = inputMode === 'Pipe' ? pipePath(pipeDir, name, 0) : join(pipeDir, name);
        return { name, inputMode, uri, dataType, attributeNames, distribution, path };
      }),
      variables: environment,
    };
  }

  /** The variables of the program, and the hyperparameters as arguments. */
  get environment(): HostEnvironment {
    const places = this.hasOptMl ? jobPlaces(OPT_ML) : this.places;
    return hostEnvironment(this.#options.request, this.#host, places, entryPointName(this.#entry));
  }

  /** The command line of the program. */
  command(): HostCommand {
    const { image, request } = this.#options;
    const { variables, programArguments } = this.environment;
    const { words, cwd } = this.#words(programArguments);
    // Without a terminal, Python would print its log in blocks.
    const unbuffered = this.#isLines ? { PYTHONUNBUFFERED: process.env['PYTHONUNBUFFERED'] ?? '1' } : {};
    const environment = { ...unbuffered, ...variables };
    const { root } = this.places;
    if (image === undefined) {
      const started = this.#isPrivate ? privateRootCommand(root, words) : words;
      return { words, started: started ?? words, environment, cwd };
    }
    const name = `${request.name}-${this.name}-${randomUUID().slice(0, 8)}`;
    const container = { image, root, environment, command: words, arguments: ['train'], name };
    return { words, started: containerCommand(container), environment: {}, cwd: undefined };
  }

  #words(programArguments: readonly string[]): Pick<HostCommand, 'words' | 'cwd'> {
    const entry = this.#entry;
    if (entry.kind === 'command') {
      const { words, takesArguments } = entry;
      return { words: takesArguments ? [...words, ...programArguments] : words, cwd: undefined };
    }
    const { codeDir } = this.places;
    const files = existsSync(codeDir) ? readdirSync(codeDir) : [];
    return { words: [...scriptWords(entry.script, files), ...programArguments], cwd: codeDir };
  }

  /** Whether the output of the program is read line by line. */
  get #isLines(): boolean {
    return this.#options.onLine !== undefined;
  }

  #output(): TrainingProgramOptions {
    const { onLine } = this.#options;
    if (onLine === undefined) return {};
    return { stdio: 'lines', onLine: (line, stream) => onLine(this.name, line, stream) };
  }

  async #fetchCode(entry: ScriptEntry, signal: AbortSignal): Promise<void> {
    const { codeDir } = this.places;
    await fetchCode(entry, codeDir, this.#options.objects, signal);
    const notice = prepareScript(entry.script, codeDir);
    if (notice !== undefined) this.#warn('requirements-not-installed', notice);
  }

  async #restore(signal: AbortSignal): Promise<void> {
    const { request, objects, onEvent = () => {} } = this.#options;
    if (request.checkpoint === undefined) return;
    const folder = this.#here(request.checkpoint.localPath);
    makeFolder(folder);
    this.#checkpoints = new Checkpoints(request.checkpoint.uri, folder, {
      objects,
      signal,
      onWarning: (code, message) => this.#warn(code, message),
    });
    const { files, bytes } = await this.#checkpoints.restore();
    if (files > 0) onEvent({ event: 'restored', host: this.name, files, bytes });
  }

  /** Returns the path on this machine of a path that the program sees. */
  #here(path: string): string {
    const below = relative(OPT_ML, path);
    return below.startsWith('..') || isAbsolute(below) ? resolve(path) : join(this.places.root, below);
  }

  #warn(code: string, message: string): void {
    this.#options.onEvent?.({ event: 'warning', host: this.name, channel: undefined, code, message });
  }
}

import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pipePath } from '../job/channel-files.ts';
import { isInJobRoot } from '../job/checkpoint-folder.ts';
import { writeJobFiles } from '../job/job-files.ts';
import { type HostEnvironment, hostEnvironment } from '../job/toolkit-environment.ts';
import { JOB_ROOT, type JobPaths, jobPaths, localPath } from '../job/training-job.ts';
import { type JobHost, jobHosts, type TrainingRequest } from '../job/training-request.ts';
import { TrainingProgram, type TrainingProgramOptions } from '../streamer/training-program.ts';
import type { CheckpointOwners } from './checkpoint-owners.ts';
import { Checkpoints, emptyFolder } from './checkpoints.ts';
import { containerCommand, containerEnvironment, containerKillCommand } from './container.ts';
import { checkConfigFolder, checkEarlierRun, checkInside } from './earlier-run.ts';
import {
  checkProgram,
  type EntryPoint,
  entryPointName,
  prepareScript,
  type ScriptEntry,
  scriptWords,
} from './entry-point.ts';
import { HostInputs, type OnDataFailure } from './host-inputs.ts';
import { privateRootCommand } from './private-root.ts';
import { RootMark } from './root-mark.ts';
import type { TrainingRunOptions } from './run-options.ts';
import { fetchCode } from './script-code.ts';
import type { HostResult } from './training-events.ts';
import type { HostPlan } from './training-plan.ts';

/** The command line of a host's program. */
export interface HostCommand {
  /** The program and its arguments. */
  readonly words: readonly string[];
  /** The command line to start, which may wrap the program. */
  readonly started: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly cwd: string | undefined;
  /** A command that ends the program's container. */
  readonly killCommand?: readonly string[];
}

/**
 * One host of a training job: its folder, its inputs and its program. The folder and the File mode
 * inputs last for the whole job. `open` and `close` mark the start and end of an attempt.
 */
export class HostRun {
  readonly name: string;
  /** The folders of this host. */
  readonly paths: JobPaths;
  readonly inputs: HostInputs;
  /** Whether the program sees the folder as `/opt/ml`. */
  readonly hasOptMl: boolean;
  readonly #host: JobHost;
  readonly #options: TrainingRunOptions;
  readonly #entry: EntryPoint;
  readonly #isOnly: boolean;
  readonly #isPrivate: boolean;
  #checkpoints: Checkpoints | undefined;
  readonly #owners: CheckpointOwners;
  #program: TrainingProgram | undefined;
  #environment: HostEnvironment | undefined;
  #exitCode: number | undefined;

  constructor(host: JobHost, options: TrainingRunOptions, entry: EntryPoint, owners: CheckpointOwners) {
    this.#owners = owners;
    this.name = host.name;
    this.#host = host;
    this.#options = options;
    this.#entry = entry;
    this.#isOnly = jobHosts(options.request).length === 1;
    this.paths = jobPaths(this.#isOnly ? options.root : join(options.root, host.name));
    this.inputs = new HostInputs(host, this.paths, options);
    const { root } = this.paths;
    const hasImage = options.image !== undefined;
    this.#isPrivate =
      options.privateRoot &&
      !hasImage &&
      root !== JOB_ROOT &&
      privateRootCommand(root, ['true']) !== undefined;
    this.hasOptMl = this.#isPrivate || hasImage || root === JOB_ROOT;
  }

  get program(): TrainingProgram | undefined {
    return this.#program;
  }

  /** The outcome of the last attempt. */
  get result(): HostResult {
    const { root } = this.paths;
    return { host: this.name, root, exitCode: this.#exitCode, killed: this.#program?.killed ?? false };
  }

  /** Rejects files of the user and of earlier runs. With `force`, removes those in the root. */
  async check(): Promise<void> {
    const { request, force } = this.#options;
    const folder = this.#checkpointFolder;
    if (folder !== undefined) {
      const isInside = isInJobRoot(request.checkpoint?.localPath ?? '');
      const next = isInside ? undefined : 'move them, because a run never removes files outside its root';
      if (force && isInside) checkInside(this.paths.root, [folder]);
      await emptyFolder(folder, force && isInside, next);
    }
    const { root, configDir, modelDir, outputDir } = this.paths;
    if (force) checkInside(root, [modelDir, join(outputDir, 'data'), outputDir]);
    else checkConfigFolder(configDir);
    checkEarlierRun(this.paths, { clear: force });
  }

  /** Removes the results of an attempt, because the next one starts on a new instance. */
  reset(): void {
    checkEarlierRun(this.paths, { clear: true });
    // It was empty when the job began.
    const folder = this.#checkpointFolder;
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    this.#exitCode = undefined;
    this.#program = undefined;
  }

  /**
   * Prepares an attempt: writes the job's files, fetches code and inputs, and restores checkpoints.
   * Resolves when the program can start.
   */
  async open(signal: AbortSignal, onFailure: OnDataFailure): Promise<void> {
    // If no program can receive the variables, fails before fetching anything.
    const { words, environment } = this.command();
    if (this.#options.image === undefined)
      checkProgram(words[0], environment['PATH'] ?? process.env['PATH'] ?? '');
    writeJobFiles(this.#options.request, this.#host, this.paths);
    if (this.#entry.kind === 'script') await this.#fetchCode(this.#entry, signal);
    const restored = this.#restore(signal);
    const stream = (): Promise<void> => this.inputs.stream(signal, onFailure, this.#resumeFile);
    await Promise.all([
      restored,
      this.inputs.fill(signal),
      this.#resumeFile === undefined ? stream() : restored.then(stream),
    ]);
  }

  /** Starts the program. */
  start(): TrainingProgram {
    const { onEvent = () => {}, graceMs, checkpointIntervalMs } = this.#options;
    const { words, started, environment, cwd, killCommand } = this.command();
    onEvent({ event: 'program-start', host: this.name, command: words });
    const program = new TrainingProgram(started, environment, {
      graceMs,
      cwd,
      killCommand,
      ...this.#output(),
    });
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

  /** The planned actions of this host. */
  get plan(): HostPlan {
    const { group } = this.#host;
    const { words, environment, cwd } = this.command();
    const { root, pipeDir } = this.paths;
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
    const paths = this.hasOptMl ? jobPaths(JOB_ROOT) : this.paths;
    const name = entryPointName(this.#entry);
    this.#environment ??= hostEnvironment(this.#options.request, this.#host, paths, name);
    return this.#environment;
  }

  /** The local folder of checkpoints. */
  get #checkpointFolder(): string | undefined {
    const { checkpoint } = this.#options.request;
    return checkpoint && localPath(checkpoint.localPath, this.paths);
  }

  /** The file with the program's positions in channels, among the restored checkpoints. */
  get #resumeFile(): string | undefined {
    const { resumeFile } = this.#options;
    const folder = this.#checkpointFolder;
    return resumeFile && folder && join(folder, resumeFile.replaceAll('{host}', this.name));
  }

  /** The command line of the program. */
  command(): HostCommand {
    const { image, request, graceMs } = this.#options;
    const { variables, programArguments } = this.environment;
    const { words, cwd } = this.#words(programArguments);
    // Without a terminal, Python would buffer its output.
    const unbuffered = this.#isLines ? { PYTHONUNBUFFERED: process.env['PYTHONUNBUFFERED'] ?? '1' } : {};
    const environment = { ...unbuffered, ...variables };
    const { root } = this.paths;
    const hosts = hostAddresses(request);
    if (image === undefined) {
      const started = this.#isPrivate ? privateRootCommand(root, words, { hosts }) : words;
      return { words, started: started ?? words, environment, cwd };
    }
    const folders = this.inputs.linkedFolders;
    const name = `${request.name}-${this.name}-${randomUUID().slice(0, 8)}`;
    const container = { image, root, environment, command: words, name, hosts, graceMs, folders };
    return {
      words,
      started: containerCommand(container),
      environment: containerEnvironment(container),
      cwd: undefined,
      killCommand: containerKillCommand(container),
    };
  }

  #words(programArguments: readonly string[]): Pick<HostCommand, 'words' | 'cwd'> {
    const entry = this.#entry;
    if (entry.kind === 'command') {
      const { words, takesArguments } = entry;
      return { words: takesArguments ? [...words, ...programArguments] : words, cwd: undefined };
    }
    const { codeDir } = this.paths;
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
    const { codeDir } = this.paths;
    if (
      !(await fetchCode(entry.source, codeDir, new RootMark(this.paths.root), this.#options.objects, signal))
    )
      this.#warn(
        'code-kept',
        `${codeDir} contains other code, which runs instead of ${entry.source}; to run ${entry.source}, move ${codeDir} or use another --root`,
      );
    const notice = prepareScript(entry.script, codeDir);
    if (notice !== undefined) this.#warn('requirements-not-installed', notice);
  }

  async #restore(signal: AbortSignal): Promise<void> {
    const { request, objects, onEvent = () => {} } = this.#options;
    const folder = this.#checkpointFolder;
    if (request.checkpoint === undefined || folder === undefined) return;
    this.#checkpoints = new Checkpoints(request.checkpoint.uri, folder, {
      host: this.name,
      owners: this.#owners,
      objects,
      signal,
      onWarning: (code, message) => this.#warn(code, message),
    });
    const { files, bytes } = await this.#checkpoints.restore();
    if (files > 0) onEvent({ event: 'restored', host: this.name, files, bytes });
  }

  #warn(code: string, message: string): void {
    this.#options.onEvent?.({ event: 'warning', host: this.name, channel: undefined, code, message });
  }
}

/**
 * Returns a loopback address for each host, so that programs of several hosts can use the same
 * port.
 */
function hostAddresses(request: TrainingRequest): Record<string, string> {
  return Object.fromEntries(
    jobHosts(request).map(({ name }, i) => [name, `127.0.${Math.floor(i / 254)}.${(i % 254) + 1}`]),
  );
}

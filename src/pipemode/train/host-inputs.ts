import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { isRecordpipeError } from '../../errors.ts';
import { hostChannels } from '../job/host-channels.ts';
import type { Hosts } from '../job/resource-config.ts';
import type { JobPaths } from '../job/training-job.ts';
import { type JobChannel, type JobHost, jobHosts } from '../job/training-request.ts';
import { checkManifests } from '../streamer/check-manifests.ts';
import { PipeModeStreamer } from '../streamer/pipe-mode-streamer.ts';
import { type ResumePoint, readResumeFile, resumePoints } from '../streamer/resume/resume-points.ts';
import { type FilledChannel, fillChannel } from './file-channel.ts';
import { RootMark } from './root-mark.ts';
import type { TrainingRunOptions } from './run-options.ts';
import type { TrainingEvent } from './training-events.ts';

/** Called when the data of a channel fails. Awaited before the pipes of the data are closed. */
export type OnDataFailure = (error: unknown) => Promise<void>;

/** The channels of one host: files for File and FastFile mode, streamers for Pipe mode. */
export class HostInputs {
  readonly #host: JobHost;
  readonly #paths: JobPaths;
  readonly #options: TrainingRunOptions;
  readonly #mark: RootMark;
  #filled: readonly FilledChannel[] | undefined;
  #streamers: readonly PipeModeStreamer[] = [];

  constructor(host: JobHost, paths: JobPaths, options: TrainingRunOptions) {
    this.#host = host;
    this.#paths = paths;
    this.#options = options;
    this.#mark = new RootMark(paths.root);
  }

  /** The channels that this host receives. */
  get channels(): readonly JobChannel[] {
    return hostChannels(this.#options.request, this.#host);
  }

  /** The streamers of this attempt. */
  get streamers(): readonly PipeModeStreamer[] {
    return this.#streamers;
  }

  /** Folders outside the host's folder that links of channels point to. */
  get linkedFolders(): readonly string[] {
    return [...new Set((this.#filled ?? []).flatMap(({ linkedFolders }) => linkedFolders))];
  }

  /** The current host and all hosts that receive a channel. */
  hostsOf(channel: JobChannel): Hosts {
    const { request } = this.#options;
    const hosts = jobHosts(request).filter((host) => hostChannels(request, host).includes(channel));
    return { current_host: this.#host.name, hosts: hosts.map(({ name }) => name) };
  }

  /** Makes the channels of File and FastFile mode available, once for all attempts. */
  async fill(signal: AbortSignal): Promise<void> {
    if (this.#filled !== undefined) return;
    const channels = this.channels.filter(({ inputMode }) => inputMode !== 'Pipe');
    const { objects, data } = this.#options;
    // An invalid manifest of any channel ends the job before data is downloaded.
    if (channels.length > 0) await checkManifests(this.channels, { ...data, objects, signal });
    const work = channels.map((channel) => this.#fillOne(channel, signal));
    try {
      this.#filled = await Promise.all(work);
    } catch (error) {
      const ended = await Promise.allSettled(work);
      await Promise.all(ended.map((one) => (one.status === 'fulfilled' ? one.value.close() : undefined)));
      throw error;
    }
  }

  /**
   * Starts streaming the channels of Pipe mode. Resolves when their pipes exist. Channels for
   * different sets of hosts have separate streamers.
   * @param resumeFile path of the file with positions to resume from, which need not exist
   */
  async stream(signal: AbortSignal, onFailure: OnDataFailure, resumeFile?: string): Promise<void> {
    const points = this.#resumePoints(resumeFile);
    const sets = new Map<string, JobChannel[]>();
    for (const channel of this.channels) {
      if (channel.inputMode !== 'Pipe') continue;
      const key = this.hostsOf(channel).hosts.join();
      sets.set(key, [...(sets.get(key) ?? []), channel]);
    }
    this.#streamers = [...sets.values()].map((channels) =>
      this.#streamer(channels, points, signal, onFailure),
    );
    for (const streamer of this.#streamers)
      streamer.run().catch((error: unknown) => {
        if (!isRecordpipeError(error, 'aborted')) void onFailure(error);
      });
    await Promise.all(this.#streamers.map(({ ready }) => ready));
  }

  /** Closes and removes the pipes. Call this when no program reads them. */
  async stop(): Promise<void> {
    await Promise.all(this.#streamers.map((streamer) => streamer.stop()));
  }

  /** Unmounts FastFile channels. */
  async release(): Promise<void> {
    await Promise.all((this.#filled ?? []).map((channel) => channel.close()));
    this.#filled = undefined;
  }

  /** Returns the program's positions in channels in Pipe mode. */
  #resumePoints(file: string | undefined): ReadonlyMap<string, ResumePoint> {
    if (file === undefined || !existsSync(file)) return new Map();
    const names = this.channels.flatMap(({ name, inputMode }) => (inputMode === 'Pipe' ? [name] : []));
    return resumePoints([readResumeFile(file)], names, [file]);
  }

  #streamer(
    channels: readonly JobChannel[],
    points: ReadonlyMap<string, ResumePoint>,
    signal: AbortSignal,
    onFailure: OnDataFailure,
  ): PipeModeStreamer {
    const { objects, data, onEvent = () => {} } = this.#options;
    const streamer = new PipeModeStreamer({
      ...data,
      channels: channels.map(({ inputMode, instanceGroups, ...channel }) => channel),
      pipeDir: this.#paths.pipeDir,
      hosts: this.hostsOf(channels[0]),
      objects,
      resume: channels.flatMap(({ name }) => {
        const reader = points.get(name)?.reader;
        return reader === undefined ? [] : [{ [name]: reader }];
      }),
      stateDir: this.#paths.stateDir,
      signal,
      onEvent: (event) => onEvent({ ...event, host: this.#host.name } as TrainingEvent),
    });
    // A stopped streamer no longer has a program.
    streamer.beforeCut = async (error) => {
      if (!isRecordpipeError(error, 'aborted')) await onFailure(error);
    };
    return streamer;
  }

  async #fillOne(channel: JobChannel, signal: AbortSignal): Promise<FilledChannel> {
    const { objects, data, force, onEvent = () => {} } = this.#options;
    const { strictShards, skipMissing, onBadLine, maxLineBytes } = data;
    const folder = join(this.#paths.pipeDir, channel.name);
    const mark = relative(this.#paths.root, folder);
    const existing = force || this.#mark.has(mark) ? 'clear' : 'refuse';
    const began = performance.now();
    const { name, inputMode } = channel;
    const where = { host: this.#host.name, channel: name };
    const filled = await fillChannel(channel, folder, {
      strictShards,
      skipMissing,
      onBadLine,
      maxLineBytes,
      hosts: this.hostsOf(channel),
      objects,
      existing,
      signal,
      onProgress: ({ files, bytes, totalFiles, totalBytes }) =>
        onEvent({ event: 'filling', ...where, files, bytes, totalFiles, totalBytes }),
      onWarning: (code, message) => onEvent({ event: 'warning', ...where, code, message }),
    });
    this.#mark.add(mark);
    const seconds = (performance.now() - began) / 1000;
    const { files, bytes } = filled;
    onEvent({ event: 'filled', ...where, inputMode, files, bytes, seconds });
    return filled;
  }
}

import fs from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { abortError, checkAborted } from '../../bytes/abortable.ts';
import type { ChunkReading } from '../../bytes/sources.ts';
import { isRecordpipeError, RecordpipeError } from '../../errors.ts';
import { type FifoReading, fifoChunks } from '../../storage/local/fifo-chunks.ts';
import { fileError } from '../../storage/local/file-errors.ts';
import { fileChunks } from '../../storage/local/open-path.ts';
import { pipePath } from '../job/channel-files.ts';
import { withFileErrors } from '../job/config-file.ts';
import type { ChannelIndex } from './channel-index.ts';

/** An epoch that belongs to this reader. No other reader receives its pipe. */
export interface TakenEpoch {
  readonly epoch: number;
  readonly source: EpochSource;
}

/** The location of a channel's pipes. */
export interface PipePlace {
  readonly channel: string;
  readonly pipeDir: string;
  readonly openTimeoutMs: number;
}

const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 1000;
/** Maximum number of file names in the error for a missing pipe. */
const MAX_NAMES = 10;

/** Maximum delay of a timer. With a longer delay, Node fires the timer immediately. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Opens the pipe of the next epoch and increments the index, both under the channel's lock.
 * Therefore no epoch is lost if a pipe never appears, and two readers never receive the same pipe.
 * Does not hold the lock while it waits for a missing pipe; if another reader takes that pipe,
 * continues with the next one.
 * @throws RecordpipeError `pipe-timeout`, `malformed-state`, `aborted`, and the errors of opening
 */
export async function takeNextEpoch(
  index: ChannelIndex,
  place: PipePlace,
  signal: AbortSignal | undefined,
): Promise<TakenEpoch> {
  for (;;) {
    const { epoch, source } = await openUnderLock(index, place, signal);
    if (source !== undefined) return { epoch, source };
    const taken = (): boolean => index.isBeyond(epoch);
    await waitForPipe(pathOf(place, epoch), place.openTimeoutMs, signal, taken);
  }
}

/** Increments the index without opening a pipe. @returns the reserved epoch */
export async function reserveEpoch(index: ChannelIndex, signal: AbortSignal | undefined): Promise<number> {
  let epoch = 0;
  await index.update(signal, async (next) => {
    epoch = next;
    return next + 1;
  });
  return epoch;
}

/** Waits for the pipe of a reserved epoch and opens it. */
export async function openReserved(
  epoch: number,
  place: PipePlace,
  signal: AbortSignal | undefined,
): Promise<TakenEpoch> {
  const path = pathOf(place, epoch);
  await waitForPipe(path, place.openTimeoutMs, signal);
  return { epoch, source: new EpochSource(path) };
}

/**
 * Reopens the pipe of an earlier epoch. Increases the index if it is not already greater than
 * `epoch`.
 */
export async function reopenEpoch(
  index: ChannelIndex,
  epoch: number,
  place: PipePlace,
  signal: AbortSignal | undefined,
): Promise<TakenEpoch> {
  for (;;) {
    await waitForPipe(pathOf(place, epoch), place.openTimeoutMs, signal);
    const { source } = await openUnderLock(index, place, signal, epoch);
    if (source !== undefined) return { epoch, source };
  }
}

/**
 * Resets the index to an epoch that never had a writer, unless another reader took a later epoch.
 */
export async function giveBack(index: ChannelIndex, epoch: number, signal: AbortSignal): Promise<void> {
  await index.update(signal, async (next) => (next === epoch + 1 ? epoch : undefined));
}

/**
 * Waits until `path` exists. Checks at once, then after 50 ms and at intervals that double up to
 * 1 s, and finally at the timeout.
 * @param isEnough called at each check; if it returns true, the wait ends
 * @throws RecordpipeError `pipe-timeout`, `aborted`, `access-denied`, `io-failure`
 */
export async function waitForPipe(
  path: string,
  timeoutMs: number,
  signal: AbortSignal | undefined,
  isEnough: () => boolean = () => false,
): Promise<void> {
  const began = performance.now();
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, MAX_PAUSE_MS)) {
    checkAborted(signal);
    if ((await exists(path)) || isEnough()) return;
    const waited = performance.now() - began;
    if (waited >= timeoutMs) {
      const what = `the pipe did not appear within ${Math.round(waited)} ms; ${await namesBeside(path)}`;
      throw new RecordpipeError('pipe-timeout', what, { uri: path });
    }
    await sleep(Math.min(pause, timeoutMs - waited), undefined, { ...(signal && { signal }) }).catch(() => {
      throw abortError(signal as AbortSignal);
    });
  }
}

function pathOf({ pipeDir, channel }: PipePlace, epoch: number): string {
  return pipePath(pipeDir, channel, epoch);
}

/**
 * Opens the pipe of an epoch and increments the index. Returns no source if the pipe does not
 * exist.
 * @param wanted the epoch; by default, the next one
 */
async function openUnderLock(
  index: ChannelIndex,
  place: PipePlace,
  signal: AbortSignal | undefined,
  wanted?: number,
): Promise<{ epoch: number; source: EpochSource | undefined }> {
  let epoch = 0;
  let source: EpochSource | undefined;
  try {
    await index.update(signal, async (next) => {
      epoch = wanted ?? next;
      source = openIfExists(pathOf(place, epoch));
      return source !== undefined && next <= epoch ? epoch + 1 : undefined;
    });
  } catch (error) {
    source?.close();
    throw error;
  }
  return { epoch, source };
}

function openIfExists(path: string): EpochSource | undefined {
  try {
    return new EpochSource(path);
  } catch (error) {
    if (isRecordpipeError(error, 'not-found')) return undefined;
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    throw fileError(error, path);
  }
}

/**
 * Returns a list of the files next to a missing pipe: the other epochs of its channel, or all files
 * if there are none.
 */
async function namesBeside(path: string): Promise<string> {
  const folder = dirname(path);
  let names: string[];
  try {
    names = (await readdir(folder)).sort();
  } catch (error) {
    return `${folder} cannot be listed (${(error as NodeJS.ErrnoException).code}); check pipeDir`;
  }
  if (names.length === 0) return `${folder} is empty; check that the agent is running`;
  const stem = basename(path).replace(/\d+$/, '');
  const number = (name: string): number => Number(name.slice(stem.length));
  const epochs = names.filter((name) => name.startsWith(stem) && /^\d+$/.test(name.slice(stem.length)));
  const shown = epochs.length > 0 ? epochs : names;
  const more = shown.length > MAX_NAMES ? ` and ${shown.length - MAX_NAMES} more` : '';
  const list = `${shown.slice(0, MAX_NAMES).join(', ')}${more}`;
  if (epochs.length === 0) return `the folder has no pipe of this channel, only ${list}`;
  return epochs.every((name) => number(name) < number(basename(path)))
    ? `found ${list}, which earlier runs have read; if the agent restarts at epoch 0, delete the state file in stateDir`
    : `found ${list}; check the index in the state file`;
}

/**
 * The open pipe of an epoch, or a regular file in its place, which SageMaker's readers accept too.
 */
export class EpochSource {
  readonly path: string;
  /** Inode of the pipe. Undefined for a regular file. */
  readonly pipe: string | undefined;
  readonly #isPipe: boolean;
  readonly #descriptor: number;
  /** Whether a byte or the end of the stream has been received. */
  #hasReceived = false;
  #unused = false;
  #closed = false;

  /**
   * Opens the source without waiting for a writer.
   * @throws RecordpipeError `not-found`, `access-denied`, `io-failure`, `unsupported-source`
   */
  constructor(path: string) {
    this.path = path;
    const flags = fs.constants.O_RDONLY | fs.constants.O_NONBLOCK;
    this.#descriptor = withFileErrors(path, () => fs.openSync(path, flags));
    const stat = fs.fstatSync(this.#descriptor, { bigint: true });
    this.#isPipe = stat.isFIFO();
    this.pipe = this.#isPipe ? String(stat.ino) : undefined;
    if (this.#isPipe || stat.isFile()) return;
    fs.closeSync(this.#descriptor);
    throw new RecordpipeError('unsupported-source', 'expected a named pipe or a regular file', { uri: path });
  }

  /** Function that returns the size in bytes. Undefined for a pipe. */
  get size(): (() => number) | undefined {
    return this.#isPipe ? undefined : () => fs.fstatSync(this.#descriptor).size;
  }

  /**
   * Whether the source was closed before a writer connected, in which case another reader can read
   * the epoch.
   */
  get unused(): boolean {
    return this.#unused;
  }

  /** Yields the bytes. Can be called only once. Ending the iteration closes the source. */
  chunks(reading: ChunkReading, idleTimeoutMs: number): AsyncIterable<Uint8Array> {
    const chunks = this.#read(reading, idleTimeoutMs)[Symbol.asyncIterator]();
    const markReceived = (step: IteratorResult<Uint8Array>): IteratorResult<Uint8Array> => {
      this.#hasReceived = true;
      return step;
    };
    const iterator: AsyncIterator<Uint8Array> = {
      next: () => (this.#hasReceived ? chunks.next() : chunks.next().then(markReceived)),
      return: async () => {
        this.#beforeClose();
        await chunks.return?.();
        return { done: true, value: undefined };
      },
    };
    return { [Symbol.asyncIterator]: () => iterator };
  }

  /** Closes a source that has not been read. */
  close(): void {
    if (this.#closed) return;
    this.#beforeClose();
    fs.closeSync(this.#descriptor);
  }

  #read(reading: ChunkReading, idleTimeoutMs: number): AsyncIterable<Uint8Array> {
    const { path: uri } = this;
    const descriptor = this.#descriptor;
    if (!this.#isPipe) {
      const { size } = fs.fstatSync(descriptor);
      return fileChunks(fs, { descriptor, uri, own: true, start: 0, size }, reading);
    }
    const idle: FifoReading['idle'] =
      idleTimeoutMs > MAX_TIMER_MS
        ? undefined
        : { ms: idleTimeoutMs, error: (waitedMs: number) => this.#silent(waitedMs) };
    return fifoChunks(descriptor, uri, { ...reading, idle });
  }

  /**
   * Checks whether a writer is connected. If there is none, a read returns the end of file. If a
   * writer is connected but has written nothing, a read fails with EAGAIN.
   */
  #beforeClose(): void {
    if (!this.#closed && !this.#hasReceived && this.#isPipe) {
      try {
        this.#unused = fs.readSync(this.#descriptor, new Uint8Array(1)) === 0;
      } catch {}
    }
    this.#closed = true;
  }

  #silent(waitedMs: number): RecordpipeError {
    this.#beforeClose();
    const ms = Math.round(waitedMs);
    const what = this.#unused
      ? `no writer opened the pipe within ${ms} ms; check that the agent is running`
      : `the writer sent no data for ${ms} ms`;
    return new RecordpipeError('pipe-timeout', what, { uri: this.path });
  }
}

/**
 * Returns the files of a channel in File mode: all regular files below its folder and all links to
 * files, sorted by the bytes of their paths.
 * @throws RecordpipeError `not-found` if the folder has no files, `access-denied`, `io-failure`
 */
export async function channelFiles(pipeDir: string, channel: string): Promise<string[]> {
  const folder = join(pipeDir, channel);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    throw fileError(error, folder);
  });
  const files = entries.filter((entry) => entry.isFile() || entry.isSymbolicLink());
  const paths = files.map(({ parentPath, name }) => Buffer.from(join(parentPath, name)));
  if (paths.length > 0) return paths.sort(Buffer.compare).map(String);
  throw new RecordpipeError('not-found', 'the folder of the channel has no files', { uri: folder });
}

import { readdir, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { abortError } from '../bytes/abortable.ts';
import { fileError } from '../bytes/file-errors.ts';
import { RecordpipeError } from '../errors.ts';

const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 1000;
/** How many of the files beside a missing pipe its error names. */
const NEIGHBOURS = 10;

/**
 * Waits until there is something at `path`. Looks at once, then after 50 ms, after twice as long each time, at most a second, and a last time at the end.
 * @param enough asked each time: whether it is no longer to be waited for
 * @throws RecordpipeError `pipe-timeout`, `aborted`, `access-denied`, `io-failure`
 */
export async function waitForPipe(
  path: string,
  timeoutMs: number,
  signal: AbortSignal | undefined,
  enough: () => boolean = () => false,
): Promise<void> {
  const began = performance.now();
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, MAX_PAUSE_MS)) {
    if (signal?.aborted) throw abortError(signal);
    if ((await exists(path)) || enough()) return;
    const waited = performance.now() - began;
    if (waited >= timeoutMs) throw await notThere(path, waited);
    await pauseFor(Math.min(pause, timeoutMs - waited), signal);
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

async function pauseFor(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(ms, undefined, signal === undefined ? {} : { signal });
  } catch {
    throw abortError(signal as AbortSignal);
  }
}

async function notThere(path: string, waitedMs: number): Promise<RecordpipeError> {
  const what = `the pipe did not appear within ${Math.round(waitedMs)} ms; ${await neighbours(path)}`;
  return new RecordpipeError('pipe-timeout', what, { uri: path });
}

/** What lies where the pipe should be: other epochs of its channel, or else anything. */
async function neighbours(path: string): Promise<string> {
  const folder = dirname(path);
  let names: string[];
  try {
    names = (await readdir(folder)).sort();
  } catch (error) {
    return `${folder} cannot be listed (${(error as NodeJS.ErrnoException).code}); is pipeDir right?`;
  }
  if (names.length === 0) return `${folder} is empty; is the agent running?`;
  const stem = basename(path).replace(/\d+$/, '');
  const epochs = names.filter((name) => name.startsWith(stem) && /^\d+$/.test(name.slice(stem.length)));
  const shown = (epochs.length > 0 ? epochs : names).slice(0, NEIGHBOURS);
  const more = (epochs.length > 0 ? epochs : names).length - shown.length;
  const list = `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  return epochs.length > 0
    ? `there are ${list}; does the state file hold the right index?`
    : `no pipe of this channel is there, but ${list}`;
}

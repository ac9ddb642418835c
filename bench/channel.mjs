/**
 * Channels of a training job in Pipe mode: their directories, and the named pipes that `cat` fills
 * from a file.
 */

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const NAME = 'train';
/** Maximum time for a writer to exit after its reader. */
const WRITER_MS = 5000;

/** Creates the directories and the configuration of a job with these channels under `root`. */
export function makeJob(root, channels) {
  const [pipeDir, stateDir, configDir] = ['data', 'state', 'config'].map((name) => join(root, name));
  for (const folder of [pipeDir, stateDir, configDir]) mkdirSync(folder, { recursive: true });
  const config = Object.fromEntries(channels.map((channel) => [channel, { TrainingInputMode: 'Pipe' }]));
  writeFileSync(join(configDir, 'inputdataconfig.json'), JSON.stringify(config));
  return { pipeDir, stateDir, configDir };
}

/** Creates the pipes of one epoch for these channels. */
export function makePipes(pipeDir, channels, epoch) {
  const pipes = channels.map((channel) => join(pipeDir, `${channel}_${epoch}`));
  const { status, stderr, error } = spawnSync('mkfifo', pipes, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`mkfifo: ${error?.message ?? stderr.trim()}`);
  return pipes;
}

/**
 * Starts a process that waits for a reader of the pipe, then writes the file into it, once or
 * repeatedly.
 */
export function startWriter(pipe, file, { endless = false } = {}) {
  const command = endless ? 'while cat "$1"; do :; done > "$0"' : 'exec cat "$1" > "$0"';
  return spawn('sh', ['-c', command, pipe, file], { stdio: 'ignore' });
}

/** Runs one channel, epoch by epoch. */
export class Channel {
  #folders;
  #epochs = 0;

  /** @param {string} root the job's directory; it is created */
  constructor(root) {
    this.#folders = makeJob(root, [NAME]);
  }

  /**
   * Runs one epoch: creates its pipe, starts its writer, and calls `read({ channel, pipe, pipeDir,
   * stateDir, configDir })`. A reader may close the pipe early.
   */
  async epoch(file, read) {
    const [pipe] = makePipes(this.#folders.pipeDir, [NAME], this.#epochs++);
    const writer = startWriter(pipe, file);
    const ended = once(writer, 'exit');
    let timer;
    try {
      const answer = await read({ channel: NAME, pipe, ...this.#folders });
      timer = setTimeout(() => writer.kill('SIGKILL'), WRITER_MS);
      const [code, signal] = await ended;
      if (code !== 0 && signal !== 'SIGPIPE')
        throw new Error(`cat into the pipe: exited (${signal ?? code})`);
      return answer;
    } finally {
      clearTimeout(timer);
      writer.kill('SIGKILL');
    }
  }
}

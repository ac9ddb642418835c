/** Channels of a training job in Pipe mode: their folders, and named pipes into which `cat` writes a file. */

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const NAME = 'train';
/** How long a writer may go on behind its reader. */
const WRITER_MS = 5000;

/** Makes the folders of a job with these channels, below `root`. */
export function makeJob(root, channels) {
  const [pipeDir, stateDir, configDir] = ['data', 'state', 'config'].map((name) => join(root, name));
  for (const folder of [pipeDir, stateDir, configDir]) mkdirSync(folder, { recursive: true });
  const config = Object.fromEntries(channels.map((channel) => [channel, { TrainingInputMode: 'Pipe' }]));
  writeFileSync(join(configDir, 'inputdataconfig.json'), JSON.stringify(config));
  return { pipeDir, stateDir, configDir };
}

/** Makes the pipes of one epoch of these channels. */
export function makePipes(pipeDir, channels, epoch) {
  const pipes = channels.map((channel) => join(pipeDir, `${channel}_${epoch}`));
  const { status, stderr, error } = spawnSync('mkfifo', pipes, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`mkfifo: ${error?.message ?? stderr.trim()}`);
  return pipes;
}

/** Waits for whoever opens the pipe, then writes the file into it, once or again and again. */
export function startWriter(pipe, file, { endless = false } = {}) {
  const command = endless ? 'while cat "$1"; do :; done > "$0"' : 'exec cat "$1" > "$0"';
  return spawn('sh', ['-c', command, pipe, file], { stdio: 'ignore' });
}

/** One channel, epoch by epoch. */
export class Channel {
  #folders;
  #epochs = 0;

  /** @param {string} root a folder of its own, which is made */
  constructor(root) {
    this.#folders = makeJob(root, [NAME]);
  }

  /**
   * One epoch: its pipe, its writer, and `read({ channel, pipe, pipeDir, stateDir, configDir })`. A reader may leave before the end.
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
      if (code !== 0 && signal !== 'SIGPIPE') throw new Error(`cat into the pipe: ended (${signal ?? code})`);
      return answer;
    } finally {
      clearTimeout(timer);
      writer.kill('SIGKILL');
    }
  }
}

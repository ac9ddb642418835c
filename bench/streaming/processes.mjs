/** The processes of the streaming cases: the streamer, readers of its pipes, and the ordered stream alone. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const subject = (name) => fileURLToPath(new URL(`../subjects/${name}.mjs`, import.meta.url));

/** Options of objects for a service that asks for no signatures. */
export const unsigned = (endpointUrl) => ({ region: 'us-east-1', anonymous: true, endpointUrl });

/** A process that answers in lines. */
class Lines {
  #said = '';

  constructor(program, job) {
    this.child = spawn(process.execPath, [subject(program), JSON.stringify(job)], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.child.stderr.on('data', (text) => {
      this.#said += text;
    });
    this.child.stdin.on('error', () => {});
    this.gone = once(this.child, 'close');
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  async next() {
    const { done, value } = await this.lines.next();
    if (!done) return value;
    const [code, signal] = await this.gone;
    throw new Error(`ended (${signal ?? code})\n${this.#said.trim()}`);
  }

  async close() {
    this.child.stdin.end();
    await this.gone;
  }
}

/** A streamer in a process of its own; resolves when its channels are ready. `beganAt`: when it began to run. */
export async function startStreamer({ pipeDir, ...job }) {
  mkdirSync(pipeDir, { recursive: true });
  const process = new Lines('streamer', { pipeDir, ...job });
  const beganAt = BigInt((await process.next()).split(' ')[1]);
  return {
    beganAt,
    ready: process.next(),
    pipe: (epoch, channel = 'train') => join(pipeDir, `${channel}_${epoch}`),
    close: () => process.close(),
  };
}

/** The ordered stream of an object and nothing else. */
export function startOrderedStream(uri, options) {
  const process = new Lines('ordered-stream', { uri, options });
  const ask = async (line) => {
    process.child.stdin.write(`${line}\n`);
    return JSON.parse(await process.next());
  };
  return { check: () => ask('check'), pass: () => ask('pass'), close: () => process.close() };
}

/** A reader of a pipe; from its start to its end, in seconds, and what it wrote. */
export async function readWith(pipe, command = 'exec cat "$0" > /dev/null') {
  const start = process.hrtime.bigint();
  const child = spawn('sh', ['-c', command, pipe], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (text) => {
    output += text;
  });
  const [code, signal] = await once(child, 'close');
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  if (code !== 0) throw new Error(`the reader ended (${signal ?? code})`);
  return { seconds, output };
}

/** What a pipe brings. */
export async function sha256OfPipe(pipe) {
  const { output } = await readWith(pipe, 'exec sha256sum < "$0"');
  return output.split(' ')[0];
}

/** @throws Error where they are not the same */
export function expectBytes(who, found, expected) {
  if (found !== expected) throw new Error(`${who}: other bytes than those of the source`);
}

/**
 * The processes of the streaming cases: the streamer, readers of its pipes, and the ordered stream
 * alone.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { otherCheckout, subject } from '../checkout.mjs';

/** Object options for a service without authentication. */
export const unsigned = (endpointUrl) => ({ region: 'us-east-1', anonymous: true, endpointUrl });

/** A process that handles requests line by line. */
class Lines {
  #stderr = '';

  constructor(program, job) {
    this.child = spawn(process.execPath, [subject(program), JSON.stringify(job)], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.child.stderr.on('data', (text) => {
      this.#stderr += text;
    });
    this.child.stdin.on('error', () => {});
    this.gone = once(this.child, 'close');
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  async next() {
    const { done, value } = await this.lines.next();
    if (!done) return value;
    const [code, signal] = await this.gone;
    throw new Error(`exited (${signal ?? code})\n${this.#stderr.trim()}`);
  }

  async close() {
    this.child.stdin.end();
    await this.gone;
  }
}

let streamers = 0;

/**
 * Starts a streamer in its own process. `ready` resolves when its channels are ready; `beganAt` is
 * the time when `run` was called.
 */
export async function startStreamer({ pipeDir: folder, ...job }) {
  // Streamers of two checkouts run at the same time.
  const pipeDir = otherCheckout() === undefined ? folder : `${folder}-${streamers++}`;
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

/** Starts a process that only reads the ordered stream of an object. */
export function startOrderedStream(uri, options) {
  const process = new Lines('ordered-stream', { uri, options });
  const ask = async (line) => {
    process.child.stdin.write(`${line}\n`);
    return JSON.parse(await process.next());
  };
  return { check: () => ask('check'), pass: () => ask('pass'), close: () => process.close() };
}

/** Reads a pipe with a command. Returns seconds from its start to its end, and its output. */
export async function readWith(pipe, command = 'exec cat "$0" > /dev/null') {
  const start = process.hrtime.bigint();
  const child = spawn('sh', ['-c', command, pipe], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (text) => {
    output += text;
  });
  const [code, signal] = await once(child, 'close');
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  if (code !== 0) throw new Error(`reader exited (${signal ?? code})`);
  return { seconds, output };
}

/** Returns the SHA-256 of the bytes in a pipe. */
export async function sha256OfPipe(pipe) {
  const { output } = await readWith(pipe, 'exec sha256sum < "$0"');
  return output.split(' ')[0];
}

/** @throws Error if the hashes differ */
export function expectBytes(who, found, expected) {
  if (found !== expected) throw new Error(`${who}: the bytes differ from the source`);
}

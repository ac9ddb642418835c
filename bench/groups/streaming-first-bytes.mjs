import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { payloadPool } from '../against/payload.mjs';
import { commandLine } from '../checkout.mjs';
import { SEED } from '../data.mjs';
import { startDelay } from '../s3/start-delay.mjs';
import { startStreamer, unsigned } from '../streaming/processes.mjs';
import { measure } from './s3-downloads.mjs';

const SIZE = 2 ** 22;
const PART = 2 ** 16;
const MILLISECONDS = 20;
/**
 * Time between epochs. It is long enough for the streamer to fetch the first part of the next epoch
 * before its reader starts.
 */
const BETWEEN_MS = 200;
const TURNS = 9;

/**
 * Measures how long readers wait for their first byte, in milliseconds: from the start of the
 * streamer, minus the time of a GET; from opening the pipe of the next epoch; and from the start of
 * the process `recordpipe stream` of a local folder.
 */
export async function runFirstBytes({ group, smoke, data, place, bucket, serve, add }) {
  const key = 'first/object.bin';
  const [bytes] = payloadPool(1, SIZE, SEED);
  writeFileSync(bucket.path(key), bytes);
  bucket.list('first/', [key]);
  await serve(place, bucket, async (nginx) => {
    const line = await startDelay(new URL(nginx.fast).port, MILLISECONDS);
    let runs = 0;
    const next = [];
    const turn = async () => {
      const get = await firstByteOfGet(`${line.endpoint}/${bucket.name}/${key}`);
      const pipeDir = join(place, `run-${runs++}`);
      const streamer = await startStreamer({
        channels: [{ name: 'train', uri: bucket.uri('first/') }],
        pipeDir,
        objects: unsigned(line.endpoint),
      });
      try {
        while (!existsSync(streamer.pipe(0))) await sleep(1);
        const first = await readPipe(streamer.pipe(0), bytes);
        await streamer.ready;
        await sleep(BETWEEN_MS);
        const opened = process.hrtime.bigint();
        next.push(Number((await readPipe(streamer.pipe(1), bytes)) - opened) / 1e6);
        return Number(first - streamer.beganAt) / 1e6 - get;
      } finally {
        await streamer.close();
      }
    };
    const folder = dirname(bucket.path(key));
    const local = async () => {
      const pipeDir = join(place, `run-${runs++}`);
      const start = process.hrtime.bigint();
      const stream = startStream(folder, pipeDir);
      try {
        const pipe = join(pipeDir, 'train_0');
        while (!existsSync(pipe)) await sleep(1);
        return Number((await readPipe(pipe, bytes)) - start) / 1e6;
      } finally {
        await stream.close();
      }
    };
    const contestants = [
      ['first byte, over a GET', turn],
      ['`stream` of a local folder, from its start', local],
    ].map(([what, one]) => ({
      who: 'recordpipe',
      what,
      key: what,
      open: async () => ({ turn: one }),
    }));
    try {
      const rounds = smoke ? 1 : TURNS;
      await measure(contestants, { group, unit: 'ms', rounds, minRounds: rounds, data, add });
      const place = { group, who: 'recordpipe', what: 'first byte of the next epoch', cores: 'all' };
      if (next.length > 0) add({ ...place, unit: 'ms', rounds: next });
    } finally {
      await line.close();
    }
  });
}

/** Starts the command line on a folder, for one epoch. */
function startStream(folder, pipeDir) {
  const line = [commandLine(), 'stream', '-c', `train=${folder}`, '--dir', pipeDir, '--epochs', '1', '-q'];
  const child = spawn(process.execPath, line, { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = once(child, 'exit');
  return {
    async close() {
      const [code, signal] = await ended;
      if (code !== 0) throw new Error(`recordpipe stream: exited (${signal ?? code})`);
    },
  };
}

/** Returns the milliseconds to the first byte of a range response. */
async function firstByteOfGet(url) {
  const start = performance.now();
  const response = await fetch(url, { headers: { range: `bytes=0-${PART - 1}` } });
  const reader = response.body.getReader();
  await reader.read();
  const milliseconds = performance.now() - start;
  await reader.cancel();
  return milliseconds;
}

/**
 * Reads a pipe to its end. Returns the time of the first byte, in nanoseconds.
 * @throws Error if the bytes differ from `expected`
 */
async function readPipe(path, expected) {
  const pipe = await open(path, 'r');
  try {
    const into = Buffer.alloc(expected.length + 1);
    let at = 0;
    let first;
    for (;;) {
      const { bytesRead } = await pipe.read(into, at, into.length - at);
      first ??= process.hrtime.bigint();
      if (bytesRead === 0) break;
      at += bytesRead;
    }
    if (at !== expected.length || into.compare(expected, 0, at, 0, at) !== 0)
      throw new Error(`${path}: the bytes differ from the source`);
    return first;
  } finally {
    await pipe.close();
  }
}

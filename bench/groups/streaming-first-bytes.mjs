import { existsSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { payloadPool } from '../against/payload.mjs';
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
 * streamer, minus the time of a GET; and from opening the pipe of the next epoch.
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
    const contestant = {
      who: 'recordpipe',
      what: 'first byte, over a GET',
      key: 'first',
      open: async () => ({ turn }),
    };
    try {
      await measure([contestant], { group, unit: 'ms', rounds: smoke ? 1 : TURNS, data, add });
      const place = { group, who: 'recordpipe', what: 'first byte of the next epoch', cores: 'all' };
      if (next.length > 0) add({ ...place, unit: 'ms', rounds: next });
    } finally {
      await line.close();
    }
  });
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

/**
 * Measures all CRC32C kernels in turn in one process. Writes one line of JSON per size to stdout:
 * `{ size, figures: [{ name, version, seconds: [per round, per call] } | { name, skipped }] }`.
 *
 * node bench/subjects/kernels.mjs SIZES ROUNDS MILLISECONDS
 *
 * tinybench finishes a task before it starts the next, and reads the clock twice per call, which
 * takes longer than a checksum of 64 bytes. Therefore, each task is a loop of calls, and each round
 * has its own bench.
 */

import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { crc32c, crc32cKernel } from 'recordpipe/crc32c';
import { Bench } from 'tinybench';
import { availableKernels } from '../against/kernels.mjs';
import { payloadPool } from '../against/payload.mjs';
import { SEED } from '../data.mjs';

/** Approximate duration of one loop of calls. */
const LOOP_SECONDS = 0.0005;

const [sizes, rounds, milliseconds] = [
  process.argv[2].split(',').map(Number),
  ...process.argv.slice(3).map(Number),
];
const largest = Math.max(...sizes);
const { createWasmKernel } = await sourceModule('../../src/crc32c/wasm-kernel.ts');
const kernels = await Promise.all([...ours(), ...availableKernels()].map(ready));

for (const size of sizes) {
  const [bytes] = payloadPool(1, size, SEED);
  const running = kernels.filter(({ available }) => available).map((kernel) => prepared(kernel, bytes));
  for (let round = -1; round < rounds; round++) {
    const first = Math.max(0, round) % running.length;
    for (const turn of [...running.slice(first), ...running.slice(0, first)]) {
      const seconds = timed(turn, milliseconds);
      if (round >= 0) turn.seconds.push(seconds);
    }
  }
  const figures = kernels.map(({ name, version, reason }) => {
    const turn = running.find((other) => other.name === name);
    return turn ? { name, version, seconds: turn.seconds } : { name, skipped: reason };
  });
  process.stdout.write(`${JSON.stringify({ size, figures })}\n`);
}

/** Imports a source module that is not public. */
async function sourceModule(path) {
  const entryPoints = [fileURLToPath(new URL(path, import.meta.url))];
  const { outputFiles } = await build({
    entryPoints,
    bundle: true,
    format: 'esm',
    platform: 'node',
    write: false,
  });
  return import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
}

function ours() {
  const version = `kernel ${crc32cKernel()}`;
  const ordinary = { name: 'recordpipe', version, available: true, crc32c: (bytes) => crc32c(bytes) };
  const name = 'recordpipe, in kernel memory';
  if (crc32cKernel() !== 'wasm') return [ordinary, { name, available: false, reason: version }];
  const kernel = createWasmKernel();
  const at = kernel.allocate(largest);
  const { exports } = kernel;
  const place = (bytes) => {
    kernel.heap().set(bytes, at);
    return new Uint8Array(kernel.memory.buffer, at, bytes.length);
  };
  const inPlace = (bytes) => exports.crc32c(bytes.byteOffset, bytes.length, 0) >>> 0;
  return [ordinary, { name, version, available: true, crc32c: inPlace, place }];
}

async function ready(kernel) {
  const { callLoop } = await import(`./call-loop.mjs?${encodeURIComponent(kernel.name)}`);
  return { ...kernel, callLoop };
}

/** Verifies the checksum and determines how many calls take about LOOP_SECONDS. */
function prepared({ name, crc32c: checksum, place = (bytes) => bytes, callLoop }, bytes) {
  const placed = place(bytes);
  const expected = plainCrc32c(bytes);
  const got = checksum(placed);
  if (got !== expected)
    throw new Error(`${name}: crc32c of ${bytes.length} bytes is ${got}, expected ${expected}`);
  let calls = 1;
  for (;;) {
    const start = process.hrtime.bigint();
    callLoop(checksum, placed, calls);
    const seconds = Number(process.hrtime.bigint() - start) / 1e9;
    if (seconds >= LOOP_SECONDS / 2) break;
    calls = Math.ceil(calls * Math.min(10, Math.max(1.5, LOOP_SECONDS / Math.max(seconds, 1e-9))));
  }
  const loop = () => callLoop(checksum, placed, calls);
  return { name, loop, calls, expected, seconds: [] };
}

/** Returns the median seconds per call over the loops that run in `time` milliseconds. */
function timed({ name, loop, calls, expected }, time) {
  const bench = new Bench({ time, iterations: 3, warmup: false, throws: true });
  let crc = expected;
  bench.add(name, () => {
    crc = loop();
  });
  bench.runSync();
  if (crc !== expected) throw new Error(`${name}: the checksum changed`);
  return bench.tasks[0].result.latency.p50 / 1e3 / calls;
}

/** Bit-by-bit reference implementation. */
function plainCrc32c(bytes) {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0x82f63b78 & -(crc & 1));
  }
  return ~crc >>> 0;
}

#!/usr/bin/env node
// How fast PipeModeDataset takes records from a named pipe, beside `cat PIPE > /dev/null` from the same writer (`cat FILE > PIPE`).
//
//   node bench/pipe-mode.mjs [--bytes 268435456] [--rounds 7] [--sizes 100,1000,10000,100000] [--formats TFRecord,RecordIO] [--idle] [--json]
//
// Files are in memory. Contenders take turns within each round; a figure is the median over the rounds of throughput in GB/s (10^9), and of its
// ratio to cat's in the same round. With --idle each round waits for a moment in which the machine does nothing else. Beside it: processor time of our process per gigabyte, which other work on the machine changes less.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { encodeRecordIO, encodeTFRecord } from 'recordpipe';
import { PipeModeDataset } from 'recordpipe/pipemode';

const { values } = parseArgs({
  options: {
    bytes: { type: 'string', default: '268435456' },
    rounds: { type: 'string', default: '7' },
    sizes: { type: 'string', default: '100,1000,10000,100000' },
    formats: { type: 'string', default: 'TFRecord,RecordIO' },
    contenders: { type: 'string' },
    idle: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'recordpipe-bench-'));
const ENCODERS = { TFRecord: encodeTFRecord, RecordIO: encodeRecordIO };

const CONTENDERS = {
  cat: undefined,
  'batches, reuse': (dataset) => countBatches(dataset.batches({ reuse: true })),
  batches: (dataset) => countBatches(dataset.batches()),
  'batches, views': (dataset) => viewBatches(dataset.batches({ reuse: true })),
  'records, forEach': countRecords,
};

const NAMES =
  values.contenders === undefined ? Object.keys(CONTENDERS) : ['cat', ...values.contenders.split(';')];

async function countBatches(batches) {
  let records = 0;
  for await (const batch of batches) records += batch.length;
  return records;
}

async function viewBatches(batches) {
  let records = 0;
  for await (const batch of batches)
    for (let i = 0; i < batch.length; i++) if (batch.record(i) !== undefined) records++;
  return records;
}

async function countRecords(dataset) {
  let records = 0;
  await dataset.forEach((record) => {
    if (record !== undefined) records++;
  });
  return records;
}

/** A file of equal records, and how many they are. */
function recordFile(format, size) {
  const payload = Uint8Array.from({ length: size }, (_, i) => i * 7);
  const one = ENCODERS[format](payload);
  const count = Math.max(1, Math.round(Number(values.bytes) / one.length));
  const all = Buffer.alloc(count * one.length);
  all.set(one);
  // Doubled again and again.
  for (let have = one.length; have < all.length; have *= 2)
    all.copyWithin(have, 0, Math.min(have, all.length - have));
  const path = join(folder, `${format}-${size}`);
  writeFileSync(path, all);
  return { path, count, bytes: all.length };
}

async function time(name, format, { path, count, bytes }) {
  const root = mkdtempSync(join(folder, 'job-'));
  for (const dir of ['data', 'state', 'config']) mkdirSync(join(root, dir));
  writeFileSync(join(root, 'config/inputdataconfig.json'), '{"train": {"TrainingInputMode": "Pipe"}}');
  const pipe = join(root, 'data/train_0');
  execFileSync('mkfifo', [pipe]);
  const writer = spawn('sh', ['-c', 'exec cat "$0" > "$1"', path, pipe], { stdio: 'ignore' });
  const processor = process.cpuUsage();
  const began = process.hrtime.bigint();
  if (CONTENDERS[name] === undefined) {
    const reader = spawn('sh', ['-c', 'exec cat "$0" > /dev/null', pipe], { stdio: 'ignore' });
    await new Promise((resolve) => reader.on('exit', resolve));
  } else {
    const options = {
      pipeDir: join(root, 'data'),
      stateDir: join(root, 'state'),
      configDir: join(root, 'config'),
    };
    const records = await CONTENDERS[name](
      new PipeModeDataset('train', { ...options, recordFormat: format }),
    );
    if (records !== count) throw new Error(`${name}: ${records} records, expected ${count}`);
  }
  const nanoseconds = Number(process.hrtime.bigint() - began);
  const { user, system } = process.cpuUsage(processor);
  writer.kill();
  return { speed: bytes / nanoseconds, msPerGB: (user + system) / 1000 / (bytes / 1e9) };
}

/** Processor time since boot, and how much of it was idle. */
function processorTime() {
  const times = cpus().map((cpu) => cpu.times);
  const idle = times.reduce((sum, one) => sum + one.idle, 0);
  return {
    idle,
    all: times.reduce((sum, one) => sum + one.idle + one.user + one.sys + one.nice + one.irq, 0),
  };
}

async function untilIdle() {
  for (let tries = 0; tries < 3000; tries++) {
    const before = processorTime();
    await new Promise((resolve) => setTimeout(resolve, 100));
    const after = processorTime();
    if ((after.idle - before.idle) / (after.all - before.all) > 0.9) return;
  }
  throw new Error('the machine is never idle');
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

const results = [];
try {
  for (const format of values.formats.split(',')) {
    for (const size of values.sizes.split(',').map(Number)) {
      const file = recordFile(format, size);
      const rounds = [];
      for (const name of NAMES) await time(name, format, file); // warm
      for (let round = 0; round < Number(values.rounds); round++) {
        const times = {};
        for (const name of NAMES) {
          if (values.idle) await untilIdle();
          times[name] = await time(name, format, file);
        }
        rounds.push(times);
      }
      for (const name of NAMES) {
        const row = {
          format,
          size,
          name,
          gigabytesPerSecond: median(rounds.map((times) => times[name].speed)),
          best: Math.max(...rounds.map((times) => times[name].speed)),
          ofCat: median(rounds.map((times) => times[name].speed / times['cat'].speed)),
          processorMsPerGB: median(rounds.map((times) => times[name].msPerGB)),
        };
        results.push(row);
        if (values.json) continue;
        const { gigabytesPerSecond, best, ofCat, processorMsPerGB } = row;
        console.log(
          `${format.padEnd(8)} ${String(size).padStart(6)}  ${name.padEnd(16)} ${gigabytesPerSecond.toFixed(2)} GB/s (best ${best.toFixed(2)})  ${ofCat.toFixed(2)} x cat  ${processorMsPerGB.toFixed(0)} ms/GB`,
        );
      }
      rmSync(file.path);
    }
  }
  if (values.json) console.log(JSON.stringify(results, undefined, 1));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

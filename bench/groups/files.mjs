import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandLine } from '../checkout.mjs';
import { recordsIn } from '../formats.mjs';
import { exampleFrames } from '../shards/example-frames.mjs';
import { measure } from './s3-downloads.mjs';

/** The large file, relative to the files of other cases: 4 GiB by default. */
const TIMES_LARGER = 16;
const FILES = 10_000;
const BLOCK = 2 ** 20;
const COMMANDS = ['validate', 'count', 'stats'];

/** Measures whole processes on one large file and on a folder of many small files. */
export async function runFiles(cases, context) {
  const kinds = { 'one large': runLarge, 'many small': runSmall };
  for (const { what } of cases) await kinds[what]({ ...context, group: `files ${what}` });
}

/**
 * Compares two jobs with one on a single file, and two processes of `dd` that read half of it each
 * with one. All reports must be equal.
 */
async function runLarge({ group, fileBytes, data, rounds, add }) {
  const file = data.records('large', recordsIn(TIMES_LARGER * fileBytes, 1000), 1000);
  const blocks = Math.ceil(file.fileBytes / BLOCK);
  const half = Math.ceil(blocks / 2);
  const dd = (...args) => ['dd', `if=${file.path}`, 'of=/dev/null', 'bs=1M', 'status=none', ...args];
  let report;
  const validate = (jobs) => [
    { who: 'recordpipe', what: `validate, jobs ${jobs}` },
    [() => [process.execPath, commandLine(), 'validate', file.path, '--json', '--jobs', String(jobs)]],
    ([text]) => {
      report ??= reportOf(text);
      if (reportOf(text) !== report) throw new Error('validate: the reports differ');
      if (JSON.parse(text).totals.records !== file.count) throw new Error('validate: records are missing');
    },
  ];
  const ways = [
    validate(1),
    validate(2),
    [{ who: 'limit', what: 'dd' }, [() => dd()]],
    [
      { who: 'limit', what: 'dd twice, each half of the file' },
      [() => dd(`count=${half}`), () => dd(`skip=${half}`)],
    ],
  ];
  const contestants = ways.map(([place, lines, check = () => {}]) => ({
    ...place,
    key: place.what,
    open: async () => {
      const turn = async () => {
        const start = process.hrtime.bigint();
        const outputs = await Promise.all(lines.map((line) => outputOf(line())));
        const seconds = Number(process.hrtime.bigint() - start) / 1e9;
        check(outputs);
        return file.fileBytes / 1e9 / seconds;
      };
      await turn();
      return { turn };
    },
  }));
  try {
    await measure(contestants, { group, unit: 'GB/s', rounds, data, add });
  } finally {
    data.remove(file.path);
  }
}

/** Returns a report without its times. */
function reportOf(text) {
  return JSON.stringify(JSON.parse(text), (key, value) => (/seconds|ms$/i.test(key) ? undefined : value));
}

/** Compares checking, counting and describing 10,000 files of one Example with reading them. */
async function runSmall({ group, smoke, data, peers, rounds, add }) {
  const count = smoke ? FILES / 100 : FILES;
  const folder = data.name('small-files');
  mkdirSync(folder, { recursive: true });
  const frames = exampleFrames(2 ** 16);
  for (let k = 0; k < count; k++)
    writeFileSync(join(folder, `${String(k).padStart(5, '0')}.tfrecord`), frames[k % frames.length]);
  const ours = COMMANDS.map((command) => ({
    who: 'recordpipe',
    what: command,
    run: async () => {
      const start = performance.now();
      const document = JSON.parse(
        await outputOf([process.execPath, commandLine(), command, folder, '--json']),
      );
      const ms = performance.now() - start;
      return { ms, records: (document.totals ?? document).records };
    },
  }));
  const theirs = ['TFRecordDataset', 'tf_record_iterator'].map((mode) => ({
    who: 'tensorflow',
    what: mode,
    missing: peers.reason('tensorflow'),
    run: async () => {
      const peer = await peers.get('tensorflow', 'all');
      const { seconds, records } = await peer.call({ op: 'files', mode, folder });
      return { ms: 1000 * seconds, records };
    },
  }));
  const contestants = [...ours, ...theirs].map(({ run, ...one }) => ({
    ...one,
    key: `${one.who} ${one.what}`,
    open: async () => ({
      turn: async () => {
        const { ms, records } = await run();
        if (records !== count) throw new Error(`${one.what}: ${records} records, expected ${count}`);
        return ms;
      },
    }),
  }));
  try {
    await measure(contestants, { group, unit: 'ms', rounds, data, add });
  } finally {
    data.remove(folder);
  }
}

async function outputOf([program, ...args]) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const texts = Promise.all(
    [child.stdout, child.stderr].map(async (stream) => Buffer.concat(await stream.toArray())),
  );
  const [code, signal] = await once(child, 'close');
  const [stdout, stderr] = await texts;
  if (code !== 0)
    throw new Error(`${args.slice(0, 2).join(' ')}: exited (${signal ?? code}), ${String(stderr).trim()}`);
  return String(stdout);
}

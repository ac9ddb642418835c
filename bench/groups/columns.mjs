import { spawnSync } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { encodeTFRecord } from 'recordpipe';
import { encodeExample } from 'recordpipe/messages';
import { contest } from '../contest.mjs';
import { EXAMPLES, specsOf } from '../examples.mjs';
import { COMMAND_LINE } from '../machine.mjs';
import { measureWays } from './ways.mjs';

const PRELOAD = new URL('../subjects/high-water.mjs', import.meta.url).href;
/** Part of the file size of other cases: 64 MiB by default, about 130,000 Examples of 20 scalars. */
const PART = 1 / 4;
/** Records that slow programs read, relative to all of them. */
const SLOW = 1 / 20;
/** Records for Ray, which builds a table per record. */
const RAY_RECORDS = 2000;
const FILTER = 'feature_24 < 500';

const CONVERTING = [
  { who: 'recordpipe', what: 'convert', args: [] },
  { who: 'recordpipe', what: 'convert, schema', args: ['--schema', 'SCHEMA'] },
  { who: 'tensorflow', mode: 'parse_example, pyarrow' },
  { who: 'tensorflow', mode: 'tf.train.Example, pyarrow', part: SLOW },
  { who: 'vahidk', mode: 'tfrecord_loader, pyarrow', part: SLOW },
  { who: 'tfr-reader', mode: 'load_from_directory, pyarrow', part: SLOW },
  { who: 'ray', mode: 'read_tfrecords, write_parquet', records: RAY_RECORDS },
];

const READING = [
  { who: 'recordpipe', peer: 'recordpipe-python', mode: 'recordpipe.read' },
  { who: 'recordpipe', peer: 'recordpipe-python', mode: 'recordpipe.read, schema' },
  { who: 'tensorflow', mode: 'parse_example, numpy' },
  { who: 'tensorflow', mode: 'parse_single_example, numpy', part: SLOW },
];

const KINDS = { convert: runConversion, where: runFilter, python: runPython };

/** Measures record files as tables: conversion to Parquet, filters, and reading in Python. */
export async function runColumns(cases, context) {
  for (const { what } of cases) await KINDS[what]({ ...context, group: `columns ${what}` });
}

/** Measures conversion to Parquet, in rows per second and MiB of peak memory. */
async function runConversion(context) {
  const files = new ExampleFiles('scalars', context);
  const schema = context.data.name('schema.json');
  const target = context.data.name('table.parquet');
  runCommand(['schema', files.of(RAY_RECORDS).path, '--loose', '--output', schema]);
  const turnOf = (way, peer) => {
    const file = files.of(files.recordsOf(way));
    if (way.args === undefined)
      return peer.call({ op: 'convert', mode: way.mode, path: file.path, target, specs: specsOf('scalars') });
    const args = way.args.map((arg) => (arg === 'SCHEMA' ? schema : arg));
    const start = performance.now();
    const { mebibytes, output } = runCommand([
      ...['convert', file.path, target, '--to', 'parquet', '--json', '--force'],
      ...args,
    ]);
    return { seconds: (performance.now() - start) / 1000, records: JSON.parse(output).records, mebibytes };
  };
  try {
    await measurePrograms(CONVERTING, files, turnOf, context);
  } finally {
    for (const path of [schema, target]) context.data.remove(path);
    files.remove();
  }
}

/** Measures how fast Python receives the columns of scalars, in rows per second. */
async function runPython(context) {
  const files = new ExampleFiles('scalars', context);
  const sums = new Map();
  const turnOf = async (way, peer, check) => {
    const { path, records } = files.of(files.recordsOf(way));
    const answer = await peer.call({ op: 'columns', mode: way.mode, path, specs: specsOf('scalars'), check });
    if (check && (sums.get(records) ?? answer.sum) !== answer.sum)
      throw new Error(`${way.mode}: the numbers add up to ${answer.sum}, expected ${sums.get(records)}`);
    if (check) sums.set(records, answer.sum);
    return answer;
  };
  try {
    await measurePrograms(READING, files, turnOf, context);
  } finally {
    files.remove();
  }
}

/** Compares a filter of one of 50 features with a plan that decodes it, in records per second. */
async function runFilter(context) {
  const files = new ExampleFiles('three of fifty', context);
  const { path, records } = files.of(files.recordsOf({}));
  const ways = ['parse_batch of one feature', 'where'].map((mode) => {
    const pass = async (peer) => {
      const answer = await peer.call({ op: 'filter', mode, path, feature: 'feature_24', where: FILTER });
      if (answer.records !== records) throw new Error(`${mode}: ${answer.records} records`);
      return records / answer.seconds;
    };
    return { who: 'recordpipe', ours: true, what: mode, cores: 'one', unit: 'records/s', pass };
  });
  try {
    await measureWays(ways, { group: context.group }, context);
  } finally {
    files.remove();
  }
}

/**
 * Measures programs in turn, each in its own process. `turnOf` returns seconds, records and, if it
 * is measured, the peak memory.
 */
async function measurePrograms(ways, files, turnOf, { group, peers, rounds, add }) {
  const placeOf = ({ who, what, mode }) => ({ group, who, what: what ?? mode, cores: 'all' });
  const contestants = [];
  for (const way of ways) {
    const peerName = way.args === undefined ? (way.peer ?? way.who) : undefined;
    const missing = peerName && peers.reason(peerName);
    if (missing) add({ ...placeOf(way), skipped: missing });
    else contestants.push({ way, who: way.who, key: `${way.who} ${way.what ?? way.mode}`, peerName });
  }
  const memory = new Map(contestants.map(({ key }) => [key, []]));
  const opening =
    ({ way, key, peerName }) =>
    async () => {
      const peer = peerName && peers.another(peerName);
      const version = peer && (await peer.ready).version;
      const expected = files.recordsOf(way);
      const turn = async (check) => {
        const { seconds, records, mebibytes } = await turnOf(way, peer, check);
        if (records !== expected) throw new Error(`${key}: ${records} records, expected ${expected}`);
        if (mebibytes !== undefined && !check) memory.get(key).push(mebibytes);
        return records / seconds;
      };
      const notes = { version, ...(expected < files.all && { records: expected }) };
      await turn(true);
      return { turn: () => turn(false), notes, close: async () => peer?.close() };
    };
  const outcomes = await contest(
    contestants.map((one) => ({ ...one, open: opening(one) })),
    { rounds },
  );
  for (const { way, key } of contestants) {
    const { rounds: values, failed, notes } = outcomes.get(key);
    const place = { ...placeOf(way), ...notes };
    add(failed ? { ...placeOf(way), failed } : { ...place, unit: 'rows/s', rounds: values });
    const peaks = memory.get(key);
    if (!failed && peaks.length > 0) add({ ...place, group: `${group} memory`, unit: 'MiB', rounds: peaks });
  }
}

/** Files with the first Examples of a corpus, in the number that each program reads. */
class ExampleFiles {
  #files = new Map();

  constructor(corpus, { data, fileBytes }) {
    this.data = data;
    const { records, example } = EXAMPLES[corpus];
    this.frames = Array.from({ length: records }, (_, k) => encodeTFRecord(encodeExample(example(k))));
    this.all = Math.max(RAY_RECORDS, Math.floor((PART * fileBytes) / this.frames[0].length));
  }

  /** Returns the number of records that a program reads. */
  recordsOf({ records, part = 1 }) {
    return records ?? Math.max(RAY_RECORDS, Math.floor(part * this.all));
  }

  of(records) {
    if (!this.#files.has(records)) {
      const path = this.data.name(`${records}.tfrecord`);
      const file = openSync(path, 'w');
      const block = Buffer.concat(this.frames);
      let left = records;
      for (; left >= this.frames.length; left -= this.frames.length) writeSync(file, block);
      writeSync(file, Buffer.concat(this.frames.slice(0, left)));
      closeSync(file);
      this.#files.set(records, { path, records });
    }
    return this.#files.get(records);
  }

  remove() {
    for (const { path } of this.#files.values()) this.data.remove(path);
  }
}

function runCommand(args) {
  const { status, output, stderr } = spawnSync(
    process.execPath,
    ['--import', PRELOAD, COMMAND_LINE, ...args],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe', 'pipe'], maxBuffer: 2 ** 28 },
  );
  if (status !== 0) throw new Error(`${args[0]}: exit ${status}, ${stderr.trim()}`);
  return { mebibytes: Number(output[3]) / 1024, output: output[1] };
}

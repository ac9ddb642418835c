import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import { readTFRecords } from 'recordpipe';
import { contest } from '../contest.mjs';
import { SEED } from '../data.mjs';
import { crcOfFile } from '../file-crc.mjs';
import { FORMATS, recordsIn } from '../formats.mjs';
import { COMMAND_LINE } from '../machine.mjs';

const PRELOAD = new URL('../subjects/high-water.mjs', import.meta.url).href;
const SHUFFLE = fileURLToPath(new URL('../subjects/shuffle.mjs', import.meta.url));
/** Maximum TFRecord payload that recordpipe accepts, which is protobuf's limit. */
const LARGEST_RECORD = 2 ** 31 - 1;
/** Size of the shuffled file as a multiple of the memory limit. */
const TIMES_LARGER = 10;

/** Measures peak memory of recordpipe processes and of an idle Node process, in MiB. */
export async function runMemory(cases, context) {
  for (const { what, name } of cases) {
    const place = { group: 'memory', who: 'recordpipe', what, cores: 'all' };
    if (!existsSync('/proc/self/status') || !existsSync(COMMAND_LINE)) {
      context.add({
        ...place,
        skipped: existsSync(COMMAND_LINE) ? '/proc is not available' : 'dist/ is missing',
      });
      continue;
    }
    await runCase({ place, name }, context);
  }
}

async function runCase({ place, name }, { smoke, full, data, add }) {
  const { what } = place;
  const { file, turn, notes } = (what === 'shuffle' ? shuffling : validating)(what, { smoke, full, data });
  const contestants = [
    { key: 'bare', open: async () => ({ turn: async () => peak(['-e', '0']).mebibytes }) },
    { key: name, open: async () => ({ turn }) },
  ];
  try {
    const outcomes = await contest(contestants, { rounds: smoke ? 1 : 3 });
    for (const [key, { rounds: values, failed }] of outcomes) {
      const where =
        key === 'bare'
          ? { ...place, who: 'node', what: `node -e 0, beside ${what}` }
          : { ...place, fileBytes: file.fileBytes, recordBytes: file.size, ...notes };
      add(failed ? { ...where, failed } : { ...where, unit: 'MiB', rounds: values });
    }
  } finally {
    data.removeAll();
  }
}

function validating(what, options) {
  const file = makeFile(what, options);
  const turn = async () => {
    const { mebibytes, output } = peak([COMMAND_LINE, 'validate', file.path, '--json']);
    const { records } = JSON.parse(output).totals;
    if (records !== file.count) throw new Error(`validate: ${records} records, expected ${file.count}`);
    return mebibytes;
  };
  return { file, turn };
}

function makeFile(what, { smoke, full, data }) {
  const bytes = full ? 10 * 2 ** 30 : smoke ? 2 ** 23 : 2 ** 28;
  if (what === 'small records') return data.records('small', recordsIn(bytes, 100), 100);
  if (full) return data.hugeRecords('huge', 5, LARGEST_RECORD);
  return data.hugeRecords('huge', 1, bytes);
}

/** Verifies that the output is a permutation of the input, and the same one every time. */
function shuffling(_what, { smoke, data }) {
  const memoryBytes = smoke ? 2 ** 20 : 2 ** 26;
  const size = 1000;
  const file = data.records('shuffle', recordsIn(TIMES_LARGER * memoryBytes, size), size);
  const pool = FORMATS.tfrecord.pool(file.count, size, SEED).map((payload) => crc32(payload));
  let expected = 0;
  for (let k = 0; k < file.count; k++) expected = (expected + pool[k % pool.length]) >>> 0;
  const before = crcOfFile(file.path, file.fileBytes);
  let same;
  const turn = async () => {
    const target = data.name('shuffled.tfrecord');
    const { mebibytes, output } = peak([SHUFFLE, file.path, target, String(memoryBytes)]);
    let sum = 0;
    for await (const record of readTFRecords(target, { reuse: true })) sum = (sum + crc32(record)) >>> 0;
    const after = crcOfFile(target, file.fileBytes);
    data.remove(target);
    if (Number(output) !== file.count || sum !== expected)
      throw new Error('shuffle: the output has different records');
    if (after === before) throw new Error('shuffle: the order did not change');
    same ??= after;
    if (after !== same) throw new Error('shuffle: the order differs from the previous run');
    return mebibytes;
  };
  return { file, turn, notes: { memoryBytes } };
}

function peak(args) {
  const { status, output, stderr } = spawnSync(process.execPath, ['--import', PRELOAD, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  if (status !== 0) throw new Error(`exit ${status}, ${stderr.trim()}`);
  return { mebibytes: Number(output[3]) / 1024, output: output[1] };
}

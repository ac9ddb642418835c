import { crc32 } from 'node:zlib';
import { mix } from '../against/payload.mjs';
import { contest } from '../contest.mjs';
import { SEED } from '../data.mjs';
import { FORMATS, recordsIn } from '../formats.mjs';

const MADE_RECORDS = 10_000_000;
const READ_BYTES = 2 ** 30;
/** tfrecord2idx takes a microsecond or two per record: it indexes the beginning of the file, and its figure says so. */
const PEER_RECORDS = 200_000;
/** How many records a pass gets, and how many at once. */
const GETS = 20_000;
const GROUP = 1000;
/** As many passes over the index does vahidk's loader make. */
const SHARDS = 2;

/** Making indexes, and getting records by them. */
export async function runIndexes(cases, context) {
  for (const { what, size } of cases) await (what === 'make' ? runMaking : runGetting)(size, context);
}

/** Figures are file bytes per second; of reading the index, milliseconds. */
async function runMaking(size, context) {
  const { smoke, data, peers } = context;
  const file = data.records('index-make', smoke ? 20_000 : MADE_RECORDS, size);
  const small = data.records('index-small', Math.min(file.count, PEER_RECORDS), size);
  const pass =
    (request, { count, fileBytes }) =>
    async (peer) => {
      const { seconds, records } = await peer.call({ path: file.path, format: 'tfrecord', ...request });
      if (records !== count) throw new Error(`${request.mode}: ${records} records, expected ${count}`);
      return request.mode === 'open' ? 1000 * seconds : fileBytes / seconds / 1e9;
    };
  const index = data.name('made.index');
  const kept = data.name('kept.index');
  const ways = [
    ...['all', 'one'].flatMap((cores) => [
      { what: 'index', cores, pass: pass({ op: 'index', mode: 'index', index }, file) },
      { what: 'count', cores, pass: pass({ op: 'read', mode: 'count' }, file) },
    ]),
    {
      what: 'reading the index',
      unit: 'ms',
      cores: 'one',
      prepare: pass({ op: 'index', mode: 'index', index: kept }, file),
      pass: pass({ op: 'index', mode: 'open', index: kept }, file),
    },
  ].map((way) => ({ who: 'recordpipe', ours: true, ...way }));
  const request = { op: 'index', mode: 'tfrecord2idx', path: small.path, index: data.name('vahidk.index') };
  ways.push({
    who: 'vahidk',
    what: 'tfrecord2idx',
    cores: 'one',
    pass: pass(request, small),
    records: small.count,
  });
  try {
    await measure(ways, { ...context, size, what: 'make' }, peers);
  } finally {
    for (const path of [file.path, small.path, index, kept, request.index]) data.remove(path);
  }
}

/** Figures are records per second, at random over a file in the page cache. */
async function runGetting(size, context) {
  const { smoke, fileBytes, data, peers } = context;
  const file = data.records('index-get', recordsIn(smoke ? fileBytes : READ_BYTES, size), size);
  const index = data.name('get.index');
  const lines = data.name('get.vahidk');
  const pool = FORMATS.tfrecord.pool(file.count, size, SEED);
  const sumOf = (indices) => indices.reduce((sum, at) => crc32(pool[at % pool.length], sum), 0);
  let turns = 0;
  const pass =
    (mode, gets, { sorted = true, ...more } = {}) =>
    async (peer) => {
      const indices = chosen(gets, file.count, turns++, sorted);
      const request = { op: 'get', mode, path: file.path, index, indices, count: file.count, ...more };
      const { seconds, records, sum } = await peer.call(request);
      if (records !== gets || sum !== sumOf(indices))
        throw new Error(`${mode}: other records than asked for`);
      return records / seconds;
    };
  const prepare = (op) => (peer) => peer.call({ path: file.path, ...op });
  const make = prepare({ op: 'index', mode: 'index', index });
  const ours = { who: 'recordpipe', ours: true, unit: 'records/s', prepare: make };
  const theirs = {
    who: 'vahidk',
    cores: 'one',
    unit: 'records/s',
    prepare: prepare({ op: 'index', mode: 'tfrecord2idx', index: lines }),
  };
  const gets = smoke ? GROUP : GETS;
  const ways = [
    ...['all', 'one'].flatMap((cores) => [
      { ...ours, what: 'get, at random', cores, pass: pass('get', gets, { sorted: false }) },
      { ...ours, what: 'getSync, at random', cores, pass: pass('getSync', gets, { sorted: false }) },
      { ...ours, what: 'get, sorted', cores, pass: pass('get', gets) },
      { ...ours, what: 'getMany of 1,000, sorted', cores, pass: pass('getMany', gets, { group: GROUP }) },
    ]),
    {
      ...theirs,
      what: 'loader, one pass for 1,000',
      pass: pass('loader, one pass', GROUP, { index: lines }),
    },
    {
      ...theirs,
      what: 'loader, a shard per record',
      pass: pass('loader, a shard per record', SHARDS, { index: lines }),
    },
  ];
  try {
    await measure(ways, { ...context, size, what: 'get' }, peers);
  } finally {
    for (const path of [file.path, index, lines]) data.remove(path);
  }
}

async function measure(ways, { size, rounds, add }, peers) {
  const place = ({ who, what, cores, records }) => ({
    group: 'index',
    format: 'tfrecord',
    size,
    who,
    what,
    cores,
    ...(records && { records }),
  });
  const contestants = [];
  for (const way of ways) {
    const missing = way.ours ? undefined : peers.reason(way.who);
    if (missing) add({ ...place(way), skipped: missing });
    else
      contestants.push({
        ...way,
        key: `${way.who} ${way.what} (${way.cores})`,
        open: () => openWay(way, peers),
      });
  }
  const outcomes = await contest(contestants, { rounds });
  for (const way of contestants) {
    const { rounds: values, failed, notes } = outcomes.get(way.key);
    add(
      failed
        ? { ...place(way), failed }
        : { ...place(way), ...notes, unit: way.unit ?? 'GB/s', rounds: values },
    );
  }
}

async function openWay({ who, cores, ours, prepare, pass }, peers) {
  const peer = ours ? await peers.fresh(cores) : await peers.get(who, cores);
  try {
    await prepare?.(peer);
    await pass(peer);
    return { turn: () => pass(peer), notes: { version: peer.version }, close: peer.close };
  } catch (error) {
    await peer.close?.();
    throw error;
  }
}

/** `gets` places in a file of `count` records, others in every turn; each thousand of them are different ones, ascending where asked. */
function chosen(gets, count, turn, sorted) {
  const places = [];
  for (let k = turn * 2 * GETS; places.length < gets; ) {
    const group = new Set();
    while (group.size < Math.min(GROUP, gets - places.length)) group.add(mix(SEED + k++) % count);
    places.push(...(sorted ? [...group].sort((a, b) => a - b) : group));
  }
  return places;
}

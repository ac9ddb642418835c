import { crc32 } from 'node:zlib';
import { mix } from '../against/payload.mjs';
import { SEED } from '../data.mjs';
import { FORMATS, recordsIn } from '../formats.mjs';
import { measureWays } from './ways.mjs';

const READ_BYTES = 2 ** 30;
/** Records to get per pass, and per call of `getMany`. */
const GETS = 20_000;
const GROUP = 1000;
/**
 * Range of record numbers within which the records of one group are close enough to be read
 * together.
 */
const NEIGHBOURS = 4000;
/** vahidk's loader reads the whole index once per shard. */
const SHARDS = 2;

/** Operations and the record numbers they get. */
const OURS = [
  { what: 'get, at random', mode: 'get', sorted: false },
  { what: 'getSync, at random', mode: 'getSync', sorted: false },
  { what: 'get, sorted', mode: 'get' },
  { what: 'getMany of 1,000, sorted', mode: 'getMany' },
  { what: 'get, of 4,000 neighbours', mode: 'get', among: NEIGHBOURS },
  { what: 'getMany of 1,000, of 4,000 neighbours', mode: 'getMany', among: NEIGHBOURS },
].flatMap((way) => ['all', 'one'].map((cores) => ({ ...way, who: 'recordpipe', ours: true, cores })));
const THEIRS = [
  { what: 'loader, one pass for 1,000', mode: 'loader, one pass', gets: GROUP },
  { what: 'loader, a shard per record', mode: 'loader, a shard per record', gets: SHARDS },
].map((way) => ({ ...way, who: 'vahidk', cores: 'one' }));

/** Measures random access by index to a file in the page cache, in records per second. */
export async function runGetting(size, context) {
  const { smoke, fileBytes, data } = context;
  const file = data.records('index-get', recordsIn(smoke ? fileBytes : READ_BYTES, size), size);
  const indexes = { recordpipe: data.name('get.rpidx'), vahidk: data.name('get.vahidk') };
  const tools = { recordpipe: 'index', vahidk: 'tfrecord2idx' };
  const pool = FORMATS.tfrecord.pool(file.count, size, SEED);
  const sumOf = (indices) => indices.reduce((sum, at) => crc32(pool[at % pool.length], sum), 0);
  let turns = 0;
  const ways = [...OURS, ...THEIRS].map(({ mode, gets = smoke ? GROUP : GETS, sorted, among, ...way }) => {
    const common = { path: file.path, index: indexes[way.who], count: file.count, group: GROUP };
    const prepare = (peer) => peer.call({ op: 'index', mode: tools[way.who], ...common });
    const pass = async (peer) => {
      const indices = places(gets, file.count, turns++, { sorted, among });
      const { seconds, records, sum } = await peer.call({ op: 'get', mode, indices, ...common });
      if (records !== gets || sum !== sumOf(indices)) throw new Error(`${mode}: wrong records`);
      return records / seconds;
    };
    return { ...way, unit: 'records/s', prepare, pass };
  });
  try {
    await measureWays(ways, { group: 'index', format: 'tfrecord', size }, context);
  } finally {
    for (const path of [file.path, ...Object.values(indexes)]) data.remove(path);
  }
}

/**
 * `gets` record numbers below `count`, distinct ones in each turn. Each group of 1,000 has distinct
 * numbers from a range of `among` records (default: all). They are ascending unless `sorted` is
 * false.
 */
function places(gets, count, turn, { sorted = true, among = count }) {
  const found = [];
  const stretch = Math.min(count, among);
  for (let k = turn * 2 * GETS; found.length < gets; ) {
    const from = mix(k) % (count - stretch + 1);
    const group = new Set();
    while (group.size < Math.min(GROUP, gets - found.length)) group.add(from + (mix(SEED + k++) % stretch));
    found.push(...(sorted ? [...group].sort((a, b) => a - b) : group));
  }
  return found;
}

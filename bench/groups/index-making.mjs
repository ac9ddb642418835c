import { measureWays } from './ways.mjs';

const RECORDS = 10_000_000;
/** tfrecord2idx takes a microsecond or more per record: it indexes a smaller file, and its figure says so. */
const PEER_RECORDS = 200_000;

/** Making an index, against counting; figures are file bytes per second, those of reading the index milliseconds. */
export async function runMaking(size, context) {
  const { smoke, data } = context;
  const file = data.records('index-make', smoke ? 20_000 : RECORDS, size);
  const small = data.records('index-small', Math.min(file.count, PEER_RECORDS), size);
  const index = data.name('made.rpidx');
  const kept = data.name('kept.rpidx');
  const theirs = data.name('made.vahidk');
  const ask = async (peer, request, { path, count } = file) => {
    const { seconds, records } = await peer.call({ path, format: 'tfrecord', ...request });
    if (records !== count) throw new Error(`${request.mode}: ${records} records, expected ${count}`);
    return seconds;
  };
  const speed = (request, of) => async (peer) => of.fileBytes / (await ask(peer, request, of)) / 1e9;
  const make = { op: 'index', mode: 'index' };
  const ours = { who: 'recordpipe', ours: true, unit: 'GB/s' };
  const ways = [
    ...['all', 'one'].flatMap((cores) => [
      { ...ours, what: 'index', cores, pass: speed({ ...make, index }, file) },
      { ...ours, what: 'count', cores, pass: speed({ op: 'read', mode: 'count' }, file) },
    ]),
    {
      ...ours,
      what: 'reading the index',
      cores: 'one',
      unit: 'ms',
      prepare: (peer) => ask(peer, { ...make, index: kept }),
      pass: async (peer) => 1000 * (await ask(peer, { op: 'index', mode: 'open', index: kept })),
    },
    {
      who: 'vahidk',
      what: 'tfrecord2idx',
      cores: 'one',
      unit: 'GB/s',
      records: small.count,
      pass: speed({ op: 'index', mode: 'tfrecord2idx', index: theirs }, small),
    },
  ];
  try {
    await measureWays(ways, { group: 'index', format: 'tfrecord', size }, context);
  } finally {
    for (const path of [file.path, small.path, index, kept, theirs]) data.remove(path);
  }
}

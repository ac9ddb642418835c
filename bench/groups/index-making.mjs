import { measureWays } from './ways.mjs';

const RECORDS = 10_000_000;
/**
 * tfrecord2idx takes at least a microsecond per record, so it indexes a smaller file. The figure
 * states the number of records.
 */
const PEER_RECORDS = 200_000;
/** If lengths vary, the index stores an offset for each record. */
const VARIED = ', varied lengths';

/**
 * Compares building an index with counting records, in file bytes per second, and measures loading
 * the index in milliseconds.
 */
export async function runMaking(size, context) {
  const { smoke, data } = context;
  const count = smoke ? 20_000 : RECORDS;
  const equal = data.records('index-equal', count, size);
  const varied = data.variedRecords('index-varied', count, size);
  const small = data.records('index-small', Math.min(count, PEER_RECORDS), size);
  try {
    const ways = [...waysOf(equal, '', data), ...waysOf(varied, VARIED, data), peerWay(small, data)];
    await measureWays(ways, { group: 'index', format: 'tfrecord', size }, context);
  } finally {
    data.removeAll();
  }
}

function waysOf(file, suffix, data) {
  const names = suffix === '' ? 'equal' : 'varied';
  const make = { op: 'index', mode: 'index', index: data.name(`${names}.rpidx`) };
  const kept = data.name(`${names}-kept.rpidx`);
  const ours = { who: 'recordpipe', ours: true, unit: 'GB/s' };
  return [
    ...['all', 'one'].flatMap((cores) => [
      { ...ours, what: `index${suffix}`, cores, pass: speed(make, file) },
      { ...ours, what: `count${suffix}`, cores, pass: speed({ op: 'read', mode: 'count' }, file) },
    ]),
    {
      ...ours,
      what: `reading the index${suffix}`,
      cores: 'one',
      unit: 'ms',
      prepare: (peer) => ask(peer, { ...make, index: kept }, file),
      pass: async (peer) => 1000 * (await ask(peer, { op: 'index', mode: 'open', index: kept }, file)),
    },
  ];
}

function peerWay(file, data) {
  const request = { op: 'index', mode: 'tfrecord2idx', index: data.name('made.vahidk') };
  return {
    who: 'vahidk',
    what: 'tfrecord2idx',
    cores: 'one',
    unit: 'GB/s',
    records: file.count,
    pass: speed(request, file),
  };
}

function speed(request, file) {
  return async (peer) => file.fileBytes / (await ask(peer, request, file)) / 1e9;
}

async function ask(peer, request, { path, count, format }) {
  const { seconds, records } = await peer.call({ path, format, ...request });
  if (records !== count) throw new Error(`${request.mode}: ${records} records, expected ${count}`);
  return seconds;
}

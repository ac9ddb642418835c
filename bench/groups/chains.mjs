import { SEED } from '../data.mjs';
import { FORMATS, recordsIn } from '../formats.mjs';
import { measureWays } from './ways.mjs';

const NUMBERS = 1_000_000;

const WAYS = [
  { who: 'recordpipe', ours: true, cores: 'all' },
  { who: 'recordpipe', ours: true, cores: 'one' },
  { who: 'generators', cores: 'one' },
  { who: 'ix', cores: 'one' },
  { who: 'rxjs', cores: 'one' },
];

/**
 * Measures `map.batch(256).prefetch(2)` over numbers and over a file of small records, in elements
 * per second.
 */
export async function runChains(cases, context) {
  for (const { what, size } of cases) await (what === 'numbers' ? overNumbers : overRecords)(size, context);
}

async function overNumbers(_size, context) {
  const count = context.smoke ? NUMBERS / 50 : NUMBERS;
  let sum = 0;
  for (let n = 0; n < count; n++) sum += n >> 1;
  await measure('numbers', { count, sum, request: { count } }, {}, context);
}

async function overRecords(size, context) {
  const { data, fileBytes } = context;
  const format = 'tfrecord';
  const count = recordsIn(fileBytes / 8, size);
  const file = data.records('chain', count, size);
  const pool = FORMATS[format].pool(count, size, SEED);
  let sum = 0;
  for (let k = 0; k < count; k++) sum += pool[k % pool.length][0];
  try {
    await measure('records', { count, sum, request: { path: file.path, format } }, { format, size }, context);
  } finally {
    data.remove(file.path);
  }
}

function measure(mode, { count, sum, request }, place, context) {
  const ask = async (peer, check) => {
    const answer = await peer.call({ op: 'chain', mode, ...request, ...(check && { check }) });
    if (answer.records === count && (!check || answer.sum === sum)) return answer;
    throw new Error(`${mode}: ${answer.records} elements, sum ${answer.sum}; expected ${count}, ${sum}`);
  };
  const ways = WAYS.map((way) => ({
    ...way,
    what: `map.batch.prefetch, ${mode}`,
    unit: 'records/s',
    prepare: (peer) => ask(peer, true),
    pass: async (peer) => count / (await ask(peer)).seconds,
  }));
  return measureWays(ways, { group: 'dataset', ...place }, context);
}

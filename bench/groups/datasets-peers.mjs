import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SEED } from '../data.mjs';
import { assertFacts } from '../datasets/record-set.mjs';
import { measureWays } from './ways.mjs';

const ORDERS = ['sequential', 'shuffled'];

/** The part of the records that slow ways read in a timed pass. */
const PART = 1 / 5;

/**
 * `convert`: how the program writes its own files of the same records. `slow`: the modes that read
 * the first records only.
 */
const PROGRAMS = [
  { who: 'recordpipe', ours: true, modes: ORDERS },
  {
    who: 'grain',
    convert: 'write array_record',
    modes: [...ORDERS, ...ORDERS.map((order) => `${order}, no threads`)],
    slow: ORDERS,
  },
  { who: 'loaders', name: 'mosaicml-streaming, ', convert: 'write mds of records', modes: ORDERS },
];

/**
 * Compares reading a dataset in order and shuffled, continuing it in the middle of an epoch, and the
 * size of the saved position. Figures are records per second, milliseconds from opening the dataset
 * to the next record, and bytes.
 */
export async function runDatasetPeers(context) {
  const { group, set } = context;
  const ways = PROGRAMS.flatMap(({ modes, ...program }) =>
    modes.map((mode) => {
      const limit = program.slow?.includes(mode) ? Math.ceil(PART * set.count) : undefined;
      const place = placeOf(program, context);
      return { ...program, mode, cores: 'all', ...(limit && { records: limit }), place };
    }),
  );
  await measureWays(ways.map(reading(set)), { group }, context);
  for (const order of ORDERS) {
    const states = [];
    const some = ways.filter(({ mode }) => mode.startsWith(order));
    await measureWays(some.map(resuming(set, states)), { group }, context);
    for (const state of states) context.add({ group, cores: 'all', unit: 'bytes', ...state });
  }
}

/** Where the files of a program are, and a function that writes them once. */
function placeOf({ who, convert }, { root, set }) {
  const folder = convert === undefined ? set.folder : join(root, who);
  const { count, size, shards, paths } = set;
  return {
    request: { folder, paths },
    prepare: async (peer) => {
      if (existsSync(folder)) return;
      await peer.call({ op: 'convert', mode: convert, folder, count, size, shards, seed: SEED });
    },
  };
}

function reading(set) {
  return ({ name = '', mode, place, ...way }) => {
    let checked = false;
    const pass = async (peer) => {
      const check = !checked;
      const limit = check ? undefined : way.records;
      const { seconds, facts } = await peer.call({ op: 'dataset', mode, check, limit, ...place.request });
      if (limit === undefined) assertFacts(mode, facts, set, check);
      else if (facts.records !== limit)
        throw new Error(`${mode}: ${facts.records} records, expected ${limit}`);
      checked = true;
      return facts.records / seconds;
    };
    return { ...way, what: name + mode, unit: 'records/s', prepare: place.prepare, pass };
  };
}

/** Adds a figure of the size of each state to `states`. */
function resuming(set, states) {
  const at = Math.floor(set.count / 2);
  return ({ name = '', mode, place, ...way }) => {
    const what = `${name}resume, ${mode}`;
    const state = { who: way.who, what: `${name}state, ${mode}` };
    const pass = async (peer) => {
      const { seconds, stateBytes, same } = await peer.call({ op: 'resume', mode, at, ...place.request });
      if (!same) throw new Error(`${what}: continued at another record`);
      if (!states.includes(state)) states.push(Object.assign(state, { rounds: [stateBytes] }));
      return 1000 * seconds;
    };
    return { ...way, what, unit: 'ms', prepare: place.prepare, pass };
  };
}

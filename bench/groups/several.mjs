import { contest } from '../contest.mjs';
import { recordsIn } from '../formats.mjs';

/**
 * The files are larger, because `validateFiles` starts a thread per job, whose cost must not
 * dominate.
 */
const TIMES_LARGER = 2;

const WAYS = [
  { what: 'jobs 1', cores: 'one' },
  { what: 'jobs 1', cores: 'all' },
  { what: 'jobs 2', cores: 'all' },
];

/** Measures validating two files in sequence and in parallel, in file bytes per second. */
export async function runSeveral(cases, { fileBytes, data, peers, rounds, add }) {
  for (const { size } of cases) {
    const count = recordsIn(TIMES_LARGER * fileBytes, size);
    const files = ['first', 'second'].map((name) => data.records(`${name}-${size}`, count, size));
    const paths = files.map(({ path }) => path);
    const contestants = WAYS.map((way) => ({
      ...way,
      key: `${way.what} ${way.cores}`,
      open: () => open(way),
    }));
    const open = async ({ what, cores }) => {
      const peer = await peers.fresh(cores);
      const turn = async () => {
        const { seconds, records } = await peer.call({ op: 'several', mode: what, paths });
        if (records !== 2 * count) throw new Error(`${what}: ${records} records, expected ${2 * count}`);
        return (2 * files[0].fileBytes) / seconds / 1e9;
      };
      try {
        await turn();
        await turn();
      } catch (error) {
        await peer.close();
        throw error;
      }
      return { turn, close: peer.close, notes: { version: peer.version } };
    };
    try {
      const outcomes = await contest(contestants, { rounds, before: () => data.warmMemory(fileBytes / 2) });
      for (const { key, what, cores } of contestants) {
        const { rounds: values, failed, notes } = outcomes.get(key);
        const place = { group: 'several', format: 'tfrecord', size, who: 'recordpipe', what, cores };
        add(failed ? { ...place, failed } : { ...place, ...notes, unit: 'GB/s', rounds: values });
      }
    } finally {
      for (const path of paths) data.remove(path);
    }
  }
}

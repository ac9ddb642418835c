import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { contest } from '../contest.mjs';
import { recordsIn } from '../formats.mjs';
import { COMMAND_LINE } from '../machine.mjs';

/** Approximate memory of a Node process. */
const PROCESS_BYTES = 2 ** 26;

/** Measures the wall time of whole processes, Node alone and the command line, in milliseconds. */
export async function runProcesses(cases, { smoke, data, rounds, add }) {
  const file = data.records('1MB', recordsIn(1e6, 1000), 1000);
  const ways = [
    { who: 'node', what: 'node -e 0', args: ['-e', '0'], good: () => true },
    {
      who: 'recordpipe',
      what: 'help',
      args: [COMMAND_LINE, '--help'],
      good: (output) => output.includes('validate'),
    },
    {
      who: 'recordpipe',
      what: 'validate-1MB',
      args: [COMMAND_LINE, 'validate', file.path, '--json'],
      good: (output) => JSON.parse(output).totals.records === file.count,
    },
  ].filter(({ who, what }) => who === 'node' || cases.some((one) => one.what === what));
  const contestants = [];
  for (const way of ways) {
    const place = { group: 'process', who: way.who, what: way.what, cores: 'all' };
    if (way.who !== 'node' && !existsSync(COMMAND_LINE)) add({ ...place, skipped: 'dist/ is missing' });
    else contestants.push({ ...way, key: way.what, open: async () => open(way), place });
  }
  try {
    const outcomes = await contest(contestants, {
      rounds: smoke ? 1 : 3 * rounds,
      before: () => data.warmMemory(smoke ? 0 : PROCESS_BYTES),
    });
    for (const { key, place } of contestants) {
      const { rounds: values, failed } = outcomes.get(key);
      add(failed ? { ...place, failed } : { ...place, unit: 'ms', rounds: values });
    }
  } finally {
    data.remove(file.path);
  }
}

function open({ what, args, good }) {
  const turn = async () => {
    const start = process.hrtime.bigint();
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    const milliseconds = Number(process.hrtime.bigint() - start) / 1e6;
    if (status !== 0 || !good(stdout))
      throw new Error(`${what}: exit ${status}, ${stderr.trim() || 'unexpected output'}`);
    return milliseconds;
  };
  return turn().then(() => ({ turn }));
}

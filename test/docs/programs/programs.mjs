// The twelve programs that a newcomer should be able to write with README.md and docs/ alone. Each has a
// task (tasks/NAME.md), a solution (solutions/), data and a check of what the program does. `try.mjs` gives
// a task to a person; `programs.test.ts` checks the solutions.
import { CHECKS } from './checks.mjs';
import { DATA } from './data.mjs';

/** Names of the programs, in order: `gzippedShards` is in tasks/01-gzipped-shards.md. */
const NAMES = Object.keys(CHECKS);

/** @type {import('./programs.d.mts').Program[]} */
export const PROGRAMS = NAMES.map((key, i) => {
  const words = key.replace(/[A-Z]/g, (word) => `-${word.toLowerCase()}`);
  const name = `${String(i + 1).padStart(2, '0')}-${words}`;
  const file = key === 'filterSplitQuery' ? 'solution.sh' : 'solution.mjs';
  return { name, file, prepare: DATA[key], check: CHECKS[key] };
});

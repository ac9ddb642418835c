/** Runs the benchmarks: `npm run bench -- --help`. Exits with 1 if a case failed. */

import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { corpus } from './corpus.mjs';
import { buildHash, describeMachine, oneCore, ROOT } from './machine.mjs';
import { options, USAGE } from './options.mjs';
import { takeTimings } from './timings.mjs';

const given = options(process.argv.slice(2));
const cases = corpus(given).filter(({ name }) => given.filter.test(name));
if (given.help) console.log(USAGE);
else if (given.list) console.log(cases.map(({ name }) => name).join('\n'));
else if (!existsSync(join(ROOT, 'dist/index.js'))) throw new Error('dist/ is missing: run npm run build');
else await bench();

async function bench() {
  // These modules need dist/, so they are imported only now.
  const { DataFolder } = await import('./data.mjs');
  const { Peers } = await import('./peers.mjs');
  const { GROUPS } = await import('./groups/index.mjs');
  const { Results } = await import('./results.mjs');
  const started = performance.now();
  const seconds = () => ((performance.now() - started) / 1000).toFixed(0).padStart(4);
  const log = (text) => console.log(`${seconds()} s  ${text}`);
  const core = oneCore();
  const build = buildHash();
  const dir = given.dir ?? join(ROOT, '.cache/bench');
  mkdirSync(dir, { recursive: true });
  const data = new DataFolder(dir);
  const peers = new Peers(core, given);
  const results = new Results(describeMachine(), {
    ...settings(),
    pinnedTo: core ?? 'none (taskset is not available)',
  });
  process.once('SIGINT', () => {
    data.removeAll();
    process.exit(130);
  });
  if (core === undefined) log('taskset is not available: no process is kept on one core');
  try {
    for (const [group, run] of GROUPS) {
      const mine = cases.filter((one) => one.group === group);
      if (mine.length === 0) continue;
      log(`${group}: ${mine.map(({ name }) => name).join(' ')}`);
      const add = (figure) => log(`  ${results.add(figure)}`);
      await run(mine, { ...given, core, data, peers, log, add });
      const timings = takeTimings();
      if (given.timings) console.error(`${seconds()} s  ${group}: ${timings}`);
    }
  } finally {
    await peers.closeAll();
    data.removeAll();
  }
  if (buildHash() !== build)
    throw new Error('dist/ was rebuilt during the run, so its figures mix two builds; run it again');
  await conclude(results, log);
}

async function conclude(results, log) {
  const out = given.out ?? (given.filtered || given.smoke ? undefined : join(ROOT, 'bench'));
  if (out !== undefined) {
    const { writeReport } = await import('./report/write.mjs');
    for (const path of writeReport(results.toJSON(), out)) log(`written: ${path}`);
    if (given.out === undefined) {
      const { writeReadmeTable } = await import('./report/readme.mjs');
      writeReadmeTable(results.toJSON());
      log('written: results table of README.md');
    }
  }
  if (!given.smoke) {
    const { targetsAsText } = await import('./report/targets-text.mjs');
    console.error(`\n${targetsAsText(results.toJSON())}`);
  }
  const { failed, skipped } = results;
  log(
    `${cases.length} cases: ${results.figures.length - failed - skipped} figures, ${skipped} skipped, ${failed} failed`,
  );
  if (failed > 0) process.exitCode = 1;
}

function settings() {
  const { smoke, full, rounds, fileBytes } = given;
  return { smoke, full, rounds, fileBytes };
}

/**
 * Compares recordpipe in this checkout with another checkout, both built. It runs the cases
 * alternately in each and prints the ratios of medians.
 *
 * node bench/compare.mjs ../before 'validate|views|write' --passes 3 --mib 128
 */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from './machine.mjs';
import { median } from './statistics.mjs';

const USAGE = `node bench/compare.mjs CHECKOUT [REGEXP] [options]

  CHECKOUT        the other checkout, built, with its node_modules
  REGEXP          only the cases whose name matches
  --passes N      runs of all cases in each checkout, in turn (default 3)
  --rounds N      rounds per case and pass (default 3)
  --mib N         size of the files (default 128)
`;

/** Units for which a larger figure is worse. */
const TIMES = new Set(['ms', 's', 'MiB', 'ns', 'µs']);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    help: { type: 'boolean', short: 'h', default: false },
    passes: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '3' },
    mib: { type: 'string', default: '128' },
  },
});
const [other, ...filters] = positionals;
if (values.help || other === undefined) console.log(USAGE);
else compare(resolve(other), filters);

function compare(before, cases) {
  const figures = { before: new Map(), now: new Map() };
  for (let pass = 0; pass < Number(values.passes); pass++) {
    const order = [
      ['before', before],
      ['now', ROOT],
    ];
    for (const [name, checkout] of pass % 2 === 0 ? order : order.reverse()) {
      console.error(`pass ${pass + 1}: ${name}`);
      for (const figure of figuresOf(checkout, cases)) {
        const key = keyOf(figure);
        const all = figures[name].get(key) ?? [];
        all.push(figure.median);
        figures[name].set(key, all);
      }
    }
  }
  for (const [key, medians] of figures.now) {
    const earlier = figures.before.get(key);
    if (earlier === undefined) continue;
    const [was, is] = [median(earlier), median(medians)];
    const ratio = TIMES.has(key.split(' ').at(-1)) ? was / is : is / was;
    console.log(`${ratio.toFixed(2)}x  ${key}  ${was.toPrecision(4)} -> ${is.toPrecision(4)}`);
  }
}

/** Runs the cases in a checkout. Returns the figures of recordpipe. */
function figuresOf(checkout, cases) {
  const out = mkdtempSync(join(tmpdir(), 'recordpipe-compare-'));
  try {
    const args = ['bench/run.mjs', ...cases, '--rounds', values.rounds, '--mib', values.mib, '--out', out];
    const { status, stderr } = spawnSync(process.execPath, args, {
      cwd: checkout,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    if (status !== 0) console.error(`${checkout}: exit code ${status}\n${stderr}`);
    const { figures } = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8'));
    return figures.filter(({ who, median }) => who.startsWith('recordpipe') && median !== undefined);
  } finally {
    rmSync(out, { recursive: true });
  }
}

function keyOf({ group, format, size, who, what, way, cores, unit }) {
  return [group, format, size, who, what, way, cores, unit].filter((part) => part !== undefined).join(' ');
}

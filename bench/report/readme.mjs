// `node bench/report/readme.mjs` writes the table of README.md from bench/results.json. `npm run
// bench` does so after a full run.
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { RECORD_SIZES } from '../corpus.mjs';
import { sizeName } from '../statistics.mjs';

const README = new URL('../../README.md', import.meta.url);
const RESULTS = new URL('../results.json', import.meta.url);
const MARKS = /(<!-- results: written by npm run bench -->\n).*?(\n<!-- end of results -->)/s;

/** Columns: a heading and a filter for the read figures. A cell shows the best matching figure. */
const COLUMNS = [
  ['`recordpipe validate`', { who: 'recordpipe', what: 'validate' }],
  ['recordpipe, in batches', { who: 'recordpipe', what: 'batches, reuse' }],
  ['recordpipe, one by one', { who: 'recordpipe', what: 'views, reuse' }],
  ['TensorFlow (fastest reader)', { who: 'tensorflow' }],
  ['Rust `tfrecord`', { who: 'rust', what: 'BytesIter' }],
  ['npm `tfrecord`', { who: 'npm-tfrecord' }],
  ['`dd bs=1M`', { who: 'limit', what: 'dd, by its own clock' }],
];

/** Replaces the table between the markers in README.md. */
export function writeReadmeTable({ machine, figures }) {
  const cell = (size, kind) => {
    const fits = (figure) =>
      Object.entries({ group: 'read', format: 'tfrecord', size, ...kind }).every(
        ([name, value]) => figure[name] === value,
      );
    const found = figures.filter(fits);
    const measured = found.map(({ median }) => median).filter((median) => median !== undefined);
    return measured.length > 0 ? Math.max(...measured).toPrecision(2) : 'not measured';
  };
  const rows = [
    `| record size | ${COLUMNS.map(([heading]) => heading).join(' | ')} |`,
    `|---|${'--:|'.repeat(COLUMNS.length)}`,
    ...RECORD_SIZES.map(
      (size) => `| ${sizeName(size)} | ${COLUMNS.map(([, kind]) => cell(size, kind)).join(' | ')} |`,
    ),
  ];
  const where = `Speeds are in GB/s of file data. All files are in the page cache. Machine: ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}. Date: ${machine.date.slice(0, 10)}.`;
  const text = readFileSync(README, 'utf8');
  writeFileSync(README, text.replace(MARKS, `$1${rows.join('\n')}\n\n${where}$2`));
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  writeReadmeTable(JSON.parse(readFileSync(RESULTS, 'utf8')));
}

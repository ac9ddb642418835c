/**
 * What the project set out to reach, each as a function of the figures of one run. A row compares one figure of ours with
 * the best figure of a set of others; where a peer is missing the row is open, never won.
 */

import { KERNEL_SIZES, RECORD_SIZES } from './corpus.mjs';
import { sizeName } from './statistics.mjs';

const ours = (what, cores) => ({ who: 'recordpipe', what, cores });
const everywhere = (value, sizes = RECORD_SIZES) => Object.fromEntries(sizes.map((size) => [size, value]));

/** The two ways in which ours are measured: as they run, and kept on one core as the peers are. */
const bothWays = (what) => [
  ['', ours(what, 'all')],
  [', one core', ours(what, 'one')],
];
const KERNEL_WAYS = [
  ['', ours('crc32c')],
  [', in kernel memory', ours('crc32c in kernel memory')],
];

const TO_AWS = { 64: 1.3, 256: 1.1, 1024: 0.9, 4096: 0.8, 16384: 0.8, 262144: 0.8, 4194304: 0.8 };
const TO_NODE_RS = { ...everywhere(1.3, KERNEL_SIZES), 65536: 2.5, 262144: 2.5, 4194304: 2.5 };
const TO_DD = { 100: 0.25, 1000: 0.45, 10000: 0.8, 100000: 0.8 };

/** Targets that compare, size by size, each way of ours with the fastest of others. */
const BY_SIZE = [
  {
    title: 'Kernel against `aws-crt`',
    note: 'In kernel memory: as `validate` has its bytes. Others are copied there first, which is part of the call.',
    group: 'kernel',
    ways: KERNEL_WAYS,
    others: { who: 'aws-crt' },
    wanted: TO_AWS,
  },
  {
    title: 'Kernel against `@node-rs/crc32`',
    group: 'kernel',
    ways: KERNEL_WAYS,
    others: { who: '@node-rs/crc32' },
    wanted: TO_NODE_RS,
  },
  {
    title: '`validate` in-process against `dd bs=1M of=/dev/null`',
    note: "dd's own figure, without its start. As it runs, the next read is on another thread while a chunk is checked.",
    group: 'read',
    ways: bothWays('validate'),
    others: { who: 'limit', what: 'dd, by its own clock' },
    wanted: TO_DD,
  },
  {
    title: "`validate` in-process against TensorFlow's fastest way",
    note: 'The fastest of three ways, each kept on one core and not.',
    group: 'read',
    ways: bothWays('validate'),
    others: { who: 'tensorflow' },
    wanted: everywhere(3.5),
  },
  {
    title: '`validateFiles`: two files on two cores against one core',
    note: 'Against the same two files one after the other, as that runs and kept on one core.',
    group: 'several',
    ways: [['', ours('jobs 2', 'all')]],
    others: ours('jobs 1', 'all'),
    wanted: everywhere(1.6),
  },
  {
    group: 'several',
    ways: [[', against one core', ours('jobs 2', 'all')]],
    others: ours('jobs 1', 'one'),
    wanted: everywhere(1.6),
  },
  {
    title: 'Views against `tf_record_iterator`',
    group: 'read',
    ways: [
      ...bothWays('views'),
      ...bothWays('views, reuse').map(([suffix, way]) => [`, reuse${suffix}`, way]),
    ],
    others: { who: 'tensorflow', what: 'tf_record_iterator' },
    wanted: everywhere(3),
  },
  {
    title: 'Views against npm `tfrecord`',
    group: 'read',
    ways: [
      ...bothWays('views'),
      ...bothWays('views, reuse').map(([suffix, way]) => [`, reuse${suffix}`, way]),
    ],
    others: { who: 'npm-tfrecord' },
    wanted: everywhere(30),
  },
  {
    title: 'Batches against `validate`',
    group: 'read',
    ways: [
      ['', ours('batches', 'all')],
      [', reuse', ours('batches, reuse', 'all')],
    ],
    others: ours('validate', 'all'),
    wanted: everywhere(0.8),
  },
  {
    group: 'read',
    ways: [
      [', one core', ours('batches', 'one')],
      [', reuse, one core', ours('batches, reuse', 'one')],
    ],
    others: ours('validate', 'one'),
    wanted: everywhere(0.8),
  },
  {
    title: "Writing against TensorFlow's `TFRecordWriter`",
    group: 'write',
    ways: [
      ...bothWays('openTFRecordWriter'),
      ...bothWays('openTFRecordWriter, blocking').map(([suffix, way]) => [`, blocking${suffix}`, way]),
    ],
    others: { who: 'tensorflow' },
    wanted: everywhere(1.5),
  },
];

/**
 * @typedef {{ at: string, ours?: object, other?: object, ratio?: number, wanted: number, most: boolean, reached?: boolean, open?: string }} Row
 * @typedef {{ title: string, note?: string, rows: Row[] }} Target
 * @param {{ figures: import('./results.mjs').Figure[] }} results
 * @returns {Target[]} those of which something was measured
 */
export function targets({ figures }) {
  const found = [];
  for (const { title, note, ...kind } of BY_SIZE) {
    const rows = rowsBySize(figures, kind);
    // A part without a title goes on with the rows of the one before.
    if (title === undefined) found.at(-1).rows.push(...rows);
    else found.push({ title, note, rows });
  }
  found.push({
    title: 'Memory of `recordpipe validate` over a bare Node process, MiB',
    note: 'The most each ever had in RAM; in place of the ratio, the difference.',
    rows: memoryRows(figures),
  });
  found.push({ title: 'Whole processes against `node -e 0`, milliseconds', rows: processRows(figures) });
  return found.filter(({ rows }) => rows.length > 0);
}

function rowsBySize(figures, { group, ways, others, wanted }) {
  const sizes = Object.keys(wanted).map(Number);
  return ways.flatMap(([suffix, way]) =>
    sizes.flatMap((size) => {
      const here = figures.filter((figure) => figure.group === group && figure.size === size);
      const mine = best(here, way);
      return mine === undefined ? [] : [row(sizeName(size) + suffix, mine, best(here, others), wanted[size])];
    }),
  );
}

/** The best figure of a kind; where none was measured, one that says why. */
function best(figures, kind) {
  const fits = (figure) =>
    Object.entries(kind).every(([name, value]) => value === undefined || figure[name] === value);
  const found = figures.filter(fits);
  const measured = found.filter(({ median }) => median !== undefined);
  return measured.sort((a, b) => b.median - a.median)[0] ?? found[0];
}

/** At least `wanted` times as fast as the other. */
function row(at, mine, other, wanted) {
  const common = { at, ours: mine, other, wanted, most: false };
  const open = [mine, other].map(missing).find((reason) => reason !== undefined);
  if (open !== undefined) return { ...common, open };
  const ratio = mine.median / other.median;
  return { ...common, ratio, reached: ratio >= wanted };
}

function missing(figure) {
  if (figure === undefined) return 'not measured';
  if (figure.median !== undefined) return undefined;
  const { who, what, failed, skipped } = figure;
  return failed === undefined ? `skipped: ${who} ${what} (${skipped})` : `failed: ${who} ${what} (${failed})`;
}

function processRows(figures) {
  const here = figures.filter(({ group }) => group === 'process');
  const bare = best(here, { who: 'node' });
  return [
    ['help', '`recordpipe --help`', 1.6],
    ['validate-1MB', '`recordpipe validate` of 1 MB', 2.5],
  ].flatMap(([what, at, wanted]) => {
    const mine = best(here, ours(what));
    if (mine === undefined) return [];
    const { open, ratio } = row(at, mine, bare, wanted);
    return [
      {
        at,
        ours: mine,
        other: bare,
        wanted,
        most: true,
        open,
        ratio,
        reached: open ? undefined : ratio <= wanted,
      },
    ];
  });
}

function memoryRows(figures) {
  const here = figures.filter(({ group }) => group === 'memory');
  return ['small records', 'huge records'].flatMap((what) => {
    const mine = best(here, ours(what));
    if (mine === undefined) return [];
    const bare = best(here, { who: 'node', what: `node -e 0, beside ${what}` });
    const at = mine.fileBytes
      ? `${sizeNameAbout(mine.fileBytes)} of ${sizeNameAbout(mine.recordBytes)} records`
      : what;
    const { open } = row(at, mine, bare, 160);
    const over = open ? undefined : mine.median - bare.median;
    return [
      {
        at,
        ours: mine,
        other: bare,
        wanted: 160,
        most: true,
        open,
        ratio: over,
        reached: open ? undefined : over <= 160,
      },
    ];
  });
}

/** 10737418163 -> `10 GiB`: file sizes that are whole records are not round. */
function sizeNameAbout(bytes) {
  const unit = [2 ** 30, 2 ** 20].find((size) => bytes >= size - 64);
  return unit === undefined ? sizeName(bytes) : sizeName(Math.round(bytes / unit) * unit);
}

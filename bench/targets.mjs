/**
 * What the project set out to reach, each as a function of the figures of one run. A row compares one figure of ours with
 * the best figure of a set of others; where a peer is missing the row is open, never won.
 */

import { KERNEL_SIZES, RECORD_SIZES } from './corpus.mjs';
import { sizeName } from './statistics.mjs';

const ours = (what, cores) => ({ who: 'recordpipe', what, cores });

/**
 * @typedef {{ at: string, ours?: object, other?: object, ratio?: number, wanted: number, most: boolean, reached?: boolean, open?: string }} Row
 * @typedef {{ title: string, note?: string, rows: Row[] }} Target
 * @param {{ figures: import('./results.mjs').Figure[] }} results
 * @returns {Target[]} those of which something was measured
 */
export function targets({ figures }) {
  const at = (group, sizes) => (mine, others, wanted) =>
    sizes
      .filter((size) => wanted[size] !== undefined)
      .map((size) => {
        const here = figures.filter((figure) => figure.group === group && figure.size === size);
        return row(sizeName(size), best(here, [mine]), best(here, others), wanted[size]);
      });
  const kernel = at('kernel', KERNEL_SIZES);
  const reading = at('read', RECORD_SIZES);
  const everywhere = (value, sizes = RECORD_SIZES) => Object.fromEntries(sizes.map((size) => [size, value]));

  const toAws = { 64: 1.3, 256: 1.1, 1024: 0.9, 4096: 0.8, 16384: 0.8, 262144: 0.8, 4194304: 0.8 };
  const toNodeRs = { ...everywhere(1.3, KERNEL_SIZES), 65536: 2.5, 262144: 2.5, 4194304: 2.5 };
  const toDd = { 100: 0.25, 1000: 0.45, 10000: 0.8, 100000: 0.8 };
  const ownDd = [{ who: 'limit', what: 'dd, by its own clock' }];
  const tensorflow = [{ who: 'tensorflow' }];
  const iterator = [{ who: 'tensorflow', what: 'tf_record_iterator' }];
  const npm = [{ who: 'npm-tfrecord' }];
  const aws = [{ who: 'aws-crt' }];
  const nodeRs = [{ who: '@node-rs/crc32' }];
  const inMemory = 'crc32c in kernel memory';

  return [
    { title: 'Kernel against `aws-crt`: bytes in ordinary memory', rows: kernel(ours('crc32c'), aws, toAws) },
    {
      title: 'Kernel against `aws-crt`: bytes in kernel memory, as `validate` has them',
      rows: kernel(ours(inMemory), aws, toAws),
    },
    {
      title: 'Kernel against `@node-rs/crc32`: bytes in ordinary memory',
      rows: kernel(ours('crc32c'), nodeRs, toNodeRs),
    },
    {
      title: 'Kernel against `@node-rs/crc32`: bytes in kernel memory',
      rows: kernel(ours(inMemory), nodeRs, toNodeRs),
    },
    {
      title: '`validate` in-process against `dd bs=1M of=/dev/null`',
      note: "dd's own figure, without its start. The next read runs on a thread of Node's while a chunk is checked.",
      rows: reading(ours('validate', 'all'), ownDd, toDd),
    },
    {
      title: '`validate` kept on one core, against the same `dd`',
      rows: reading(ours('validate', 'one'), ownDd, toDd),
    },
    {
      title: "`validate` against TensorFlow's fastest way",
      note: 'the fastest of three ways, each on one core and on all',
      rows: reading(ours('validate', 'all'), tensorflow, everywhere(3.5)),
    },
    {
      title: "`validate` kept on one core, against TensorFlow's fastest way",
      rows: reading(ours('validate', 'one'), tensorflow, everywhere(3.5)),
    },
    {
      title: 'Two files on two cores against two files one after the other',
      rows: at('several', RECORD_SIZES)(ours('jobs 2', 'all'), [ours('jobs 1', 'all')], everywhere(1.6)),
    },
    {
      title: 'Two files on two cores against one core',
      rows: at('several', RECORD_SIZES)(ours('jobs 2', 'all'), [ours('jobs 1', 'one')], everywhere(1.6)),
    },
    {
      title: 'Views, one core, against `tf_record_iterator`',
      rows: reading(ours('views', 'one'), iterator, everywhere(3)),
    },
    {
      title: 'Views, one core, against npm `tfrecord`',
      rows: reading(ours('views', 'one'), npm, everywhere(30)),
    },
    {
      title: 'Batches against `validate`, both on one core',
      rows: reading(ours('batches', 'one'), [ours('validate', 'one')], everywhere(0.8)),
    },
    {
      title: 'Batches with `reuse` against `validate`, both on one core',
      rows: reading(ours('batches, reuse', 'one'), [ours('validate', 'one')], everywhere(0.8)),
    },
    {
      title: 'Batches with `reuse` against `validate`, both on all cores',
      rows: reading(ours('batches, reuse', 'all'), [ours('validate', 'all')], everywhere(0.8)),
    },
    {
      title: "Writing, one core, against TensorFlow's `TFRecordWriter`",
      rows: at('write', RECORD_SIZES)(ours('openTFRecordWriter', 'one'), tensorflow, everywhere(1.5)),
    },
    { title: 'Memory of `recordpipe validate` over a bare Node process, MiB', rows: memoryRows(figures) },
    { title: 'Whole processes against `node -e 0`', rows: processRows(figures) },
  ].filter(({ rows }) => rows.some((one) => one.ours !== undefined));
}

function best(figures, kinds) {
  const fits = (figure, kind) =>
    Object.entries(kind).every(([name, value]) => value === undefined || figure[name] === value);
  const found = figures.filter((figure) => kinds.some((kind) => fits(figure, kind)));
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
  const bare = best(here, [{ who: 'node' }]);
  return [
    ['help', '`recordpipe --help`', 1.6],
    ['validate-1MB', '`recordpipe validate` of 1 MB', 2.5],
  ].flatMap(([what, at, wanted]) => {
    const mine = best(here, [ours(what)]);
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
    const mine = best(here, [ours(what)]);
    if (mine === undefined) return [];
    const bare = best(here, [{ who: 'node', what: `node -e 0, beside ${what}` }]);
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

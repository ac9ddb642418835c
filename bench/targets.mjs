/**
 * The project's performance targets, as functions of the figures of one run. A row compares one
 * figure of recordpipe with the best figure of its alternatives. If a peer is missing, the row is
 * open and never counts as reached. The target values are in targets/.
 */

import { sizeName } from './statistics.mjs';
import { COLUMN_TARGETS } from './targets/columns.mjs';
import { DATASET_TARGETS } from './targets/datasets.mjs';
import { EXAMPLE_TARGETS } from './targets/example.mjs';
import { FORMAT_TARGETS } from './targets/formats.mjs';
import { IMAGE_TARGETS } from './targets/images.mjs';
import { PIPE_SINGLES, PIPE_TARGETS } from './targets/pipe.mjs';
import { S3_TARGETS } from './targets/s3.mjs';
import { SHARD_TARGETS } from './targets/shards.mjs';
import { SINGLE_TARGETS } from './targets/singles.mjs';
import { STREAMING_TARGETS } from './targets/streaming.mjs';
import { FILE_TARGETS, TFRECORD_TARGETS } from './targets/tfrecord.mjs';
import { TRAIN_TARGETS } from './targets/train.mjs';

/**
 * @typedef {{ at: string, ours?: object, other?: object, ratio?: number, wanted: number, atMost:
 *   boolean, reached?: boolean, open?: string }} Row
 * @typedef {{ title: string, note?: string, rows: Row[] }} Target
 * @param {{ figures: import('./results.mjs').Figure[] }} results
 * @returns {Target[]} targets with at least one measured figure
 */
export function targets({ figures }) {
  const found = [];
  for (const { title, note, ...kind } of [...TFRECORD_TARGETS, ...FORMAT_TARGETS, ...PIPE_TARGETS]) {
    const rows = rowsBySize(figures, kind);
    // An entry without a title adds rows to the previous target.
    if (title === undefined) found.at(-1).rows.push(...rows);
    else found.push({ title, note, rows });
  }
  for (const { title, note, rows } of [
    ...IMAGE_TARGETS,
    ...FILE_TARGETS,
    ...PIPE_SINGLES,
    ...S3_TARGETS,
    ...STREAMING_TARGETS,
    ...TRAIN_TARGETS,
    ...DATASET_TARGETS,
    ...EXAMPLE_TARGETS,
    ...COLUMN_TARGETS,
    ...SHARD_TARGETS,
    ...SINGLE_TARGETS,
  ]) {
    found.push({ title, note, rows: rows.flatMap((single) => singleRow(figures, single)) });
  }
  return found.filter(({ rows }) => rows.length > 0);
}

/** Compares each way of recordpipe with the fastest alternative, size by size. */
function rowsBySize(figures, { group, format, ways, others, wanted }) {
  const sizes = Object.keys(wanted).map(Number);
  return ways.flatMap(([suffix, way]) =>
    sizes.flatMap((size) => {
      const here = figures.filter((figure) => fits(figure, { group, format, size }));
      const at = sizeName(size) + suffix;
      return row({ at, mine: best(here, way), other: best(here, others) ?? {}, wanted: wanted[size] });
    }),
  );
}

function singleRow(figures, { group, at, mine, other, ...rest }) {
  const here = figures.filter((figure) => figure.group === group);
  const found = best(here, mine);
  const beside = Array.isArray(other) ? slowest(here, other) : other && (best(here, other) ?? {});
  return row({ ...rest, at: typeof at === 'function' && found ? at(found) : at, mine: found, other: beside });
}

/** Returns the best measured figure of a kind; if none was measured, a figure with the reason. */
function best(figures, kind) {
  const found = figures.filter((figure) => fits(figure, kind));
  const measured = found.filter(({ median }) => median !== undefined);
  return measured.sort((a, b) => b.median - a.median)[0] ?? found[0];
}

/** Returns the lowest of the best figures of several kinds; a missing figure if there is one. */
function slowest(figures, kinds) {
  const all = kinds.map((kind) => best(figures, kind) ?? {});
  return all.find(({ median }) => median === undefined) ?? all.sort((a, b) => a.median - b.median)[0];
}

function fits(figure, kind) {
  return Object.entries(kind).every(([name, value]) => value === undefined || figure[name] === value);
}

/**
 * Builds one row; none if recordpipe was not measured. The target is that the figure is at least
 * `wanted` times the other figure or, with `atMost`, at most that. `ratio` replaces the quotient of
 * the two. Without another figure, `wanted` applies to the figure itself.
 */
function row({ at, mine, other, wanted, atMost = false, ratio = (a, b) => a / b }) {
  if (mine === undefined) return [];
  const common = { at, ours: mine, other, wanted, atMost };
  const open = [mine, ...(other ? [other] : [])].map(missing).find((reason) => reason !== undefined);
  if (open !== undefined) return [{ ...common, open }];
  const value = other ? ratio(mine.median, other.median) : mine.median;
  return [{ ...common, ratio: value, reached: atMost ? value <= wanted : value >= wanted }];
}

function missing({ median, who, what, failed, skipped }) {
  if (median !== undefined) return undefined;
  if (failed !== undefined) return `failed: ${who} ${what} (${failed})`;
  return skipped === undefined ? 'not measured' : `skipped: ${who} ${what} (${skipped})`;
}

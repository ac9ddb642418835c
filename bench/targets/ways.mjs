import { RECORD_SIZES } from '../corpus.mjs';

export const ours = (what, cores) => ({ who: 'recordpipe', what, cores });

/** The two ways in which ours are measured: as they run, and kept on one core as the peers are. */
export const bothWays = (what) => [
  ['', ours(what, 'all')],
  [', one core', ours(what, 'one')],
];

export const everywhere = (value, sizes = RECORD_SIZES) =>
  Object.fromEntries(sizes.map((size) => [size, value]));

/** Views, each way, with new memory and with memory that is used again. */
export const VIEWS = [
  ...bothWays('views'),
  ...bothWays('views, reuse').map(([suffix, way]) => [`, reuse${suffix}`, way]),
];

import { RECORD_SIZES } from '../corpus.mjs';

export const ours = (what, cores) => ({ who: 'recordpipe', what, cores });

/** The two ways in which ours are measured: as they run, and kept on one core as the peers are. */
export const bothWays = (what) => [
  ['', ours(what, 'all')],
  [', one core', ours(what, 'one')],
];

export const everywhere = (value, sizes = RECORD_SIZES) =>
  Object.fromEntries(sizes.map((size) => [size, value]));

/** The same, and as command lines do: reading on the calling thread. */
export const allWays = (what) => [...bothWays(what), [', blocking', ours(`${what}, blocking`, 'all')]];

/** Views, each way, with new memory and with memory that is used again. */
export const VIEWS = [
  ...bothWays('views'),
  ...bothWays('views, reuse').map(([suffix, way]) => [`, reuse${suffix}`, way]),
  ...bothWays('views of batches, reuse').map(([suffix, way]) => [`, of batches${suffix}`, way]),
  [', of batches, blocking', ours('views of batches, reuse, blocking', 'all')],
];

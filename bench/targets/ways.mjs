import { RECORD_SIZES } from '../corpus.mjs';

export const ours = (what, cores) => ({ who: 'recordpipe', what, cores });

/** The two ways to measure recordpipe: on all cores, and kept on one core like the peers. */
export const bothWays = (what) => [
  ['', ours(what, 'all')],
  [', one core', ours(what, 'one')],
];

export const everywhere = (value, sizes = RECORD_SIZES) =>
  Object.fromEntries(sizes.map((size) => [size, value]));

/** Both ways, plus reading on the calling thread as the command line does. */
export const allWays = (what) => [...bothWays(what), [', blocking', ours(`${what}, blocking`, 'all')]];

/** Views with new and with reused memory, each in both ways. */
export const VIEWS = [
  ...bothWays('views'),
  ...bothWays('views, reuse').map(([suffix, way]) => [`, reuse${suffix}`, way]),
  ...bothWays('views of batches, reuse').map(([suffix, way]) => [`, of batches${suffix}`, way]),
];

/**
 * Compares recordpipe in this checkout with another checkout, both built. Each case runs in both,
 * alternating round by round, without the alternatives. Prints the ratios of the two.
 *
 *     node bench/compare.mjs ../before 'validate|views|write' --rounds 15 --mib 64
 */

import { resolve } from 'node:path';
import { compareWith } from './checkout.mjs';

const [checkout, ...args] = process.argv.slice(2);
if (checkout === undefined || checkout.startsWith('-')) {
  console.log('node bench/compare.mjs CHECKOUT [REGEXP] [options of npm run bench]');
} else {
  compareWith(resolve(checkout));
  process.argv.splice(2, process.argv.length, ...args);
  await import('./run.mjs');
}

/**
 * The checkout whose recordpipe the benchmarks run: this one, except that `compare.mjs` measures
 * another in turn with it.
 */

import { join } from 'node:path';
import { ROOT } from './machine.mjs';

let current = ROOT;
let other;

/** The program `bench/subjects/NAME.mjs` of the checkout in use. */
export const subject = (name) => join(current, 'bench/subjects', `${name}.mjs`);

/** The command line of the checkout in use. */
export const commandLine = () => join(current, 'dist/cli.js');

/** The checkout to compare with; undefined if there is none. */
export const otherCheckout = () => other;

/** Makes every contest run recordpipe alone, in turn with the recordpipe of another checkout. */
export function compareWith(checkout) {
  other = checkout;
}

/** Runs `work` with the programs of a checkout. */
export async function within(checkout, work) {
  current = checkout;
  try {
    return await work();
  } finally {
    current = ROOT;
  }
}

import { runGetting } from './index-getting.mjs';
import { runMaking } from './index-making.mjs';

/** Making indexes, and getting records by them. */
export async function runIndexes(cases, context) {
  for (const { what, size } of cases) await (what === 'make' ? runMaking : runGetting)(size, context);
}

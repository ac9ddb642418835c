import { runGetting } from './index-getting.mjs';
import { runMaking } from './index-making.mjs';

/** Measures building indexes and reading records by index. */
export async function runIndexes(cases, context) {
  for (const { what, size } of cases) await (what === 'make' ? runMaking : runGetting)(size, context);
}

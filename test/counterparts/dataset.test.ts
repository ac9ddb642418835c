import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { tempDir } from '../support/temp-dir.ts';
import { missingCounterpart, runPython } from './counterpart.ts';

const missing = missingCounterpart('tensorflow');

/** Regenerates the TensorFlow results with which the ordinary tests compare. */
describe.skipIf(missing !== undefined)(
  'TensorFlow still gives the results in test/fixtures/dataset-*.json',
  () => {
    const folder = tempDir();
    const cases = (path: string): unknown =>
      (JSON.parse(readFileSync(path, 'utf8')) as { cases: unknown }).cases;

    test('interleave, counts, and padded batches', () => {
      runPython('tensorflow', 'tensorflow_dataset.py', folder.path);
      for (const name of ['dataset-interleave.json', 'dataset-counts.json', 'dataset-padded.json']) {
        const kept = new URL(`../fixtures/${name}`, import.meta.url).pathname;
        expect(cases(join(folder.path, name))).toEqual(cases(kept));
      }
    });
  },
);

import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as report from '../../src/check/index.ts';
import * as crc from '../../src/crc32c/index.ts';
import * as framing from '../../src/formats/index.ts';
import * as main from '../../src/index.ts';
import * as records from '../../src/records/index.ts';
import * as indexes from '../../src/records/indexes/index.ts';
import * as files from '../../src/records/write/index.ts';
import * as transform from '../../src/transform/index.ts';
import { docstringExamples, expectedOutput, expectPrinted } from './examples.ts';
import { moduleText } from './program.ts';
import type { BlockRun } from './run-page.ts';
import { samplePlace, writeSampleData } from './sample-place.ts';

const docstrings = docstringExamples('ts');
const place = samplePlace();
const isInSageMaker = existsSync('/opt/ml/input/config/resourceconfig.json');
afterAll(() => place.remove());

describe('docstrings', () => {
  test('every exported function has an example', () => {
    const exported = [main, crc, framing, records, files, indexes, report, transform].flatMap((module) =>
      Object.entries(module)
        .filter(([name, value]) => typeof value === 'function' && !/^[A-Z]/.test(name))
        .map(([name]) => name),
    );
    const without = [...new Set(exported)].filter(
      (name) => !docstrings.some(({ code }) => code.includes(`${name}(`)),
    );
    expect(without).toEqual([]);
    expect(docstrings.length).toBeGreaterThanOrEqual(20);
  });

  // They run in one process, each in its own folder, so that none overwrites the files of another.
  let runs: readonly BlockRun[];
  beforeAll(async () => {
    writeSampleData(place);
    const modules = docstrings.map(({ code }, i) => {
      mkdirSync(join(place.folder, `docstring-${i}`));
      symlinkSync('../data', join(place.folder, `docstring-${i}/data`));
      return place.write(`docstring-${i}/example.mjs`, moduleText(code));
    });
    runs = await place.runModules(modules);
  });

  test.for(docstrings.map((example, index) => ({ ...example, index })))(
    '$place',
    ({ code, index }, { skip }) => {
      skip(code.includes('shardFromEnvironment') && isInSageMaker, "SageMaker's files name another shard");
      const { output, failure } = runs[index];
      expect(failure).toBeUndefined();
      expectPrinted(output, expectedOutput(code));
    },
  );
});

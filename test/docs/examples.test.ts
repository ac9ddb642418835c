import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll, describe, expect, test } from 'vitest';
import * as crc from '../../src/crc32c/index.ts';
import * as files from '../../src/files/index.ts';
import * as framing from '../../src/framing/index.ts';
import * as main from '../../src/index.ts';
import * as indexes from '../../src/indexes/index.ts';
import * as records from '../../src/records/index.ts';
import * as report from '../../src/report/index.ts';
import * as transform from '../../src/transform/index.ts';
import { docstringExamples, documentExamples, type Example, expectedOutput } from './examples.ts';
import { samplePlace } from './sample-place.ts';

const readme = existsSync(fileURLToPath(new URL('../../README.md', import.meta.url)));
const docstrings = docstringExamples('ts');
const programs = readme ? documentExamples('README.md', 'ts') : [];
const scripts = readme ? documentExamples('README.md', 'sh') : [];

const place = samplePlace();
afterAll(() => place.remove());

/**
 * Runs an example as a module beside the installed package, without its types and otherwise as it is: what this Node does not know is
 * a failure.
 * @param folder where it runs and writes
 */
function run({ code }: Example, index: number, folder = ''): string[] {
  const { outputText, diagnostics } = ts.transpileModule(code, {
    reportDiagnostics: true,
    compilerOptions: {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ESNext,
      verbatimModuleSyntax: true,
    },
  });
  expect(diagnostics).toEqual([]);
  const path = place.write(`${folder}example-${index}.mjs`, outputText);
  const { stdout, stderr, status } = place.runModule(path);
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  return stdout.split('\n').slice(0, -1);
}

/** Whether lines were printed as their comments say, in order; what has no comment may print any number of lines. */
function expectOutput(lines: readonly string[], expected: readonly (string | undefined)[]): void {
  if (!expected.includes(undefined)) {
    expect(lines).toEqual(expected);
    return;
  }
  let at = 0;
  for (const line of expected) {
    if (line === undefined) continue;
    const found = lines.indexOf(line, at);
    expect(found, `${line}\nin\n${lines.join('\n')}`).toBeGreaterThanOrEqual(at);
    at = found + 1;
  }
}

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

  test.each(docstrings.map((example, index) => ({ ...example, index })))('$place', (example) => {
    const expected = expectedOutput(example.code);
    expectOutput(run(example, example.index, `docstring-${example.index}/`), expected);
  });
});

describe.runIf(readme)('README.md', () => {
  test.each(programs.map((example, index) => ({ ...example, index: 1000 + index })))('$place', (example) => {
    expectOutput(run(example, example.index), expectedOutput(example.code));
  });

  const commands = scripts.flatMap(({ place, code }) =>
    code
      .split('\n')
      .filter((line) => /^(npx )?recordpipe /.test(line))
      .map((line) => ({ place, line })),
  );

  test('shows commands', () => expect(commands.length).toBeGreaterThan(0));

  // data/ has a damaged file: who checks it says so with exit code 1; nothing else may go wrong.
  test.each(commands)('$line', ({ line }) => {
    const { stdout, stderr, status } = place.run('bash', '-c', line.replace(/^npx /, ''));
    const finds = /recordpipe (validate|cat) data\/(\s|$)|repair data\/damaged/.test(line);
    const writesFiles =
      /recordpipe (index|convert|repair|split|merge|shuffle|sample|plan) /.test(line) && !/ - /.test(line);
    expect({ status, stderr }).toMatchObject({ status: finds ? 1 : 0 });
    expect(stderr).not.toMatch(/^\s+at /m);
    if (!writesFiles) expect(stdout).not.toBe('');
    if (/--json\b/.test(line)) expect(() => JSON.parse(stdout)).not.toThrow();
    if (/--jsonl\b/.test(line))
      for (const row of stdout.trim().split('\n')) expect(() => JSON.parse(row)).not.toThrow();
  });
});

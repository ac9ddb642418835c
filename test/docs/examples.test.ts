import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as report from '../../src/check/index.ts';
import * as crc from '../../src/crc32c/index.ts';
import * as framing from '../../src/formats/index.ts';
import * as main from '../../src/index.ts';
import * as records from '../../src/records/index.ts';
import * as indexes from '../../src/records/indexes/index.ts';
import * as files from '../../src/records/write/index.ts';
import * as transform from '../../src/transform/index.ts';
import { docstringExamples, documentExamples, type Example, expectedOutput } from './examples.ts';
import { samplePlace } from './sample-place.ts';

const readme = existsSync(fileURLToPath(new URL('../../README.md', import.meta.url)));
const docstrings = docstringExamples('ts');
const programs = readme
  ? [
      'README.md',
      'docs/datasets.md',
      'docs/filters.md',
      'docs/columns.md',
      'docs/arrow-and-parquet.md',
    ].flatMap((document) => documentExamples(document, 'ts'))
  : [];

const scripts = readme
  ? ['README.md', 'docs/columns.md', 'docs/filters.md'].flatMap((document) =>
      documentExamples(document, 'sh'),
    )
  : [];

const place = samplePlace();
afterAll(() => place.remove());

/**
 * Writes an example as a module next to the installed package, without its types but otherwise
 * unchanged, so that syntax which this Node does not support is a failure.
 * @param folder folder in which it is written and runs
 */
function moduleOf({ code }: Example, index: number, folder = ''): string {
  const { outputText, diagnostics } = ts.transpileModule(code, {
    reportDiagnostics: true,
    compilerOptions: {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ESNext,
      verbatimModuleSyntax: true,
    },
  });
  expect(diagnostics).toEqual([]);
  return place.write(`${folder}example-${index}.mjs`, outputText);
}

/** Runs an example in its own process, as a reader would. */
function run(example: Example, index: number): string[] {
  const { stdout, stderr, status } = place.run(process.execPath, moduleOf(example, index));
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  return linesOf(stdout);
}

const RUN_MODULES = fileURLToPath(new URL('./run-modules.mjs', import.meta.url));

/**
 * Runs examples consecutively in one process, each in its own folder, so that none overwrites the
 * files of another.
 */
function runTogether(examples: readonly Example[]): Map<string, Ran> {
  const modules = examples.map((example, index) => moduleOf(example, index, `docstring-${index}/`));
  const { stdout, stderr } = place.run(process.execPath, RUN_MODULES, ...modules);
  expect(stderr).toBe('');
  const results = linesOf(stdout).map((line) => JSON.parse(line) as Ran);
  return new Map(results.map((result, i) => [examples[i].place, result]));
}

interface Ran {
  readonly stdout: string;
  readonly stderr: string;
}

function linesOf(text: string): string[] {
  return text.split('\n').slice(0, -1);
}

/**
 * Checks that the printed lines match the comments, in order. A statement without a comment may
 * print any number of lines.
 */
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

  let results: Map<string, Ran>;
  beforeAll(() => {
    results = runTogether(docstrings);
  });

  test.each(docstrings)('$place', ({ place, code }) => {
    const { stdout, stderr } = results.get(place) ?? {
      stdout: '',
      stderr: 'an example before it ended the process',
    };
    expect(stderr).toBe('');
    expectOutput(linesOf(stdout), expectedOutput(code));
  });
});

describe.runIf(readme)('README.md and the guides', () => {
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

  // data/ contains a damaged file, so commands that check it exit with 1. Nothing else may fail.
  test.each(commands)('$line', ({ line }) => {
    const { stdout, stderr, status } = place.run('bash', '-c', line.replace(/^npx /, ''));
    const finds = /recordpipe (validate|cat) data\/(\s|$)|repair data\/damaged/.test(line);
    const writesFiles =
      /recordpipe (index|convert|repair|split|merge|shuffle|sample|plan|schema) /.test(line) &&
      !/ - /.test(line);
    expect({ status, stderr }).toMatchObject({ status: finds ? 1 : 0 });
    expect(stderr).not.toMatch(/^\s+at /m);
    if (!writesFiles) expect(stdout).not.toBe('');
    if (/--json\b/.test(line)) expect(() => JSON.parse(stdout)).not.toThrow();
    if (/--jsonl\b/.test(line))
      for (const row of stdout.trim().split('\n')) expect(() => JSON.parse(row)).not.toThrow();
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect } from 'vitest';
import { matchesOutput, ROOT } from './page.ts';

/** A code sample in a document or docstring. */
export interface Example {
  /** `path:line` of its first line of code. */
  readonly place: string;
  readonly code: string;
}

/** Returns every example in the given language in the docstrings of src/. */
export function docstringExamples(language: string): Example[] {
  return readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.includes('.generated.'))
    .flatMap(({ parentPath, name }) => {
      const path = join(parentPath, name);
      const lines = readFileSync(path, 'utf8').split('\n');
      // Outside docstrings, nothing is collected; inside, the margin is removed.
      const margin = /^\s*\* ?/;
      const text = lines.map((line) => (margin.test(line) ? line.replace(margin, '') : ''));
      return fenced(text, language, relative(ROOT, path));
    });
}

/**
 * Returns the lines that the comments of a program state as its output, in order: comments at the
 * end of `console.log` lines, and comment lines directly after them or at the end of the program.
 */
export function expectedOutput(code: string): string[] {
  const lines = code.trimEnd().split('\n');
  const isComment = (line: string): boolean => /^\s*\/\/ /.test(line);
  const end = lines.findLastIndex((line) => !isComment(line));
  const expected: string[] = [];
  let printed = false;
  for (const [i, line] of lines.entries()) {
    if (isComment(line)) {
      if (printed || i > end) expected.push(line.replace(/^\s*\/\/ /, ''));
      continue;
    }
    printed = line.includes('console.log(');
    const comment = printed ? /\); \/\/ (.+)$/.exec(line)?.[1] : undefined;
    if (comment !== undefined) expected.push(comment);
  }
  return expected;
}

/** Checks that the expected lines were printed, in this order. Others may be between them. */
export function expectPrinted(output: string, expected: readonly string[]): void {
  const lines = output.split('\n');
  let at = 0;
  for (const line of expected) {
    const found = lines.findIndex((printed, i) => i >= at && matchesOutput(printed, line));
    expect(found, `${line}\nin\n${output}`).toBeGreaterThanOrEqual(at);
    at = found + 1;
  }
}

function fenced(lines: readonly string[], language: string, path: string): Example[] {
  const examples: Example[] = [];
  for (
    let at = lines.indexOf(`\`\`\`${language}`);
    at >= 0;
    at = lines.indexOf(`\`\`\`${language}`, at + 1)
  ) {
    const end = lines.indexOf('```', at + 1);
    if (end < 0) throw new Error(`${path}:${at + 1}: an example without an end`);
    examples.push({ place: `${path}:${at + 2}`, code: lines.slice(at + 1, end).join('\n') });
  }
  return examples;
}

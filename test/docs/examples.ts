import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A code sample in a document or docstring. */
export interface Example {
  /** `path:line` of its first line of code. */
  readonly place: string;
  readonly code: string;
}

/** Returns every example in the given language in the docstrings of src/. */
export function docstringExamples(language: string): Example[] {
  return readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.includes('.generated.'))
    .flatMap(({ parentPath, name }) => {
      const path = join(parentPath, name);
      const lines = readFileSync(path, 'utf8').split('\n');
      // Outside docstrings, nothing is collected; inside, the margin is removed.
      const margin = /^\s*\* ?/;
      const text = lines.map((line) => (margin.test(line) ? line.replace(margin, '') : ''));
      return fenced(text, language, relative(root, path));
    });
}

/**
 * Returns every example in the given language in a document; none if the document does not exist.
 */
export function documentExamples(document: string, language: string): Example[] {
  return fenced(readFileSync(join(root, document), 'utf8').split('\n'), language, document);
}

/**
 * Returns the output that the comments of `console.log` lines state, in order. A line without a
 * comment may print anything.
 */
export function expectedOutput(code: string): (string | undefined)[] {
  return code
    .split('\n')
    .filter((line) => line.includes('console.log('))
    .map((line) => /\); \/\/ (.+)$/.exec(line)?.[1]);
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

// Writes schema/output/ and docs/reference/ from the sources: `npm run docs:generate`.
// `test/docs/reference.test.ts` fails if a page is out of date, and `.ci/run` if a schema is.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cliPages } from './docs/cli.mjs';
import { errorPages } from './docs/errors.mjs';
import { jsonPages } from './docs/json.mjs';

const SCHEMAS = fileURLToPath(new URL('../schema/output', import.meta.url));
const REFERENCE = fileURLToPath(new URL('../docs/reference', import.meta.url));

/** Returns the texts of all generated pages, by their path in docs/reference/. */
export async function referencePages() {
  return new Map([...cliPages(), ...errorPages(), ...jsonPages()]);
}

/** Returns the texts of the committed pages, by their path in docs/reference/. */
export function committedPages() {
  const names = readdirSync(REFERENCE, { recursive: true, encoding: 'utf8' });
  const pages = names.map((name) => name.replaceAll('\\', '/')).filter((name) => name.endsWith('.md'));
  return new Map(pages.sort().map((name) => [name, readFileSync(join(REFERENCE, name), 'utf8')]));
}

/** Writes the schemas of schema/output/, which the reference of the JSON documents describes. */
async function writeSchemas() {
  const { outputSchemas } = await import('./docs/schemas.mjs');
  rmSync(SCHEMAS, { recursive: true, force: true });
  mkdirSync(SCHEMAS, { recursive: true });
  for (const [name, schema] of outputSchemas()) writeFileSync(join(SCHEMAS, `${name}.json`), compact(schema));
}

/** Returns a schema as JSON with one line per definition. Indentation would double its packed size. */
function compact({ $defs, ...schema }) {
  const lines = (object, end) =>
    Object.entries(object).map(
      ([name, value], i, { length }) =>
        `${JSON.stringify(name)}:${JSON.stringify(value)}${i + 1 < length ? ',' : end}`,
    );
  if ($defs === undefined) return `{\n${lines(schema, '').join('\n')}\n}\n`;
  return ['{', ...lines(schema, ','), '"$defs":{', ...lines($defs, '}'), '}', ''].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeSchemas();
  mkdirSync(REFERENCE, { recursive: true });
  const pages = await referencePages();
  for (const name of committedPages().keys()) if (!pages.has(name)) rmSync(join(REFERENCE, name));
  for (const [name, text] of pages) {
    mkdirSync(dirname(join(REFERENCE, name)), { recursive: true });
    writeFileSync(join(REFERENCE, name), text);
  }
}

import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { committedPages, referencePages } from '../../scripts/generate-docs.mjs';

test('docs/reference contains what the sources say (update it with `npm run docs:generate`)', async () => {
  const pages = await referencePages();
  const committed = committedPages();
  expect([...committed.keys()]).toEqual([...pages.keys()].sort());
  for (const [name, text] of pages) expect(committed.get(name), name).toBe(text);
});

/** Objects whose keys are the words of a type, such as kinds of images. */
const MAPS = /\.(?:images|kinds)\./;

test('every field in the schemas of JSON outputs has a description', () => {
  const folder = new URL('../../schema/output/', import.meta.url);
  const schemas = readdirSync(folder).map((file) => JSON.parse(readFileSync(new URL(file, folder), 'utf8')));
  const missing = schemas.flatMap((schema) => undescribed(schema, schema.title));
  expect([...new Set(missing)].filter((name) => !MAPS.test(name))).toEqual([]);
});

interface Rule {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Rule>>;
  readonly $defs?: Readonly<Record<string, Rule>>;
  readonly items?: Rule;
  readonly anyOf?: readonly Rule[];
}

function undescribed({ properties = {}, $defs = {}, items, anyOf = [] }: Rule, at: string): string[] {
  const fields = Object.entries(properties);
  return [
    ...fields.filter(([, { description }]) => description === undefined).map(([name]) => `${at}.${name}`),
    ...fields.flatMap(([name, rule]) => undescribed(rule, `${at}.${name}`)),
    ...Object.entries($defs).flatMap(([name, rule]) => undescribed(rule, name)),
    ...[...anyOf, ...(items === undefined ? [] : [items])].flatMap((rule) => undescribed(rule, at)),
  ];
}

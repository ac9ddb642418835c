// Prints the section of CHANGELOG.md about the version in package.json.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from './contents.mjs';

/** Returns the text of a version in CHANGELOG.md; undefined if it has none. */
export function notesOf(version) {
  const sections = readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8').split(/^## /m);
  const section = sections.find((text) => text.split('\n', 1)[0].trim() === version);
  return section?.slice(section.indexOf('\n')).trim();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const notes = notesOf(version);
  if (notes === undefined) throw new Error(`CHANGELOG.md has no section ${version}`);
  console.log(notes);
}

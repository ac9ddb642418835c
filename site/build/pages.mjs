import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { API_PAGES } from './api-pages.mjs';
import { ROOT } from './repository.mjs';

/** The folder from which VitePress builds the site: copies of docs/ and generated pages. */
export const STAGE = fileURLToPath(new URL('../.pages', import.meta.url));

/** Pages that are not in docs/: their files in the repository and on the site. */
const OTHERS = [
  ['site/pages/index.md', 'index.md'],
  ['site/pages/validate.md', 'validate.md'],
  ['bench/RESULTS.md', 'benchmarks.md'],
  ['CHANGELOG.md', 'changelog.md'],
];

/** Returns the Markdown files of a folder of the repository, with paths relative to that folder. */
function markdownIn(folder) {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.md'))
    .sort();
}

/** Returns the page of a file of docs/. The index of docs/ is a page, because the site has its own home page. */
function pageOf(file) {
  return file === 'README.md' ? 'guides.md' : file.replace(/(^|\/)README\.md$/, '$1index.md');
}

/** Maps files of the repository to pages of the site. */
export const PAGES = new Map([
  ...markdownIn('docs').map((file) => [`docs/${file}`, pageOf(file)]),
  ...OTHERS,
]);

/** Maps pages of the site to files of the repository. */
export const SOURCES = new Map([...PAGES].map(([file, page]) => [page, file]));

/** Copies all pages and images into {@link STAGE}. */
export function stagePages() {
  rmSync(STAGE, { recursive: true, force: true });
  for (const [file, page] of PAGES) {
    mkdirSync(dirname(join(STAGE, page)), { recursive: true });
    cpSync(join(ROOT, file), join(STAGE, page));
  }
  cpSync(join(ROOT, 'bench/charts'), join(STAGE, 'public/bench/charts'), { recursive: true });
  cpSync(join(ROOT, 'docs/report.png'), join(STAGE, 'public/docs/report.png'));
  cpSync(join(ROOT, 'site/pages/logo.svg'), join(STAGE, 'public/logo.svg'));
}

/**
 * Returns the sidebars of sidebar.json, by the start of the addresses where they are shown. The text
 * of a page is its heading. Throws if a page of docs/ is in no sidebar, or if a sidebar names a page
 * that does not exist.
 */
export function sidebars() {
  const all = markdownIn('docs');
  const used = new Set();
  const pagesOf = (pattern) => {
    const found = pattern.endsWith('/*')
      ? all.filter((file) => dirname(file) === pattern.slice(0, -2))
      : all.filter((file) => file === pattern);
    if (found.length === 0) throw new Error(`sidebar.json names ${pattern}, which is not in docs/`);
    for (const file of found) used.add(file);
    return found;
  };
  const groupOf = ({ text, collapsed, pages, generated }) => ({
    text,
    collapsed,
    items:
      generated === 'api'
        ? API_PAGES
        : pages.flatMap(pagesOf).map((file) => ({ text: headingOf(file), link: linkOf(pageOf(file)) })),
  });
  const declared = JSON.parse(readFileSync(join(ROOT, 'site/sidebar.json'), 'utf8'));
  const result = Object.fromEntries(
    Object.entries(declared).map(([path, groups]) => [path, groups.map(groupOf)]),
  );
  const missing = all.filter((file) => !used.has(file));
  if (missing.length > 0) throw new Error(`sidebar.json lacks these pages of docs/: ${missing.join(', ')}`);
  return result;
}

function headingOf(file) {
  const text = readFileSync(join(ROOT, 'docs', file), 'utf8');
  const heading = /^# (.+)$/m.exec(text)?.[1];
  if (heading === undefined) throw new Error(`docs/${file} has no heading`);
  return heading.replaceAll('`', '');
}

/** Returns the address of a page. */
export function linkOf(page) {
  return `/${page.replace(/(^|\/)index\.md$/, '$1').replace(/\.md$/, '')}`;
}

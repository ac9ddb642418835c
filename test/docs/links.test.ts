import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from './page.ts';

const documents = [
  ...readdirSync(ROOT).filter((file) => file.endsWith('.md')),
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file.replaceAll('\\', '/')}`),
].sort();

/** A relative link: the path from the root of the repository, and the anchor. */
interface Link {
  readonly line: number;
  readonly path: string;
  readonly anchor: string | undefined;
}

/** Returns the text without code, in which brackets are not links. Lines keep their numbers. */
function withoutCode(text: string): string {
  return text
    .replace(/^( *)```.*?^ *```$/gms, (block) => block.replace(/[^\n]/g, ''))
    .replace(/(`+)(?!`).*?\1/g, '');
}

function relativeLinks(document: string): Link[] {
  return withoutCode(readFileSync(join(ROOT, document), 'utf8'))
    .split('\n')
    .flatMap((line, i) =>
      [...line.matchAll(/\]\(([^)\s]+)\)|\b(?:src|href)="([^"]+)"/g)]
        .map(([, link, attribute]) => link ?? attribute)
        .filter((target) => !/^[a-z][a-z+.-]*:/.test(target))
        .map((target) => {
          const [path, anchor] = target.split('#');
          const file = path === '' ? document : posix.join(dirname(document), decodeURI(path));
          return { line: i + 1, path: file, anchor };
        }),
    );
}

/** Returns the anchors of a document's headings, as GitHub and the documentation site form them. */
function anchorsOf(document: string): Set<string> {
  const text = readFileSync(join(ROOT, document), 'utf8').replace(/^```.*?^```$/gms, '');
  const anchors = new Set<string>();
  for (const [, heading] of text.matchAll(/^#{1,6} (.+)$/gm)) {
    const slug = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-');
    let unique = slug;
    for (let n = 1; anchors.has(unique); n++) unique = `${slug}-${n}`;
    anchors.add(unique);
  }
  for (const [, id] of text.matchAll(/<a (?:id|name)="([^"]+)"/g)) anchors.add(id);
  return anchors;
}

describe('links', () => {
  test('relative links lead to files and headings', () => {
    const broken = documents.flatMap((document) =>
      relativeLinks(document)
        .filter(({ path, anchor }) => {
          if (!existsSync(join(ROOT, path))) return true;
          if (anchor === undefined || !path.endsWith('.md')) return false;
          return !anchorsOf(path).has(anchor);
        })
        .map(({ line, path, anchor }) => `${document}:${line}: ${path}${anchor ? `#${anchor}` : ''}`),
    );
    expect(broken).toEqual([]);
  });

  test('README links only to files that the package contains', () => {
    const { files } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { files: string[] };
    const contains = (path: string): boolean =>
      files.some((entry) => {
        const [folder, ending] = entry.split('/**/*');
        return ending === undefined
          ? path === entry || path.startsWith(`${entry}/`)
          : path.startsWith(`${folder}/`) && path.endsWith(ending);
      });
    const missing = relativeLinks('README.md').filter(({ path }) => !contains(path.replace(/\/$/, '')));
    expect(missing.map(({ line, path }) => `README.md:${line}: ${path}`)).toEqual([]);
  });

  test('links to folders lead to their README', () => {
    const folders = documents
      .flatMap(relativeLinks)
      .filter(
        ({ path }) =>
          path.startsWith('docs/') &&
          existsSync(join(ROOT, path)) &&
          statSync(join(ROOT, path)).isDirectory(),
      );
    expect(folders).toEqual([]);
  });

  test('every guide is in the index, docs/README.md', () => {
    const linked = new Set(relativeLinks('docs/README.md').map(({ path }) => path));
    const guides = documents.filter(
      (name) => /^docs\/([^/]+\.md|[^/]+\/README\.md)$/.test(name) && name !== 'docs/README.md',
    );
    expect(guides.filter((name) => !linked.has(name))).toEqual([]);
  });
});

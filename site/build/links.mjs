import { statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { PAGES, SOURCES } from './pages.mjs';
import { REPOSITORY, ROOT } from './repository.mjs';

const IMAGE = /\.(svg|png)$/;

/**
 * A plugin of markdown-it. Pages link to each other, and to other files of the repository, with
 * relative paths. On the site, links to pages lead to pages, and all others to the repository.
 */
export function repositoryLinks(markdown) {
  markdown.core.ruler.push('repository-links', ({ tokens, env }) => {
    const source = SOURCES.get(env.relativePath);
    if (source === undefined) return;
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const name = { link_open: 'href', image: 'src' }[token.type];
      if (name !== undefined) token.attrSet(name, targetOf(token.attrGet(name), source));
    }
  });
}

/** Returns the address on the site of a link in a file of the repository. */
function targetOf(link, source) {
  if (/^([a-z]+:|#|\/)/i.test(link)) return link;
  const [, path, anchor] = /^([^#]*)(#.*)?$/.exec(link);
  const file = posix.join(posix.dirname(source), path);
  const page = PAGES.get(file) ?? PAGES.get(`${file.replace(/\/$/, '')}/README.md`);
  if (page !== undefined) return `/${page}${anchor ?? ''}`;
  if (IMAGE.test(file)) return `/${file}`;
  const info = statSync(join(ROOT, file), { throwIfNoEntry: false });
  if (info === undefined) throw new Error(`${source} links to ${link}, which does not exist`);
  return `${REPOSITORY}/${info.isDirectory() ? 'tree' : 'blob'}/main/${file}${anchor ?? ''}`;
}

import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { LinkChecker } from 'linkinator';

/** Checks all links of all pages to this site, anchors included. */
export async function checkLinks(origin) {
  const dist = fileURLToPath(new URL('../dist', import.meta.url));
  const pages = readdirSync(dist, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.html') && file !== '404.html')
    .map((file) => `${origin}/${file.replaceAll('\\', '/')}`);
  const { links } = await new LinkChecker().check({
    path: pages,
    concurrency: 20,
    checkFragments: true,
    linksToSkip: async (link) => !link.startsWith(origin),
  });
  const broken = links.filter(({ state }) => state === 'BROKEN');
  const internal = links.filter(({ state }) => state !== 'SKIPPED');
  return {
    did: `${internal.length} links on ${pages.length} pages, ${broken.length} broken`,
    problems: broken.map(({ parent, url }) => `${parent} links to ${url}`),
  };
}

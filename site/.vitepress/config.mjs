import { fileURLToPath } from 'node:url';
import { slug } from 'github-slugger';
import { defineConfig } from 'vitepress';
import { repositoryLinks } from '../build/links.mjs';
import { SOURCES, sidebars } from '../build/pages.mjs';
import { REPOSITORY, ROOT, VERSION } from '../build/repository.mjs';
import { emptyCorners } from '../build/tables.mjs';

/** Where the site is served, for example `/recordpipe/`. */
const base = process.env['SITE_BASE'] ?? '/';

const UNSEARCHED = new Set(['benchmarks.md', 'changelog.md']);

export default defineConfig({
  title: 'recordpipe',
  description:
    'Read, write and check TFRecord, RecordIO and text files, and read SageMaker Pipe mode, in TypeScript.',
  lang: 'en-US',
  base,
  srcDir: '.pages',
  outDir: fileURLToPath(new URL('../dist', import.meta.url)),
  cacheDir: '.vitepress/.cache',
  cleanUrls: true,
  lastUpdated: false,
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: `${base}logo.svg` }]],
  markdown: {
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    // As in the repository, so that links to headings work in both.
    anchor: { slugify: (text) => slug(text) },
    languageAlias: { 'asl.json': 'json', sbatch: 'bash', console: 'sh' },
    config: (markdown) => markdown.use(repositoryLinks).use(emptyCorners),
  },
  transformPageData({ relativePath, frontmatter }) {
    const source = SOURCES.get(relativePath);
    if (source === undefined) frontmatter.editLink = false;
    else frontmatter.source = `${REPOSITORY}/edit/main/${source}`;
  },
  themeConfig: {
    logo: '/logo.svg',
    nav: [
      { text: 'Guides', link: '/guides', activeMatch: '^/(?!reference|benchmarks|validate|changelog).' },
      { text: 'Reference', link: '/reference/api/', activeMatch: '^/reference/' },
      { text: 'Benchmarks', link: '/benchmarks' },
      { text: 'Validate a file', link: '/validate' },
      { text: VERSION, link: '/changelog' },
    ],
    sidebar: sidebars(),
    outline: { level: [2, 3] },
    search: {
      provider: 'local',
      options: {
        // Figures and old changes would bury the guides.
        _render: (text, env, markdown) =>
          UNSEARCHED.has(env.relativePath) ? '' : markdown.render(text, env),
      },
    },
    socialLinks: [{ icon: 'github', link: REPOSITORY, ariaLabel: 'Repository' }],
    editLink: {
      pattern: ({ frontmatter }) => frontmatter.source,
      text: 'Edit this page',
    },
    footer: { message: 'Apache-2.0. This site loads nothing from other servers.' },
  },
  vite: {
    resolve: {
      // The package as browsers get it.
      alias: [
        { find: /^recordpipe$/, replacement: `${ROOT}/dist/browser/index.js` },
        { find: /^recordpipe\/messages$/, replacement: `${ROOT}/dist/browser/messages.js` },
      ],
    },
    server: { fs: { allow: [fileURLToPath(new URL('../..', import.meta.url))] } },
    worker: { format: 'es' },
    // The index of the search is one large chunk, which loads on the first search.
    build: { chunkSizeWarningLimit: 8192 },
  },
});

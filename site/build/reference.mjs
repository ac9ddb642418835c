import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Application, Comment, CommentTag, Converter, ReflectionKind } from 'typedoc';
import { MarkdownPageEvent } from 'typedoc-plugin-markdown';
import { TASKS } from '../../scripts/docs/tasks.mjs';
import { API } from './api-pages.mjs';
import { STAGE } from './pages.mjs';

/** Generated modules, one per task, that export the names of the task. */
const ENTRIES = fileURLToPath(new URL('../.reference', import.meta.url));

/** Writes the reference of the API from docstrings: one page per task, with all its names. */
export async function stageReference() {
  writeEntries();
  const out = join(STAGE, API);
  const app = await Application.bootstrapWithPlugins({
    plugin: ['typedoc-plugin-markdown'],
    entryPoints: TASKS.map(({ page }) => join(ENTRIES, `${page}.ts`)),
    tsconfig: join(ENTRIES, 'tsconfig.json'),
    // `npm run types` reports type errors.
    skipErrorChecking: true,
    readme: 'none',
    out,
    router: 'module',
    entryFileName: 'index',
    disableSources: true,
    excludeExternals: true,
    excludePrivate: true,
    excludeInternal: true,
    sort: ['kind', 'alphabetical'],
    kindSortOrder: ['Function', 'Class', 'Interface', 'TypeAlias', 'Variable'],
    categorizeByGroup: false,
    hideBreadcrumbs: true,
    hidePageHeader: true,
    parametersFormat: 'table',
    interfacePropertiesFormat: 'table',
    classPropertiesFormat: 'table',
    typeDeclarationFormat: 'table',
    typeAliasPropertiesFormat: 'table',
    tableColumnSettings: {
      hideSources: true,
      hideDefaults: true,
      hideModifiers: true,
      hideInherited: true,
      hideOverrides: true,
    },
    sanitizeComments: true,
    useCustomAnchors: true,
    pageTitleTemplates: { module: ({ rawName }) => TASKS.find(({ page }) => page === rawName).title },
    // The tests check that every export has a docstring. Types of Node and of optional packages have no page.
    validation: { notExported: false, invalidLink: true, notDocumented: false },
    logLevel: 'Warn',
  });
  app.renderer.on(MarkdownPageEvent.END, (event) => {
    event.contents = withoutMinorHeadings(event.contents);
  });
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => markSubpaths(project));
  const project = await app.convert();
  if (project === undefined) throw new Error('TypeDoc could not read the sources');
  app.validate(project);
  await app.generateOutputs(project);
  if (app.logger.hasErrors()) throw new Error('TypeDoc reported errors');
  writeFileSync(join(out, 'index.md'), indexPage());
}

function writeEntries() {
  rmSync(ENTRIES, { recursive: true, force: true });
  mkdirSync(ENTRIES, { recursive: true });
  for (const { page, about, exports } of TASKS) {
    const lines = Object.entries(exports).map(
      ([from, names]) => `export { ${names.join(', ')} } from '${from}';`,
    );
    writeFileSync(
      join(ENTRIES, `${page}.ts`),
      `/**\n * ${about}\n *\n * @module\n */\n${lines.join('\n')}\n`,
    );
  }
  const compilerOptions = { verbatimModuleSyntax: false, isolatedDeclarations: false };
  const config = { extends: '../../tsconfig.json', compilerOptions, include: ['*.ts'] };
  writeFileSync(join(ENTRIES, 'tsconfig.json'), JSON.stringify(config));
}

/** Puts each name under a heading with the import path from the table of tasks. */
function markSubpaths(project) {
  for (const module of project.children) {
    const { exports } = TASKS.find(({ page }) => page === module.name);
    for (const child of module.children ?? []) {
      const [from] = Object.entries(exports).find(([, names]) => names.includes(child.name));
      const holders = child.kindOf(ReflectionKind.Function) ? child.signatures : [child];
      for (const holder of holders) {
        holder.comment ??= new Comment();
        holder.comment.blockTags.push(
          new CommentTag('@category', [{ kind: 'text', text: `Import from ${from}` }]),
        );
      }
    }
  }
}

/** The parts of a declaration are bold, because as headings they would fill the search with "Returns". */
function withoutMinorHeadings(text) {
  return text
    .replace(/^#{4,6} Returns\n\n[^\n]+\n\n(?=#|\*\*\*)/gm, '')
    .replace(/^#{4,6} Type Literal.*$/gm, '**Type Literal**')
    .replace(/^#{4,6} Properties(?=\n\n\|)/gm, '**Properties**')
    .replace(
      /^#{4,6} (Parameters|Type Parameters|Returns|Throws|Examples?|See|Remarks|Extends|Extended by|Implements|Implementation of|Overrides|Inherited from|Type Declaration|Union Members|Default Value|Deprecated|Call Signature|Get Signature|Set Signature)$/gm,
      '**$1**',
    );
}

function indexPage() {
  const rows = TASKS.map(({ page, title, about }) => `| [${title}](${page}.md) | ${about} |`);
  return `# API by task

Each page lists the functions and types of one task and the subpath that exports them.

| task | contents |
|---|---|
${rows.join('\n')}
`;
}

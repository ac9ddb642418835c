import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { TASKS } from '../scripts/docs/tasks.mjs';
import { buildIfStale } from './support/build-once.ts';
import { tempDir } from './support/temp-dir.ts';
import { CONSUMER_OPTIONS, publicEntries, ROOT, writeConsumer } from './support/type-consumer.ts';

buildIfStale('types', 'dist/types/index.d.ts');

const TYPES = join(ROOT, 'dist/types/');
const temp = tempDir();
const options = ts.convertCompilerOptionsFromJson(CONSUMER_OPTIONS, temp.path).options;
const entries = publicEntries();
const program = ts.createProgram(
  entries.map(({ types }) => types),
  { ...options, skipLibCheck: true, noEmit: true },
);
const checker = program.getTypeChecker();
const printer = ts.createPrinter({ removeComments: true });
/** Exports of each subpath, by name. */
const exportsOf = new Map(
  entries.map(({ specifier, types }) => {
    const module = checker.getSymbolAtLocation(program.getSourceFile(types) as ts.Node) as ts.Symbol;
    const symbols = checker
      .getExportsOfModule(module)
      .map((symbol) => [symbol.name, original(symbol)] as const);
    return [specifier, new Map(symbols)] as const;
  }),
);

function original(symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

/** Update the reports with `npm run api`. */
describe('the public names and their types are those of the report in test/api', () => {
  test.each(entries)('$specifier', async ({ specifier, types }) => {
    const name =
      specifier === 'recordpipe' ? 'root' : specifier.slice('recordpipe/'.length).replace('/', '-');
    expect(basename(types)).toMatch(/\.d\.ts$/);
    await expect(reportOf(specifier)).toMatchFileSnapshot(`api/${name}.api.md`);
  });
});

/**
 * Returns the declarations of a subpath. Declarations that an earlier subpath has are only listed
 * by name; the root entry is processed last.
 */
function reportOf(specifier: string): string {
  const order = [...exportsOf.keys()].slice(1).concat('recordpipe');
  const earlier = order.slice(0, order.indexOf(specifier));
  const named: string[] = [];
  const declared: string[] = [];
  for (const [name, symbol] of [...exportsOf.get(specifier)!].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const home = earlier.find((other) => [...exportsOf.get(other)!.values()].includes(symbol));
    if (home !== undefined) named.push(`- \`${name}\` from \`${home}\``);
    else declared.push(...(symbol.declarations ?? []).map((declaration) => textOf(declaration)));
  }
  const report = [`# ${specifier}`];
  if (named.length > 0) report.push(named.join('\n'));
  if (declared.length > 0) report.push(['```ts', declared.join('\n\n'), '```'].join('\n'));
  return `${report.join('\n\n')}\n`;
}

function textOf(declaration: ts.Declaration): string {
  const statement = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
  return (
    printer
      .printNode(ts.EmitHint.Unspecified, statement, declaration.getSourceFile())
      .replace(/^(export )?(declare )?/, '')
      // Compilers differ in the quotes of their declarations.
      .replace(/"([^"'\\]*)"/g, "'$1'")
  );
}

test('every type that a public declaration mentions is exported', () => {
  const exported = new Set([...exportsOf.values()].flatMap((symbols) => [...symbols.values()]));
  const missing: string[] = [];
  const seen = new Set<ts.Symbol>();
  const visit = (symbol: ts.Symbol): void => {
    if (seen.has(symbol)) return;
    seen.add(symbol);
    for (const declaration of symbol.declarations ?? [])
      if (declaration.getSourceFile().fileName.startsWith(TYPES)) walk(declaration, symbol);
  };
  const walk = (node: ts.Node, owner: ts.Symbol): void => {
    const name = ts.isTypeReferenceNode(node)
      ? node.typeName
      : ts.isImportTypeNode(node)
        ? node.qualifier
        : ts.isExpressionWithTypeArguments(node)
          ? node.expression
          : undefined;
    const found = name && checker.getSymbolAtLocation(name);
    const symbol = found && original(found);
    const declaration = symbol?.declarations?.[0];
    if (symbol && declaration?.getSourceFile().fileName.startsWith(TYPES)) {
      if (!ts.isTypeParameterDeclaration(declaration)) {
        if (!exported.has(symbol) && !seen.has(symbol)) missing.push(`${symbol.name}, of ${owner.name}`);
        visit(symbol);
      }
    }
    ts.forEachChild(node, (child) => walk(child, owner));
  };
  for (const symbol of exported) visit(symbol);
  expect(exported.size).toBeGreaterThan(300);
  expect(missing).toEqual([]);
});

test('every public declaration is in one group of the API reference', () => {
  const grouped = TASKS.flatMap(({ page, exports }) =>
    Object.entries(exports).flatMap(([specifier, names]) =>
      names.map((name) => ({ page, name, symbol: exportsOf.get(specifier)?.get(name) })),
    ),
  );
  expect(grouped.filter(({ symbol }) => symbol === undefined)).toEqual([]);
  const pages = new Map<ts.Symbol, string[]>();
  for (const { page, symbol } of grouped) pages.set(symbol!, [...(pages.get(symbol!) ?? []), page]);
  const misplaced = [...exportsOf].flatMap(([specifier, symbols]) =>
    [...symbols]
      .filter(([, symbol]) => pages.get(symbol)?.length !== 1)
      .map(([name, symbol]) => `${specifier}: ${name} is in [${pages.get(symbol) ?? ''}]`),
  );
  expect(misplaced).toEqual([]);
});

test('every public declaration, and every member of it, has a docstring', () => {
  const missing: string[] = [];
  const check = (symbol: ts.Symbol | undefined, name: string): void => {
    if (symbol !== undefined && symbol.getDocumentationComment(checker).length === 0) missing.push(name);
  };
  for (const symbols of exportsOf.values())
    for (const [name, symbol] of symbols) {
      check(symbol, name);
      for (const member of (symbol.declarations ?? []).flatMap(membersOf))
        check(checker.getSymbolAtLocation(member.name), `${name}.${member.name.getText()}`);
    }
  expect([...new Set(missing)]).toEqual([]);
});

type Member = (ts.ClassElement | ts.TypeElement) & { readonly name: ts.PropertyName };

/** Returns the named members of a class or an interface, or of the object types of an alias. */
function membersOf(declaration: ts.Declaration): Member[] {
  if (ts.isTypeAliasDeclaration(declaration)) return membersWithin(declaration.type);
  if (!ts.isInterfaceDeclaration(declaration) && !ts.isClassDeclaration(declaration)) return [];
  const members: readonly (ts.ClassElement | ts.TypeElement)[] = declaration.members;
  return members.filter(isPublic) as Member[];
}

function membersWithin(node: ts.Node): Member[] {
  // Arguments of types such as Exclude select members of other types.
  if (ts.isTypeReferenceNode(node)) return [];
  const own = ts.isTypeLiteralNode(node) ? (node.members.filter(isPublic) as Member[]) : [];
  const inner: Member[] = [];
  ts.forEachChild(node, (child) => {
    inner.push(...membersWithin(child));
  });
  return [...own, ...inner];
}

function isPublic(member: ts.ClassElement | ts.TypeElement): boolean {
  const isPrivate = (ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Private) !== 0;
  return member.name !== undefined && !ts.isComputedPropertyName(member.name) && !isPrivate;
}

test('public declarations need no package that is optional', () => {
  const packages = program
    .getSourceFiles()
    .map(({ fileName }) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(fileName)?.[1]);
  const unique = [...new Set(packages)].filter((name) => name !== undefined).sort();
  expect(unique).toEqual(['@types/node', 'typescript', 'undici-types']);
});

test('the root entry exports all of the codec', () => {
  const root = exportsOf.get('recordpipe')!;
  for (const part of ['crc32c', 'formats', 'records'])
    expect([...root.keys()], part).toEqual(
      expect.arrayContaining([...exportsOf.get(`recordpipe/${part}`)!.keys()]),
    );
});

test('a library that re-exports every value, and publishes declarations, compiles', async () => {
  const consumer = await writeConsumer(temp.path);
  const library = ts.createProgram([consumer], { ...options, skipLibCheck: true });
  // Include the diagnostics of declarations, such as types that cannot be named.
  const { diagnostics } = library.emit(undefined, () => undefined, undefined, true);
  const problems = [...library.getSemanticDiagnostics(library.getSourceFile(consumer)), ...diagnostics];
  const texts = problems.map(
    ({ code, messageText }) => `TS${code} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
  );
  expect([...new Set(texts)]).toEqual([]);
});

test('declarations use no syntax that TypeScript 5.0 does not read, nor private names, which ES5 targets reject', () => {
  for (const entry of readdirSync(TYPES, { recursive: true, withFileTypes: true })) {
    if (!entry.name.endsWith('.d.ts')) continue;
    const text = readFileSync(join(entry.parentPath, entry.name), 'utf8');
    expect(text, entry.name).not.toMatch(/^\s*#private|Uint8Array<|from '\.[^']*\.ts'|\baccessor\b/m);
  }
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { buildIfStale } from './support/build-once.ts';
import { tempDir } from './support/temp-dir.ts';
import { CONSUMER_OPTIONS, publicEntries, ROOT, writeConsumer } from './support/type-consumer.ts';

const temp = tempDir();
const DIST = join(ROOT, 'dist/types/');
buildIfStale('types', 'dist/types/index.d.ts');
const options = ts.convertCompilerOptionsFromJson(CONSUMER_OPTIONS, temp.path).options;

test('every type that a public declaration mentions is exported', () => {
  const program = ts.createProgram(
    publicEntries().map(({ types }) => types),
    { ...options, skipLibCheck: true, noEmit: true },
  );
  const checker = program.getTypeChecker();
  const original = (symbol: ts.Symbol): ts.Symbol =>
    symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const exported = new Set<ts.Symbol>();
  for (const { types } of publicEntries()) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(types) as ts.Node);
    for (const symbol of checker.getExportsOfModule(module as ts.Symbol)) exported.add(original(symbol));
  }
  const missing: string[] = [];
  const seen = new Set<ts.Symbol>();
  const visit = (symbol: ts.Symbol): void => {
    if (seen.has(symbol)) return;
    seen.add(symbol);
    for (const declaration of symbol.declarations ?? [])
      if (declaration.getSourceFile().fileName.startsWith(DIST)) walk(declaration, symbol);
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
    if (symbol && declaration?.getSourceFile().fileName.startsWith(DIST)) {
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
}, 60_000);

test('a library that re-exports every value, and publishes declarations, compiles', async () => {
  const consumer = await writeConsumer(temp.path);
  const program = ts.createProgram([consumer], { ...options, skipLibCheck: true });
  // With the diagnostics of declarations, such as types that cannot be named.
  const { diagnostics } = program.emit(undefined, () => undefined, undefined, true);
  const problems = [...program.getSemanticDiagnostics(program.getSourceFile(consumer)), ...diagnostics];
  const texts = problems.map(
    ({ code, messageText }) => `TS${code} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
  );
  expect([...new Set(texts)]).toEqual([]);
}, 120_000);

test('declarations use no syntax that TypeScript 5.0 does not read, nor private names, which ES5 targets reject', () => {
  for (const entry of readdirSync(DIST, { recursive: true, withFileTypes: true })) {
    if (!entry.name.endsWith('.d.ts')) continue;
    const text = readFileSync(join(entry.parentPath, entry.name), 'utf8');
    expect(text, entry.name).not.toMatch(/^\s*#private|Uint8Array<|from '\.[^']*\.ts'|\baccessor\b/m);
  }
});

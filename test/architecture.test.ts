import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

const SRC = fileURLToPath(new URL('../src', import.meta.url));

/** The floors, lowest first: a file imports from its own folder and from floors below, never from above or from beside. */
const FLOORS: readonly (readonly string[])[] = [
  ['errors.ts'],
  ['bytes'],
  ['crc32c'],
  ['objects'],
  ['framing'],
  ['inputs'],
  ['manifest'],
  ['records'],
  ['example', 'sagemaker'],
  ['stats'],
  ['index.ts'],
  ['files'],
  ['indexes'],
  ['dataset', 'report', 'transform'],
  ['pipemode', 'shards', 'upload'],
  ['streamer'],
  ['cli'],
];
/** Folders that run in a browser: no module of the host is imported, only asked for at the moment of use (bytes/host.ts). */
const BROWSER_SAFE = [
  'errors.ts',
  'index.ts',
  'crc32c',
  'bytes',
  'framing',
  'records',
  'example',
  'sagemaker',
];

interface Import {
  readonly from: string;
  readonly specifier: string;
  readonly typeOnly: boolean;
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
  .map((file) => file.replaceAll('\\', '/'));
const imports = files.flatMap(importsOf);

function importsOf(from: string): Import[] {
  const source = ts.createSourceFile(
    from,
    readFileSync(join(SRC, from), 'utf8'),
    ts.ScriptTarget.Latest,
    true,
  );
  const found: Import[] = [];
  const visit = (node: ts.Node): void => {
    if (
      (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) &&
      node.moduleSpecifier !== undefined
    ) {
      const specifier = (node.moduleSpecifier as ts.StringLiteral).text;
      found.push({ from, specifier, typeOnly: isTypeOnly(node) });
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [argument] = node.arguments;
      found.push({ from, specifier: ts.isStringLiteral(argument) ? argument.text : '?', typeOnly: false });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function isTypeOnly(node: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
  if (ts.isExportDeclaration(node)) {
    if (node.isTypeOnly) return true;
    const clause = node.exportClause;
    return (
      clause !== undefined && ts.isNamedExports(clause) && clause.elements.every((one) => one.isTypeOnly)
    );
  }
  const clause = node.importClause;
  if (clause === undefined) return false;
  if (clause.isTypeOnly) return true;
  const { name, namedBindings } = clause;
  if (name !== undefined || namedBindings === undefined || !ts.isNamedImports(namedBindings)) return false;
  return namedBindings.elements.every((one) => one.isTypeOnly);
}

/** What bundles for browsers have in the place of a file: `browser` in package.json. */
const STAND_INS: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(join(SRC, '../package.json'), 'utf8'),
).browser;

function inBrowsers(file: string): string {
  const dist = (name: string): string => `./dist/${name.replace(/\.ts$/, '.js')}`;
  const standIn = STAND_INS[dist(file)];
  return standIn === undefined ? file : standIn.replace(/^\.\/dist\//, '').replace(/\.js$/, '.ts');
}

/** The file in src that a relative import means. */
function target({ from, specifier }: Import): string {
  return relative(SRC, join(SRC, dirname(from), specifier)).replaceAll('\\', '/');
}

function folder(file: string): string {
  return file.split('/')[0];
}

function floor(file: string): number {
  return FLOORS.findIndex((names) => names.includes(folder(file)));
}

const inside = imports.filter(({ specifier }) => specifier.startsWith('.'));

test('there is something to look at', () => {
  expect(files.length).toBeGreaterThan(40);
  expect(inside.length).toBeGreaterThan(100);
  expect(
    imports.find(({ from, specifier }) => from === 'bytes/inflate-host.ts' && specifier === 'node:zlib')
      ?.typeOnly,
  ).toBe(true);
});

test('every file is on a floor', () => {
  expect(files.filter((file) => floor(file) < 0)).toEqual([]);
});

test('imports go downward only', () => {
  const wrong = inside.filter((one) => {
    const to = target(one);
    return folder(one.from) !== folder(to) && floor(to) >= floor(one.from);
  });
  // bytes and crc32c are one floor and know nothing of each other.
  expect(wrong.map(({ from, specifier }) => `${from} -> ${specifier}`)).toEqual([]);
});

test('relative imports name their file, and it is there', () => {
  expect(inside.filter(({ specifier }) => !specifier.endsWith('.ts'))).toEqual([]);
  expect(inside.map(target).filter((file) => !files.includes(file))).toEqual([]);
});

test('no import is computed, but that of the module that users name', () => {
  const computed = imports.filter(({ specifier }) => specifier === '?');
  expect(computed.map(({ from }) => from)).toEqual(['dataset/map-with.ts']);
});

test('there are no cycles', () => {
  const edges = new Map<string, string[]>(files.map((file) => [file, []]));
  for (const one of inside) if (!one.typeOnly) edges.get(one.from)?.push(target(one));
  const done = new Set<string>();
  const walk = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) throw new Error(`a cycle: ${[...path, file].join(' -> ')}`);
    if (done.has(file)) return;
    for (const next of edges.get(file) ?? []) walk(next, [...path, file]);
    done.add(file);
  };
  for (const file of files) walk(file, []);
});

describe('the codec runs in a browser', () => {
  test('no module of the host is imported below files/', () => {
    const wrong = imports.filter(
      ({ from, specifier, typeOnly }) =>
        BROWSER_SAFE.includes(folder(from)) && specifier.startsWith('node:') && !typeOnly,
    );
    expect(wrong).toEqual([]);
  });

  test('nothing that the root entry reaches imports one', () => {
    const seen = new Set<string>();
    const walk = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      for (const one of imports) {
        if (one.from !== file || one.typeOnly) continue;
        if (one.specifier.startsWith('.')) walk(inBrowsers(target(one)));
        else expect([file, one.specifier]).toEqual(['crc32c/table-kernel.ts', 'crc-32/crc32c.js']);
      }
    };
    walk('index.ts');
    expect(seen.size).toBeGreaterThan(25);
    expect([...seen].filter((file) => folder(file) === 'objects')).toEqual([]);
  });

  test('only host.ts asks for modules of the host', () => {
    const asking = files.filter(
      (file) =>
        BROWSER_SAFE.includes(folder(file)) &&
        /getBuiltinModule|\brequire\(/.test(readFileSync(join(SRC, file), 'utf8')),
    );
    expect(asking).toEqual(['bytes/host.ts']);
  });
});

test('the command line uses the package as everybody does: through its public subpaths', () => {
  const wrong = imports.filter(
    ({ from, specifier }) =>
      folder(from) === 'cli' &&
      specifier.startsWith('.') &&
      folder(target({ from, specifier, typeOnly: false })) !== 'cli',
  );
  expect(wrong).toEqual([]);
});

test('no array of unbounded length is spread into arguments, which would overflow the stack', () => {
  const spreads = files.flatMap((file) => {
    const found: string[] = [];
    const source = ts.createSourceFile(
      file,
      readFileSync(join(SRC, file), 'utf8'),
      ts.ScriptTarget.Latest,
      true,
    );
    const visit = (node: ts.Node): void => {
      const called = ts.isCallExpression(node) || ts.isNewExpression(node);
      if (called && node.arguments?.some(ts.isSpreadElement)) found.push(`${file}: ${node.getText()}`);
      if (ts.isPropertyAccessExpression(node) && node.name.text === 'apply')
        found.push(`${file}: ${node.getText()}`);
      ts.forEachChild(node, visit);
    };
    visit(source);
    return found;
  });
  expect(spreads.map((spread) => spread.replace(/\s+/g, ' '))).toEqual([
    // Each has a small fixed length.
    'dataset/dataset.ts: rangeOf(...(bounds as number[]))',
    'stats/image-header.ts: String.fromCharCode(...bytes.subarray(from + 12, from + 16))',
    'stats/read-schema.ts: oneOf(...IMAGE_KINDS)',
    'stats/stats-shape.ts: oneOf(...SHOWN)',
    'shards/reports/report-shape.ts: oneOf(...Object.keys(RESULTS))',
  ]);
});

test('files are small, and none is called utils', () => {
  const lengths = files
    .filter((file) => !file.includes('.generated.'))
    .map((file) => ({ file, lines: readFileSync(join(SRC, file), 'utf8').split('\n').length - 1 }));
  expect(lengths.filter(({ lines }) => lines > 400)).toEqual([]);
  expect(files.filter((file) => /(^|\/)(utils?|helpers?|misc|common)\.ts$/.test(file))).toEqual([]);
});

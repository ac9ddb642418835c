import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SRC = join(ROOT, 'src');

/** A row of the layer table in ARCHITECTURE.md. */
interface Row {
  readonly layer: number;
  /** Names of the files and folders of the row. */
  readonly names: readonly string[];
  /** Names that it may import in addition to itself; undefined means all lower layers. */
  readonly only: readonly string[] | undefined;
}

interface Import {
  readonly from: string;
  readonly specifier: string;
  readonly typeOnly: boolean;
}

/** Import cycles that remain to be removed. This list may only become shorter. */
const KNOWN_CYCLES: readonly string[] = [];

/** Upward imports that remain to be removed. This list may only become shorter. */
const KNOWN_UPWARD_IMPORTS: readonly string[] = [];

/** Rows that run in a browser. They load Node modules only on first use (bytes/host.ts). */
const BROWSER_ROWS = [
  'redact.ts',
  'errors.ts',
  'bytes',
  'crc32c',
  'formats',
  'records',
  'messages',
  'index.ts',
];

const rows = layersIn(readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8'));
const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
  .sort();
const sources = new Map(
  files.map((file) => [
    file,
    ts.createSourceFile(file, readFileSync(join(SRC, file), 'utf8'), ts.ScriptTarget.Latest, true),
  ]),
);
const imports = [...sources].flatMap(([file, source]) => importsOf(file, source));
const inside = imports.filter(({ specifier }) => specifier.startsWith('.'));

/** Returns the rows of the first table, whose columns are: layer, row, contents, imports. */
function layersIn(text: string): Row[] {
  const codes = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name);
  return [...text.matchAll(/^\| (\d+) \|([^|]*)\|[^|]*\|([^|]*)\|$/gm)].map(([, layer, names, allowed]) => {
    const only = codes(allowed);
    if (only.length === 0 && !/all below|public subpaths|nothing/.test(allowed))
      throw new Error(`ARCHITECTURE.md: unknown imports of ${names}: ${allowed}`);
    const isOpen = /all below/.test(allowed);
    return { layer: Number(layer), names: codes(names), only: isOpen ? undefined : only };
  });
}

function importsOf(from: string, source: ts.SourceFile): Import[] {
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
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      const specifier = (node.argument.literal as ts.StringLiteral).text;
      found.push({ from, specifier, typeOnly: true });
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

/** Returns the file in src to which a relative import refers. */
function target({ from, specifier }: Import): string {
  return relative(SRC, join(SRC, dirname(from), specifier)).replaceAll('\\', '/');
}

/**
 * Returns the most specific row that contains a file. A browser replacement belongs to the row of
 * the file that it replaces.
 */
function rowOf(file: string): { name: string; row: Row } | undefined {
  const original = join(dirname(file), basename(file).replace(/^no-/, ''));
  const matches = rows
    .flatMap((row) => row.names.map((name) => ({ name, row })))
    .filter(({ name }) => original === name || original.startsWith(`${name}/`));
  return matches.sort((a, b) => b.name.length - a.name.length)[0];
}

/** Returns the groups of files that import each other, directly or through others. */
function cyclesIn(edges: ReadonlyMap<string, readonly string[]>): string[] {
  const reach = new Map<string, Set<string>>();
  for (const file of edges.keys()) {
    const seen = new Set<string>();
    const walk = (at: string): void => {
      for (const next of edges.get(at) ?? []) {
        if (seen.has(next)) continue;
        seen.add(next);
        walk(next);
      }
    };
    walk(file);
    reach.set(file, seen);
  }
  const cycles = [...reach]
    .filter(([file, seen]) => seen.has(file))
    .map(([file, seen]) =>
      [...seen]
        .filter((other) => reach.get(other)?.has(file))
        .sort()
        .join(' <-> '),
    );
  return [...new Set(cycles)].sort();
}

test('the table and the imports can be parsed', () => {
  expect(rows.length).toBeGreaterThan(15);
  expect(rows.find(({ names }) => names.includes('formats'))?.only).toEqual(['errors.ts', 'bytes', 'crc32c']);
  expect(files.length).toBeGreaterThan(200);
  expect(inside.length).toBeGreaterThan(1000);
  expect(inside.some(({ typeOnly }) => typeOnly)).toBe(true);
  expect(cyclesIn(new Map(Object.entries({ a: ['b'], b: ['c'], c: ['b'], d: ['d'] })))).toEqual([
    'b <-> c',
    'd',
  ]);
});

test('every file is in a row of the table, and every row has files', () => {
  expect(files.filter((file) => rowOf(file) === undefined)).toEqual([]);
  const used = new Set(files.map((file) => rowOf(file)?.name));
  expect(rows.flatMap(({ names }) => names).filter((name) => !used.has(name))).toEqual([]);
});

test('a file imports only its own row and lower layers, including type-only imports', () => {
  const upward = inside.flatMap((one) => {
    const to = target(one);
    const [here, there] = [rowOf(one.from)!, rowOf(to)!];
    if (here.name === there.name) return [];
    const isAllowed = here.row.only?.includes(there.name) ?? there.row.layer < here.row.layer;
    return isAllowed ? [] : [`${one.from} -> ${to}`];
  });
  expect([...new Set(upward)].sort()).toEqual(KNOWN_UPWARD_IMPORTS);
});

test('no files import each other, type-only imports included', () => {
  const edges = new Map(
    files.map((file) => [file, inside.filter(({ from }) => from === file).map(target)] as const),
  );
  expect(cyclesIn(edges)).toEqual(KNOWN_CYCLES);
});

test('relative imports refer to existing files', () => {
  expect(inside.filter(({ specifier }) => !specifier.endsWith('.ts'))).toEqual([]);
  expect(inside.map(target).filter((file) => !existsSync(join(SRC, file)))).toEqual([]);
});

test('no import is computed, except that of the module that users name', () => {
  const computed = imports.filter(({ specifier }) => specifier === '?');
  expect(computed.map(({ from }) => from)).toEqual(['dataset/operators/map-with.ts']);
});

test('the command line imports the public subpaths only', () => {
  const wrong = inside.filter((one) => rowOf(one.from)?.name === 'cli' && !target(one).startsWith('cli/'));
  expect(wrong).toEqual([]);
  const others = imports.filter(
    ({ from, specifier }) => !from.startsWith('cli/') && /^recordpipe(\/|$)/.test(specifier),
  );
  expect(others).toEqual([]);
});

describe('the codec runs in a browser', () => {
  const inBrowser = files.filter((file) => BROWSER_ROWS.includes(rowOf(file)?.name ?? ''));

  test('it imports no Node modules', () => {
    const wrong = imports.filter(
      ({ from, specifier, typeOnly }) =>
        inBrowser.includes(from) && !hasStandIn(from) && specifier.startsWith('node:') && !typeOnly,
    );
    expect(wrong).toEqual([]);
  });

  test('neither does anything that the root entry imports', () => {
    const seen = new Set<string>();
    const walk = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      for (const one of imports) {
        if (one.from !== file || one.typeOnly) continue;
        if (one.specifier.startsWith('.')) walk(standInOf(target(one)));
        else expect([file, one.specifier]).toEqual(['crc32c/crc32c.ts', 'crc-32/crc32c.js']);
      }
    };
    walk('index.ts');
    expect(seen.size).toBeGreaterThan(25);
    expect(
      [...seen].filter((file) => /^(check|cli|dataset|pipemode|scale|transform|upload)\//.test(file)),
    ).toEqual([]);
  });

  test('only host.ts loads Node modules', () => {
    const asking = inBrowser.filter((file) =>
      /getBuiltinModule|\brequire\(/.test(readFileSync(join(SRC, file), 'utf8')),
    );
    expect(asking).toEqual(['bytes/host.ts']);
  });

  /** Returns the browser replacement of a file, if there is one. */
  function standInOf(file: string): string {
    return hasStandIn(file) ? join(dirname(file), `no-${basename(file)}`) : file;
  }

  function hasStandIn(file: string): boolean {
    return files.includes(join(dirname(file), `no-${basename(file)}`));
  }
});

test('no array of unbounded length is spread into arguments, which would overflow the stack', () => {
  const spreads = [...sources].flatMap(([file, source]) => {
    const found: string[] = [];
    const visit = (node: ts.Node): void => {
      const called = ts.isCallExpression(node) || ts.isNewExpression(node);
      const spread = called && node.arguments?.some(ts.isSpreadElement);
      const apply = ts.isPropertyAccessExpression(node) && node.name.text === 'apply';
      if (spread || apply) found.push(`${file}: ${node.getText().replace(/\s+/g, ' ')}`);
      ts.forEachChild(node, visit);
    };
    visit(source);
    return found;
  });
  // Each spread has a small fixed length.
  expect(spreads).toEqual([
    'check/schema/read-schema.ts: oneOf(...IMAGE_KINDS)',
    'check/stats/stats-shape.ts: oneOf(...SHOWN)',
    'cli/command.ts: action(...given)',
    'columns/formats/text-rows.ts: isRecordpipeError(found, ...STREAM_ERRORS)',
    'dataset/dataset.ts: rangeOf(...(bounds as number[]))',
    'messages/image-header.ts: String.fromCharCode(...bytes.subarray(from + 12, from + 16))',
    'pipemode/streamer/program-guard.ts: words.push(Math.ceil(graceMs / 100), ...killCommand)',
    "pipemode/train/container.ts: words.push(...(isPodman ? ['--device', 'nvidia.com/gpu=all'] : ['--gpus', 'all']))",
    "records/read-records.ts: Object.assign({ ...DEFAULT_SOURCE_OPTIONS, format: 'auto' }, ...all)",
    'scale/plan-shards.ts: isRecordpipeError(error, ...NO_INDEX)',
    'scale/shard-report.ts: oneOf(...Object.keys(RESULTS))',
    'transform/record-input.ts: isRecordpipeError(error, ...PLACED)',
  ]);
});

test('files are small, none is called utils, and src has few folders', () => {
  const lengths = files
    .filter((file) => !file.includes('.generated.'))
    .map((file) => ({ file, lines: sources.get(file)!.text.split('\n').length - 1 }));
  expect(lengths.filter(({ lines }) => lines > 400)).toEqual([]);
  expect(files.filter((file) => /(^|\/)(utils?|helpers?|misc|common)(\.ts|\/)/.test(file))).toEqual([]);
  const folders = readdirSync(SRC, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(folders.length).toBeLessThanOrEqual(14);
});

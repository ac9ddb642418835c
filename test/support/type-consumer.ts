import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT: string = fileURLToPath(new URL('../../', import.meta.url));

/** Compiler options of a strict library that publishes its declarations. */
export const CONSUMER_OPTIONS: Readonly<Record<string, unknown>> = {
  module: 'NodeNext',
  moduleResolution: 'NodeNext',
  target: 'ES2022',
  lib: ['ES2022', 'DOM', 'DOM.Iterable'],
  types: ['node'],
  strict: true,
  declaration: true,
  // Keep the links, because the package is linked but must appear installed.
  preserveSymlinks: true,
  outDir: 'out',
  skipLibCheck: false,
};

/** Returns the public subpaths and their declaration files. */
export function publicEntries(): {
  readonly specifier: string;
  readonly types: string;
  readonly source: string;
}[] {
  const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    exports: Record<string, string | { types: string; default: string }>;
  };
  return Object.entries(exports).flatMap(([subpath, target]) => {
    if (typeof target === 'string') return [];
    const source = join(ROOT, target.types.replace('./dist/types/', 'src/').replace(/\.d\.ts$/, '.ts'));
    return [{ specifier: `recordpipe${subpath.slice(1)}`, types: join(ROOT, target.types), source }];
  });
}

/**
 * Writes a library to `folder` that re-exports every value of recordpipe and the result of each
 * function.
 */
export async function writeConsumer(folder: string): Promise<string> {
  const modules = join(folder, 'node_modules');
  mkdirSync(modules, { recursive: true });
  symlinkSync(ROOT, join(modules, 'recordpipe'));
  for (const name of ['@types', 'undici-types'])
    symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
  const lines: string[] = [];
  for (const [i, { specifier, source }] of publicEntries().entries()) {
    lines.push(`import * as m${i} from '${specifier}';`);
    for (const [name, value] of Object.entries((await import(source)) as object)) {
      lines.push(`export const m${i}_${name} = m${i}.${name};`);
      if (typeof value === 'function' && !String(value).startsWith('class'))
        lines.push(
          `export const m${i}_${name}_result = () => m${i}.${name}(...(null! as Parameters<typeof m${i}.${name}>));`,
        );
    }
  }
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(join(folder, 'consumer.ts'), lines.join('\n'));
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: CONSUMER_OPTIONS, files: ['consumer.ts'] }),
  );
  return join(folder, 'consumer.ts');
}

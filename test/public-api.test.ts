import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  exports: Record<string, string | { types: string }>;
};

const subpaths = Object.entries(manifest.exports).flatMap(([subpath, target]) =>
  typeof target === 'string' ? [] : [[subpath, target.types] as const],
);

/** The source of a declaration file. */
function sourceOf(built: string): string {
  return built.replace('./dist/types/', '../src/').replace(/\.d\.ts$/, '.ts');
}

describe('the names that each subpath exports', () => {
  test.each(subpaths)('%s', async (_, built) => {
    const names = Object.keys(await import(/* @vite-ignore */ sourceOf(built)));
    expect(names.sort()).toMatchSnapshot();
  });
});

test('the root entry holds all of the codec', async () => {
  const root = Object.keys(await import('../src/index.ts'));
  for (const part of ['crc32c', 'formats', 'records']) {
    const names = Object.keys(await import(/* @vite-ignore */ `../src/${part}/index.ts`));
    expect(root).toEqual(expect.arrayContaining(names));
  }
});

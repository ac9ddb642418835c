// Makes tsc's declarations work with older compilers and targets, hides internal constructors, and
// bundles them.
import { readFileSync, writeFileSync } from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';

/** Rewrites one `.d.ts` file in place. */
export function portDeclarations(path) {
  const text = readFileSync(path, 'utf8');
  const ported = portable(text);
  if (ported !== text) writeFileSync(path, ported);
}

/** Converts the text of a declaration file to its published form. */
export function portable(text) {
  return (
    namedPrivates(text)
      // Constructors that only recordpipe calls: their parameters have internal types.
      .replace(
        /\/\*\*(?:(?!\*\/)[\s\S])*?@hideconstructor[\s\S]*?\*\/\s*constructor\([\s\S]*?\);/g,
        'protected constructor();',
      )
      // Compilers before 5.7 accept only `.js`.
      .replace(/(from |import\()(['"])(\.{1,2}\/[^'"]*)\.ts\2/g, '$1$2$3.js$2')
      // Typed arrays have a type parameter since TypeScript 5.7. This type is
      // Uint8Array<ArrayBuffer> there and Uint8Array in older versions.
      .replace(/\b((?:Big)?(?:Uint|Int|Float)\d+Array)<ArrayBuffer>/g, "ReturnType<$1Constructor['of']>")
  );
}

/**
 * Replaces `#private`, which makes a class nominal but is an error for targets below ES2015, with a
 * private member named after the class, which has the same effect.
 */
function namedPrivates(text) {
  let name = '';
  return text
    .split('\n')
    .map((line) => {
      name = /\bclass (\w+)/.exec(line)?.[1] ?? name;
      return line.replace(/^(\s*)#private;$/, `$1private readonly __${name};`);
    })
    .join('\n');
}

/**
 * Replaces the declarations of `entries` in `folder` with bundles of what they export and mention.
 * Returns the paths of the bundles. What several entries share is in chunks in the same folder.
 */
export async function bundleDeclarations(folder, entries) {
  const [{ rollup }, { dts }] = await Promise.all([import('rollup'), import('rollup-plugin-dts')]);
  const build = await rollup({
    input: Object.fromEntries(
      entries.map((path) => [
        relative(folder, path)
          .replace(/\.d\.ts$/, '')
          .replaceAll(sep, '/'),
        path,
      ]),
    ),
    external: (name) => !name.startsWith('.') && !isAbsolute(name),
    plugins: [dts({ tsconfig: 'tsconfig.build.json' })],
  });
  const { output } = await build.write({
    dir: folder,
    entryFileNames: '[name].d.ts',
    chunkFileNames: ({ name }) => `${name.replace(/\.d$/, '')}-[hash].d.ts`,
  });
  return new Set(output.map(({ fileName }) => join(folder, fileName)));
}

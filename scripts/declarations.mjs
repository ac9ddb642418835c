// Makes tsc's declarations work with older compilers and targets, and hides internal constructors.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

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

/** Returns the paths of the declaration files that `entries` import, transitively, and of `entries`. */
export function reachable(entries, reached = new Set()) {
  for (const path of entries.filter((entry) => !reached.has(entry))) {
    reached.add(path);
    const imports = readFileSync(path, 'utf8').matchAll(/(?:from |import\(?)\s*['"](\.[^'"]+)\.js['"]/g);
    reachable(
      Array.from(imports, ([, name]) => join(path, '..', `${name}.d.ts`)),
      reached,
    );
  }
  return reached;
}

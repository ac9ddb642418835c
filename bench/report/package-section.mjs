/** Formats bench/package-figures.json, which bench/package.mjs writes, as a section of RESULTS.md. */

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const PACKAGE_FIGURES = fileURLToPath(new URL('../package-figures.json', import.meta.url));

/** Returns the paragraphs of the section; none if the package was not measured. */
export function packageSection() {
  if (!existsSync(PACKAGE_FIGURES)) return [];
  const { machine, rounds, packages, imports } = JSON.parse(readFileSync(PACKAGE_FIGURES, 'utf8'));
  const rows = [
    ['packed', ({ packed }) => kilobytes(packed)],
    ['unpacked', ({ unpacked }) => kilobytes(unpacked)],
    ['files', ({ files }) => files],
    ['installed without optional packages', ({ alone }) => installation(alone)],
    ['installed with optional packages', ({ optional }) => installation(optional)],
  ];
  const head = `|  | ${packages.map(({ name }) => name).join(' | ')} |`;
  const line = `| --- |${' --: |'.repeat(packages.length)}`;
  return [
    '## The package',
    'Sizes of the npm package before and after the work on its size. 1 KB is 1000 bytes. The optional packages are the AWS SDK and undici, which `s3://` needs.',
    [head, line, ...rows.map(([name, cell]) => `| ${name} | ${packages.map(cell).join(' | ')} |`)].join('\n'),
    `Processor milliseconds (user and system) to import a subpath in a new process, and of a whole run of \`recordpipe --version\`: medians of ${rounds} interleaved processes. ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, load average ${machine.load} at the start, ${machine.date.slice(0, 10)}.`,
    [
      head,
      line,
      ...imports.map(
        ({ subpath, ...times }) =>
          `| \`${subpath.replace(/^\.(?=\/|$)/, 'recordpipe')}\` | ${packages.map(({ name }) => times[name].toFixed(1)).join(' | ')} |`,
      ),
    ].join('\n'),
    'Command: `node bench/package.mjs BEFORE.tgz`',
  ];
}

function kilobytes(bytes) {
  return `${Math.round(bytes / 1000).toLocaleString('en')} KB`;
}

function installation({ packages, bytes }) {
  return `${kilobytes(bytes)}, ${packages} ${packages === 1 ? 'package' : 'packages'}`;
}

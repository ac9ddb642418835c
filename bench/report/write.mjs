import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { charts } from './charts.mjs';
import { resultsAsMarkdown } from './markdown.mjs';

/** Writes RESULTS.md, results.json and the charts of one run; returns what it wrote. */
export function writeReport(results, folder) {
  mkdirSync(join(folder, 'charts'), { recursive: true });
  const files = [
    ['results.json', `${JSON.stringify(results, null, 1)}\n`],
    ['RESULTS.md', resultsAsMarkdown(results)],
    ...charts(results).map(({ name, svg }) => [join('charts', `${name}.svg`), svg]),
  ];
  return files.map(([name, text]) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  });
}

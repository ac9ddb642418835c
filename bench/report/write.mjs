import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { charts } from './charts.mjs';
import { resultsAsMarkdown } from './markdown.mjs';

/** Writes RESULTS.md, results.json, and the charts of one run. Returns their paths. */
export function writeReport(results, folder) {
  mkdirSync(join(folder, 'charts'), { recursive: true });
  const files = [
    ['results.json', json(results)],
    ['RESULTS.md', resultsAsMarkdown(results)],
    ...charts(results).map(({ name, svg }) => [join('charts', `${name}.svg`), svg]),
  ];
  return files.map(([name, text]) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  });
}

/** One figure per line, for readable diffs. */
function json({ figures, ...about }) {
  const lines = figures.map((figure) => `    ${JSON.stringify(figure)}`);
  return `${JSON.stringify(about, null, 2).slice(0, -2)},\n  "figures": [\n${lines.join(',\n')}\n  ]\n}\n`;
}

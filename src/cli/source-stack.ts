import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { fileURLToPath } from 'node:url';

/**
 * Maps the locations in a stack trace of the bundled package to its sources, if the source maps
 * exist. The maps have lines but no columns.
 */
export function sourceStack(stack: string): string {
  return stack.replace(/(file:\/\/[^\s()]+\.js):(\d+):(\d+)/g, (place, url, line, column) => {
    try {
      return sourceOf(url, Number(line), Number(column)) ?? place;
    } catch {
      return place;
    }
  });
}

function sourceOf(url: string, line: number, column: number): string | undefined {
  const map = new SourceMap(JSON.parse(readFileSync(`${fileURLToPath(url)}.map`, 'utf8')));
  const entry = map.findEntry(line - 1, column - 1);
  if (!('originalSource' in entry) || entry.originalSource === '') return undefined;
  const file = entry.originalSource.replace(/^(\.\.\/)+/, '');
  return `${file}:${entry.originalLine + 1}`;
}

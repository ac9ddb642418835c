import { extname } from 'node:path';
import type { FormatName } from '../records/record-format.ts';
import type { DataFile } from './data-file.ts';
import { formatIndexedBy, indexKind } from './index-kind.ts';
import { type LayoutOptions, layoutOf } from './layout-options.ts';
import { isThere, type Reaching } from './open-data-file.ts';

/** The name of a file's index of our kind. */
export function indexPathOf(path: string): string {
  return `${path}.rpidx`;
}

/**
 * The index beside a file: `FILE.rpidx`; else, of the kind that its format has, `FILE.idx`, or with `.idx` or `.tfindex` in place of its extension.
 */
export async function findIndex(
  file: DataFile,
  options: Partial<LayoutOptions> & Reaching,
): Promise<string | undefined> {
  const { path } = file;
  const ours = indexPathOf(path);
  if (await isThere(ours, options)) return ours;
  const stem = path.slice(0, path.length - extname(path).length);
  const others = [`${path}.idx`, `${stem}.idx`, `${stem}.tfindex`].filter((other) => other !== path);
  const there = await Promise.all(others.map((other) => isThere(other, options)));
  if (!there.includes(true)) return undefined;
  const { format } = layoutOf(file, options);
  for (const [i, other] of others.entries())
    if (there[i] && (await formatOfText(other, options)) === format) return other;
  return undefined;
}

/** What an index of text is one of; undefined where the file is something else, or cannot be read. */
async function formatOfText(path: string, reaching: Reaching): Promise<FormatName | undefined> {
  try {
    const kind = await indexKind(path, reaching);
    return kind === 'rpidx' ? undefined : formatIndexedBy(kind);
  } catch {
    return undefined;
  }
}

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isObjectUri } from '../../bytes/object-uri.ts';
import { RecordpipeError } from '../../errors.ts';
import { isGlob } from '../../objects/glob.ts';
import { listObjects } from '../../objects/list-objects.ts';
import { expandInputs, type Reaching } from '../../report/expand-inputs.ts';

/**
 * The files with reports that `inputs` stand for: as `expandInputs`, but that of folders, and of prefixes that end with a slash, those are taken whose names end in `.json`.
 * @throws RecordpipeError as `expandInputs`
 */
export async function findReports(inputs: readonly string[], reaching: Reaching = {}): Promise<string[]> {
  const found = new Set<string>();
  for (const input of inputs) for (const file of await expand(input, reaching)) found.add(file);
  return [...found].sort();
}

async function expand(input: string, reaching: Reaching): Promise<string[]> {
  const files = isObjectUri(input) ? await inPrefix(input, reaching) : await inFolder(input);
  if (files === undefined) return expandInputs(input, 'textline', reaching);
  if (files.length > 0) return files;
  throw new RecordpipeError('not-found', 'no report is there (*.json)', { uri: input });
}

async function inPrefix(uri: string, { objects, signal }: Reaching): Promise<string[] | undefined> {
  if (!uri.endsWith('/') || isGlob(uri)) return undefined;
  const files: string[] = [];
  for await (const object of listObjects(uri, { ...objects, as: 'prefix', signal }))
    if (object.uri.endsWith('.json')) files.push(object.uri);
  return files;
}

async function inFolder(path: string): Promise<string[] | undefined> {
  const there = await stat(path).catch(() => undefined);
  if (!there?.isDirectory()) return undefined;
  const names = await readdir(path);
  return names
    .filter((name) => name.endsWith('.json') && !name.startsWith('.'))
    .map((name) => join(path, name));
}

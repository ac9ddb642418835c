import { closeSync, openSync, readdirSync, readSync, realpathSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { RecordpipeError } from '../../errors.ts';
import { withFileErrors } from '../job/config-file.ts';
import { withVisible } from '../manifest/json-cursor.ts';

/** Number of characters of the failure file that SageMaker shows as FailureReason. */
const MAX_CHARACTERS = 1024;
/** Maximum size of these characters. A character has up to 4 bytes. */
const MAX_BYTES: number = 4 * MAX_CHARACTERS;

/**
 * Returns the text that the program wrote to `output/failure`: the first 1,024 characters, as in
 * SageMaker's FailureReason. Escapes control characters except newlines and tabs, so that the text
 * cannot control a terminal. Returns undefined if the file does not exist or is empty.
 */
export function failureText(outputDir: string): string | undefined {
  const bytes = Buffer.alloc(MAX_BYTES + 4);
  let length: number;
  try {
    const descriptor = openSync(join(outputDir, 'failure'), 'r');
    try {
      length = readSync(descriptor, bytes, 0, bytes.length, 0);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return undefined;
  }
  const characters = Array.from(bytes.toString('utf8', 0, length).trim());
  if (characters.length === 0) return undefined;
  const shown = characters.slice(0, MAX_CHARACTERS).join('').replace(/\r\n?/g, '\n');
  const lines = shown.split('\n').map((line) => line.split('\t').map(withVisible).join('\t'));
  return `${lines.join('\n')}${characters.length > MAX_CHARACTERS ? '…' : ''}`;
}

/** Folders of a host that may contain results of an earlier run. */
export interface ResultPaths {
  readonly modelDir: string;
  readonly outputDir: string;
}

/**
 * Rejects results that an earlier run left: a model, output data, or the files `failure` and
 * `success`. Otherwise, they would be saved as results of this job, or shown as its failure. With
 * `clear`, removes them.
 *
 * @throws RecordpipeError `already-exists`, which names the folders; `access-denied`, `io-failure`
 */
export function checkEarlierRun(
  { modelDir, outputDir }: ResultPaths,
  { clear }: { readonly clear: boolean },
): void {
  const dataDir = join(outputDir, 'data');
  const left = [
    ...contentsOf(modelDir),
    ...contentsOf(dataDir),
    ...contentsOf(outputDir).filter((path) => /\/(failure|success)$/.test(path)),
  ];
  if (left.length === 0) return;
  if (clear) {
    for (const path of left) withFileErrors(path, () => rmSync(path, { recursive: true, force: true }));
    return;
  }
  const more = left.length > 1 ? ` and ${left.length - 1} more` : '';
  const text = `results of an earlier run exist: ${left[0]}${more}; move them if you need them, or pass --force to remove them`;
  throw new RecordpipeError('already-exists', text, { uri: outputDir });
}

/**
 * Rejects folders that contain files and that links place outside the root, because no run removes
 * files outside its root.
 * @throws RecordpipeError `already-exists`; `access-denied`, `io-failure`
 */
export function checkInside(root: string, folders: readonly string[]): void {
  for (const folder of folders) {
    if (contentsOf(folder).length === 0) continue;
    const [real, realRoot] = withFileErrors(folder, () => [realpathSync(folder), realpathSync(root)]);
    if (real.startsWith(`${realRoot}/`)) continue;
    const text = `a link leads to ${real}, which contains files; move them, because a run never removes files outside its root`;
    throw new RecordpipeError('already-exists', text, { uri: folder });
  }
}

/**
 * Rejects files of the user in `input/config`, which the files of the job would replace. Files of an
 * earlier run include `init-config.json`, which only a run writes.
 *
 * @throws RecordpipeError `already-exists`; `access-denied`, `io-failure`
 */
export function checkConfigFolder(configDir: string): void {
  const names = ['hyperparameters', 'inputdataconfig', 'resourceconfig'].map((name) => `${name}.json`);
  const files = contentsOf(configDir).map((path) => basename(path));
  const own = names.find((name) => files.includes(name));
  if (own === undefined || files.includes('init-config.json')) return;
  const text = `${own} is not from an earlier run, but the job would replace it; use another folder (root), or pass --force to replace it`;
  throw new RecordpipeError('already-exists', text, { uri: configDir });
}

/** Returns the paths of the entries of a folder, which may be missing. */
export function contentsOf(folder: string): string[] {
  return withFileErrors(folder, () => {
    try {
      return readdirSync(folder)
        .sort()
        .map((name) => join(folder, name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  });
}

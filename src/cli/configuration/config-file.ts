import { closeSync, lstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { nearest } from '../feature-choice.ts';
import { ConfigurationError } from './configuration-error.ts';
import { SETTINGS } from './settings.ts';

/** Name of the file that is searched for. */
export const CONFIG_FILE = 'recordpipe.config.json';

/** Maximum size of a file. */
const MAX_BYTES = 1024 * 1024;

/** Settings of a file. */
export interface ConfigFile {
  /** Absolute path. */
  readonly path: string;
  /** Known names with values of any type. Paths are absolute. */
  readonly values: Readonly<Record<string, unknown>>;
}

/**
 * Reads the settings of a file.
 * @param given a path, or undefined to search the working directory and its parents
 * @returns undefined if no file is found
 * @throws ConfigurationError if the file is invalid
 */
export function readConfigFile(given: string | undefined): ConfigFile | undefined {
  const path = given === undefined ? findConfigFile() : resolve(given);
  if (path === undefined) return undefined;
  const values = checkedNames(path, parsedJson(path, textOf(path, given === undefined)));
  const { cacheDir } = values;
  if (typeof cacheDir !== 'string') return { path, values };
  return {
    path,
    values: { ...values, cacheDir: resolve(dirname(path), cacheDir.replace(/^~(?=\/|$)/, homedir())) },
  };
}

/** Returns the nearest file, in the working directory or a parent. */
function findConfigFile(): string | undefined {
  let start: string;
  try {
    start = process.cwd();
  } catch {
    return undefined; // The directory was deleted.
  }
  for (let folder = start; ; folder = dirname(folder)) {
    const path = join(folder, CONFIG_FILE);
    const entry = entryOf(path);
    if (entry !== undefined) {
      checkOwner(path, entry, start);
      return path;
    }
    if (dirname(folder) === folder) return undefined;
  }
}

/** Returns the properties of a file or link, or undefined if none can be seen. */
function entryOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    // A user may work in a directory whose parents are not readable.
    if (['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/**
 * Rejects a file that another user may have planted in a shared directory such as /tmp: settings
 * decide where signed requests and uploads go. The owner of the working directory is trusted, for
 * example that of a repository that is mounted in a container.
 */
function checkOwner(path: string, { uid }: Stats, start: string): void {
  const user = process.getuid?.();
  if (user === undefined) return; // Windows
  if (uid === user || uid === 0 || uid === statSync(start).uid) return;
  throw new ConfigurationError(
    `${path} belongs to another user, who could redirect your requests`,
    `to use the file, pass --config ${path}; to ignore it, pass --no-config`,
  );
}

/**
 * Returns the text of a file.
 * @param isFound whether the file was found by the search, so that another person may have written it
 */
function textOf(path: string, isFound: boolean): string {
  try {
    if (isFound && !statSync(path).isFile()) throw new Error('not a regular file');
    return bytesOf(path)
      .toString()
      .replace(/^\ufeff/, '');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const what =
      code === 'ENOENT' ? 'no such file' : code === 'EISDIR' ? 'is a directory, not a file' : message;
    throw new ConfigurationError(`${path}: ${what}`, 'pass the path of a settings file, or --no-config');
  }
}

/** Reads a file, or a named pipe such as `<(…)`. */
function bytesOf(path: string): Buffer {
  const bytes = Buffer.alloc(MAX_BYTES + 1);
  const descriptor = openSync(path, 'r');
  try {
    let length = 0;
    for (let count = 1; count > 0 && length < bytes.length; length += count)
      count = readSync(descriptor, bytes, length, bytes.length - length, null);
    if (length > MAX_BYTES) throw new Error('larger than 1 MiB');
    return bytes.subarray(0, length);
  } finally {
    closeSync(descriptor);
  }
}

function parsedJson(path: string, text: string): Readonly<Record<string, unknown>> {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    // The message may quote the file, which may contain secrets.
    const position = /position (\d+)/.exec((error as Error).message)?.[1];
    const line = position === undefined ? '' : `:${text.slice(0, Number(position)).split('\n').length}`;
    throw new ConfigurationError(
      `${path}${line}: not valid JSON`,
      'check quotes and commas; comments are not allowed in the file',
    );
  }
  if (typeof document === 'object' && document !== null && !Array.isArray(document)) {
    checkUniqueNames(path, text);
    return document as Readonly<Record<string, unknown>>;
  }
  throw new ConfigurationError(`${path}: expected a JSON object`, 'for example {"region": "eu-west-1"}');
}

/** Rejects a name that is set twice, because `JSON.parse` silently ignores the first value. */
function checkUniqueNames(path: string, text: string): void {
  const names = new Set<string>();
  let depth = 0;
  let before = '';
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:]/g)) {
    if ('{['.includes(token)) depth++;
    if ('}]'.includes(token)) depth--;
    if (token === ':' && depth === 1) {
      const name = JSON.parse(before) as string;
      if (names.has(name))
        throw new ConfigurationError(
          `${path}: the setting ${JSON.stringify(name)} occurs more than once`,
          'keep one of the values and remove the others',
        );
      names.add(name);
    }
    before = token;
  }
}

const SECRET_NAME = /secret|passw|token|credential|access[-_]?key|api[-_]?key|private[-_]?key|authorization/i;
const SECRET_VALUE = /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/;

function checkedNames(
  path: string,
  document: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const { $schema: _, ...values } = document;
  for (const [name, value] of Object.entries(values)) {
    if (Object.hasOwn(SETTINGS, name) ? isSecret(name, value) : SECRET_NAME.test(name))
      throw new ConfigurationError(
        `${path}: ${name} ${Object.hasOwn(SETTINGS, name) ? 'contains' : 'looks like'} a secret; this file must not contain secrets`,
        'remove the setting; keep keys in ~/.aws/credentials and select them with the setting profile, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
      );
    if (!Object.hasOwn(SETTINGS, name)) throw unknownName(path, name);
  }
  return values;
}

/** A URL has a user name and password before @, however its slashes are spelled. */
function isSecret(name: string, value: unknown): boolean {
  if (typeof value !== 'string') return false;
  return SECRET_VALUE.test(value) || (name === 'endpointUrl' && value.includes('@'));
}

function unknownName(path: string, name: string): ConfigurationError {
  const similar = similarName(name);
  return new ConfigurationError(
    `${path}: unknown setting ${JSON.stringify(name)}`,
    similar === undefined
      ? `the settings are ${Object.keys(SETTINGS).join(', ')}`
      : `did you mean ${similar}?`,
  );
}

/** Returns the setting that a wrong name probably means. */
export function similarName(name: string): string | undefined {
  const letters = (text: string): string => text.replace(/[^a-z]/gi, '').toLowerCase();
  const wanted = letters(name);
  const names = Object.keys(SETTINGS);
  return (
    names.find((known) => letters(known) === wanted) ??
    names.find((known) => wanted.length > 2 && letters(known).startsWith(wanted)) ??
    nearest(name, names)
  );
}

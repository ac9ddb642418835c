import { closeSync, constants, existsSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { RecordpipeError } from '../../errors.ts';
import { fileError } from '../../storage/local/file-errors.ts';
import { replaceFileSync } from '../../storage/local/temporary-file.ts';

/** SageMaker's folder for configuration files. */
export const CONFIG_DIR = '/opt/ml/input/config';

/** A JSON object with arbitrary members. */
export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Reads a JSON file that contains one object.
 * @throws RecordpipeError `not-found`, `access-denied`, `io-failure`; `malformed-config` for any
 *   other contents
 */
export function readConfigFile(path: string): JsonObject {
  if (dirname(path) === CONFIG_DIR && !existsSync(path))
    throw new RecordpipeError(
      'not-found',
      'no such file; run the program with recordpipe train, or pass the directory of the job (configDir)',
      { uri: path },
    );
  const text = withFileErrors(path, () => readSmallFile(path));
  return configObject(parseConfig(text, path), 'the file', path);
}

/**
 * Writes a JSON file atomically: readers see either the old or the new contents. The text is
 * compact, as SageMaker writes it.
 */
export function writeConfigFile(path: string, value: unknown): void {
  withFileErrors(path, () => replaceFileSync(path, JSON.stringify(value)));
}

/** Parses a JSON text. @throws RecordpipeError `malformed-config` if the text is not JSON */
export function parseConfig(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw malformed(`not JSON: ${(error as Error).message}`, path, error);
  }
}

/** Returns `value` as a JSON object. @throws RecordpipeError `malformed-config` if it is not one */
export function configObject(value: unknown, what: string, path: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw malformed(`${what}: expected a JSON object, got ${kindOf(value)}`, path);
}

/**
 * Returns `value` as a string or undefined.
 * @throws RecordpipeError `malformed-config` if it is neither
 */
export function configText(value: unknown, what: string, path: string): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  throw malformed(`${what}: expected a string, got ${kindOf(value)}`, path);
}

/**
 * Returns `value` as an array of strings.
 * @throws RecordpipeError `malformed-config` if it is not one
 */
export function configTexts(value: unknown, what: string, path: string): string[] {
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value;
  throw malformed(`${what}: expected an array of strings, got ${kindOf(value)}`, path);
}

/** Returns a `malformed-config` error. */
export function malformed(what: string, uri: string, cause?: unknown): RecordpipeError {
  return new RecordpipeError('malformed-config', what, { uri }, cause);
}

/** Returns the first name that occurs twice, or undefined if all names are unique. */
export function duplicateIn(names: readonly string[]): string | undefined {
  return names.find((name, i) => names.indexOf(name) !== i);
}

/** Reads a text file. Rejects named pipes and devices, because reading them could block. */
export function readSmallFile(path: string, encoding: 'utf8' | 'latin1' = 'utf8'): string {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(descriptor);
    if (stat.isDirectory() || stat.isFile()) return readFileSync(descriptor, encoding);
    const what = 'expected a file, found a named pipe or device; remove it';
    throw new RecordpipeError('unsupported-source', what, { uri: path });
  } finally {
    closeSync(descriptor);
  }
}

/** Runs file operations. Converts a system error to a RecordpipeError that names `path`. */
export function withFileErrors<R>(path: string, work: () => R): R {
  try {
    return work();
  } catch (error) {
    throw fileError(error, path);
  }
}

/** Returns the path of a configuration file. */
export function configPath(configDir: string, name: string): string {
  return join(configDir, `${name}.json`);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : typeof value;
}

import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RecordpipeError } from '../../errors.ts';
import { fileError } from '../../storage/local/file-errors.ts';

/** Reads a text file that may have been planted: a named pipe or device in its place is an error, and never waited for. */
export function readSmallFile(path: string, encoding: 'utf8' | 'latin1' = 'utf8'): string {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(descriptor);
    if (stat.isDirectory() || stat.isFile()) return readFileSync(descriptor, encoding);
    const what = 'expected a file, and found a named pipe or device; remove it';
    throw new RecordpipeError('unsupported-source', what, { uri: path });
  } finally {
    closeSync(descriptor);
  }
}

/** Where SageMaker puts its configuration files. */
export const CONFIG_DIR = '/opt/ml/input/config';

/** Any JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * A JSON file of SageMaker's configuration, which holds one object.
 * @throws RecordpipeError `not-found`, `access-denied`, `io-failure`; `malformed-config` when it holds something else
 */
export function readConfigFile(configDir: string, name: string): JsonObject {
  const path = join(configDir, name);
  let text: string;
  try {
    text = readSmallFile(path);
  } catch (error) {
    throw fileError(error, path);
  }
  return configObject(parsed(text, path), 'the file', path);
}

/** @throws RecordpipeError `malformed-config` unless `value` is a JSON object */
export function configObject(value: unknown, what: string, path: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw malformed(`${what}: expected a JSON object, got ${kindOf(value)}`, path);
}

/** @throws RecordpipeError `malformed-config` unless `value` is text, or missing and not required */
export function configText(value: unknown, what: string, path: string): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  throw malformed(`${what}: expected a string, got ${kindOf(value)}`, path);
}

/** @throws RecordpipeError `malformed-config` unless `value` is an array of text */
export function configTexts(value: unknown, what: string, path: string): string[] {
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value;
  throw malformed(`${what}: expected an array of strings, got ${kindOf(value)}`, path);
}

export function malformed(what: string, uri: string, cause?: unknown): RecordpipeError {
  return new RecordpipeError('malformed-config', what, { uri }, cause);
}

function parsed(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw malformed(`not JSON: ${(error as Error).message}`, path, error);
  }
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : typeof value;
}

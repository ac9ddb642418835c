import { hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';

/** The directory of golden files. Each `name.bin` with a `name.json` is a test. */
export const FIXTURES: URL = new URL('../fixtures/', import.meta.url);

export interface GoldenRecord {
  readonly length: number;
  readonly sha256: string;
  /** Undefined if not specified. */
  readonly offset?: number;
}

/** Contents of `name.json`, which describes `name.bin`. */
export interface Golden {
  readonly name: string;
  readonly url: URL;
  readonly bytes: Uint8Array;
  readonly format: 'tfrecord' | 'recordio' | 'textline';
  /** Read options that differ from the defaults. */
  readonly options: { readonly multipart?: 'dmlc' | 'concat'; readonly cr?: 'keep' };
  readonly compression: 'none' | 'gzip' | 'zlib';
  /** Undefined if the records before the damage are not specified. */
  readonly records: readonly GoldenRecord[] | undefined;
  readonly error: { readonly code: string; readonly record?: number; readonly offset?: number } | undefined;
}

interface GoldenJson {
  format?: 'tfrecord' | 'recordio' | 'textline';
  multipart?: 'dmlc' | 'concat';
  cr?: 'keep';
  compression?: 'none' | 'gzip' | 'zlib';
  records?: GoldenRecord[];
  error?: { kind: string; record?: number; offset?: number };
}

export function goldenFiles(): Golden[] {
  const names = readdirSync(FIXTURES)
    .filter((file) => file.endsWith('.bin'))
    .map((file) => file.slice(0, -4));
  return names.map((name) => {
    const {
      format = 'tfrecord',
      multipart,
      cr,
      compression = 'none',
      records,
      error,
    } = JSON.parse(readFileSync(new URL(`${name}.json`, FIXTURES), 'utf8')) as GoldenJson;
    const url = new URL(`${name}.bin`, FIXTURES);
    const where = error && { ...error, code: error.kind.replaceAll(' ', '-') };
    const options = { ...(multipart && { multipart }), ...(cr && { cr }) };
    return { name, url, bytes: fixture(`${name}.bin`), format, options, compression, records, error: where };
  });
}

/**
 * Returns the expected result without an explicit format. HTML pages and pointer files are then of
 * unknown format, not damaged TFRecord files.
 */
export function detected(golden: Golden): Omit<Golden, 'format'> & { format: Golden['format'] | null } {
  if (!golden.name.startsWith('not-a-tfrecord')) return golden;
  return { ...golden, format: null, error: { code: 'unknown-format', record: 0, offset: 0 } };
}

/** Returns the options of a golden file as command-line flags. */
export function goldenFlags({ options }: Pick<Golden, 'options'>): string[] {
  return Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
}

/** Returns the bytes of a fixture file. */
export function fixture(file: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(file, FIXTURES)));
}

export function sha256(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex');
}

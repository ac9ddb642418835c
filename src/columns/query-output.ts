import { createReadStream } from 'node:fs';
import { UsageError } from '../errors.ts';
import type { ObjectOptions } from '../storage/object-options.ts';
import { discardOutput, openOutput } from '../storage/output.ts';
import type { Query, QueryTextFormat } from './query.ts';

/** Formats of the file that {@link writeQuery} writes. */
export type QueryFormat = QueryTextFormat | 'parquet';

/** Options of {@link writeQuery}. Every field has a default. */
export interface WriteQueryOptions {
  /** Format of the file. Default: from the extension of its name. */
  readonly format: QueryFormat | undefined;
  /** Whether to replace an existing file. Default false. */
  readonly overwrite: boolean;
  /** How to access objects. */
  readonly objects: Partial<ObjectOptions> | undefined;
  /** Aborts the operation. */
  readonly signal: AbortSignal | undefined;
}

const EXTENSIONS: Readonly<Record<string, QueryFormat>> = {
  '.csv': 'csv',
  '.json': 'json',
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
  '.parquet': 'parquet',
};

/** Returns the format of a file by its name; undefined for other names. */
export function queryFormatOf(path: string): QueryFormat | undefined {
  return EXTENSIONS[/\.[^./]*$/.exec(path)?.[0].toLowerCase() ?? ''];
}

/**
 * Runs a query and writes its result to a file, which appears when it is complete.
 *
 * @param path a path, an `s3://` address, or `-` for standard output
 * @returns the number of bytes
 * @throws RecordpipeError the errors of the query; `already-exists` unless `overwrite`;
 *   `not-found`, `access-denied`, `io-failure`
 * @throws UsageError if the name has no extension of a format and `format` is not set
 */
export async function writeQuery(
  query: Query,
  path: string,
  { format = queryFormatOf(path), overwrite = false, objects, signal }: Partial<WriteQueryOptions> = {},
): Promise<number> {
  if (format === undefined)
    throw new UsageError(
      `format: expected a file name that ends in .csv, .json, .jsonl or .parquet, got ${path}`,
    );
  const output = await openOutput(path, { overwrite, objects, signal });
  try {
    for await (const piece of piecesOf(query, format)) await output.sink.write(piece);
    await output.sink.close();
    await output.file.name(path);
  } catch (error) {
    await discardOutput(output);
    throw error;
  }
  return output.sink.bytes;
}

async function* piecesOf(query: Query, format: QueryFormat): AsyncGenerator<Uint8Array> {
  if (format === 'parquet') yield* createReadStream(await query.parquet());
  else for await (const text of query.text(format)) yield Buffer.from(text);
}

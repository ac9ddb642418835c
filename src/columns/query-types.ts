import type { CollectStatsOptions } from '../check/collect-stats.ts';

// Public types of queries, in a file that does not import DuckDB, because the declarations of the
// package must compile without it.

/** Options for reading the record files of tables. */
export type TableReading = Partial<
  Pick<
    CollectStatsOptions,
    | 'format'
    | 'compression'
    | 'maxRecordBytes'
    | 'onTruncated'
    | 'trailing'
    | 'multipart'
    | 'payloadCrc'
    | 'objects'
    | 'include'
    | 'exclude'
    | 'strictShards'
    | 'onNotice'
    | 'jobs'
    | 'signal'
  >
>;

/**
 * A value of a query's result. 64-bit and larger integers are bigints; decimals, dates, times and
 * other types that JavaScript lacks are DuckDB's text; a struct is an object, and a map
 * is an array of pairs.
 */
export type QueryValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly QueryValue[]
  | { readonly [field: string]: QueryValue };

import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as NodeApi from '@duckdb/node-api';
import type Bindings from '@duckdb/node-bindings';
import { forgetTemporary, temporaryPath } from '../storage/local/temporary-file.ts';
import { optionalPackage } from './formats/optional-package.ts';
import { queryError } from './query-errors.ts';

/** Limits of a database. */
export interface DatabaseOptions {
  /** Memory limit in bytes. Tables that exceed it are moved to temporary files. */
  readonly memoryBytes: number;
  /** Folder for temporary files. Default: that of the system. */
  readonly tempDir: string | undefined;
}

/**
 * A DuckDB database in memory. It loads no extensions, so that it never accesses the network.
 */
export class QueryDatabase {
  readonly connection: NodeApi.DuckDBConnection;
  readonly bindings: typeof Bindings;
  readonly api: typeof NodeApi;
  /** Folder of temporary files. It exists only if there are any. */
  readonly folder: string;
  readonly #instance: NodeApi.DuckDBInstance;

  private constructor(
    api: typeof NodeApi,
    bindings: typeof Bindings,
    instance: NodeApi.DuckDBInstance,
    connection: NodeApi.DuckDBConnection,
    folder: string,
  ) {
    this.api = api;
    this.bindings = bindings;
    this.#instance = instance;
    this.connection = connection;
    this.folder = folder;
  }

  /** @throws RecordpipeError `missing-package`, `io-failure` */
  static async open({ memoryBytes, tempDir }: DatabaseOptions): Promise<QueryDatabase> {
    const [api, bindings] = await optionalPackage('SQL needs', ['@duckdb/node-api'], loadPackages);
    const folder = temporaryPath(join(tempDir ?? tmpdir(), 'recordpipe-sql'));
    const instance = await api.DuckDBInstance.create(':memory:', {
      memory_limit: `${memoryBytes}B`,
      temp_directory: folder,
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      allow_community_extensions: 'false',
    });
    return new QueryDatabase(api, bindings, instance, await instance.connect(), folder);
  }

  /**
   * Runs a statement that returns rows of a few values.
   *
   * @throws RecordpipeError see `queryError`
   */
  async rows(sql: string, values: NodeApi.DuckDBValue[] = []): Promise<NodeApi.DuckDBValue[][]> {
    try {
      return (await this.connection.runAndReadAll(sql, values)).getRows();
    } catch (error) {
      throw queryError(error);
    }
  }

  /** Closes the database and removes its temporary files. */
  close(): void {
    this.connection.closeSync();
    this.#instance.closeSync();
    rmSync(this.folder, { recursive: true, force: true });
    forgetTemporary(this.folder);
  }
}

async function loadPackages(): Promise<[typeof NodeApi, typeof Bindings]> {
  const api = await import('@duckdb/node-api');
  // The bindings are a dependency of the API, which some package managers do not let others import.
  const own = createRequire(import.meta.url);
  const bindings = createRequire(own.resolve('@duckdb/node-api'))('@duckdb/node-bindings');
  return [api, bindings];
}

/** Quotes a name of a table or column. */
export function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

import { statSync } from 'node:fs';
import { RecordpipeError } from 'recordpipe';
import type { KnownFile } from 'recordpipe/check';
import type { DoneFile } from 'recordpipe/scale';
import { statObject } from 'recordpipe/storage';
import { INVALID, IO_FAILURE, OK } from './exit-codes.ts';
import type { ObjectCommandOptions } from './object-options.ts';
import { isS3, reachingOf } from './reaching.ts';
import type { ShardCommandOptions } from './shard-options.ts';
import { type ShardWork, shardRun } from './shard-run.ts';

/** The part of the work of a command that writes something for each file. */
export interface ShardFiles {
  readonly files: readonly KnownFile[];
  /** Those of all shards. */
  readonly all: readonly KnownFile[];
  /** Fails where a file is not as it was planned. */
  check(uri: string): Promise<void>;
  /** Writes the report, unless a file failed for a reason that may be gone next time; the exit code. */
  end(done: readonly DoneFile[]): Promise<number>;
}

/** As `shardRun`. */
export async function shardFiles(
  work: ShardWork<'index'> | ShardWork<'convert'>,
  options: ShardCommandOptions & ObjectCommandOptions & { readonly quiet?: true },
): Promise<ShardFiles> {
  const { files, all, write } = await shardRun(work as ShardWork<'index'>, options);
  const known = new Map(files.map((file) => [file.uri, file]));
  return {
    files,
    all,
    check: async (uri) => checkPlanned(known.get(uri)!, options),
    end: async (done) => {
      const { exitCodeOf } = await import('./exit-codes.ts');
      const codes = done.map(({ error }) => (error === undefined ? OK : exitCodeOf(error.code as never)));
      if (codes.includes(IO_FAILURE)) return IO_FAILURE;
      await write({ files: done });
      return codes.includes(INVALID) ? INVALID : OK;
    },
  };
}

async function checkPlanned({ uri, size, etag }: KnownFile, options: ObjectCommandOptions): Promise<void> {
  const remote = isS3(uri);
  const { objects, signal } = reachingOf(options);
  const found = remote
    ? await statObject(uri, { ...objects, signal })
    : { size: statSync(uri, { throwIfNoEntry: false })?.size, etag: undefined };
  if (found.size === size && (etag === undefined || found.etag === etag)) return;
  const text = 'it has changed since the plan was made; make a new plan';
  throw new RecordpipeError(remote ? 'object-changed' : 'source-changed', text, { uri });
}

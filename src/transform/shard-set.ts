import { checkAborted } from '../bytes/abortable.ts';
import type { ByteSource } from '../bytes/sources.ts';
import type { RecordWriter, UnnamedFile, WrittenFile } from '../records/write/record-writer.ts';
import {
  checkShardNames as checkFreeNames,
  findShards,
  nameShards,
  type ShardNaming as ShardNames,
} from '../records/write/shard-names.ts';
import { type Opening, type OutputKind, openOutput, refuseSameFile } from './record-output.ts';

/** Names and kind of shards. */
export interface ShardNaming extends Opening {
  readonly prefix: string;
  readonly suffix: string;
  readonly kind: OutputKind;
}

/** Shards that get their names together when all are finished. */
export class ShardSet {
  readonly #naming: ShardNaming;
  readonly #open = new Set<RecordWriter>();
  /** By number. */
  readonly #finished: UnnamedFile[] = [];

  constructor(naming: ShardNaming) {
    this.#naming = naming;
  }

  /** Shards finished so far. */
  get finished(): number {
    return this.#finished.length;
  }

  async open(): Promise<RecordWriter> {
    const { prefix, suffix, kind } = this.#naming;
    // Thousands of writers may be open: they do not each listen to the signal.
    const writing = { ...this.#naming, signal: undefined };
    const writer = await openOutput(`${prefix}-next-of-many${suffix}`, kind, writing, true);
    this.#open.add(writer);
    return writer;
  }

  /** Finishes a shard, which is the next in the order of the names. */
  async finish(writer: RecordWriter): Promise<void> {
    checkAborted(this.#naming.signal);
    const file = await writer.finishUnnamed();
    this.#open.delete(writer);
    this.#finished.push(file);
  }

  /** Gives all shards their names: `PREFIX-00000-of-00012SUFFIX`, …. */
  async name(): Promise<WrittenFile[]> {
    checkAborted(this.#naming.signal);
    return nameShards(this.#finished, namesOf(this.#naming));
  }

  /** Removes all shards, including those that have names already. */
  async discard(): Promise<void> {
    for (const writer of this.#open) await writer.abort();
    for (const { file } of this.#finished) await file.discard();
  }
}

/**
 * Fails if shards with this prefix exist, unless they may be replaced, and always if one of them is
 * the source.
 * @throws RecordpipeError `already-exists`, `unsupported-source`, and as `findShards`
 */
export async function checkShardNames(source: ByteSource, naming: ShardNaming): Promise<void> {
  const names = namesOf(naming);
  const found = await findShards(names);
  // First: advice to overwrite would destroy the source.
  for (const path of found) refuseSameFile([source], path);
  await checkFreeNames(names, found);
}

function namesOf({ prefix, suffix, overwrite, signal, read, write }: ShardNaming): ShardNames {
  return { prefix, suffix, overwrite, signal, objects: write.objects ?? read.objects };
}

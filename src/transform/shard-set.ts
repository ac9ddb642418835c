import { checkAborted } from '../bytes/abortable.ts';
import type { ByteSource } from '../bytes/sources.ts';
import type { RecordWriter, UnnamedFile, WrittenFile } from '../records/write/record-writer.ts';
import {
  checkShardNames as checkFreeNames,
  findShards,
  nameShards,
  type ShardNaming as ShardNames,
} from '../records/write/shard-names.ts';
import { extensionOf } from './file-formats.ts';
import type { RecordInput } from './record-input.ts';
import { type Opening, type OutputKind, openOutput, refuseSameFile } from './record-output.ts';
import { textExtension, writingOptions } from './text-lines.ts';
import type { TransformOptions } from './transform-options.ts';

/** Names and kind of a set of shards. */
export interface ShardNaming extends Opening {
  readonly prefix: string;
  readonly suffix: string;
  readonly kind: OutputKind;
}

/**
 * Returns the names and kind of the shards of an input.
 * @param suffix text after the shard number. Default: the extension of the format; for text written
 *   as text, that of the input
 */
export function shardNaming(
  input: RecordInput,
  prefix: string,
  suffix: string | undefined,
  options: TransformOptions,
): ShardNaming {
  const { uri, format } = input;
  const kind: OutputKind = {
    format: options.to ?? format,
    compression: options.write.compression ?? 'none',
  };
  const extension = extensionOf(kind.format, kind.compression);
  const own = format === 'textline' && kind.format === 'textline' ? textExtension(uri) : undefined;
  const named = own === undefined ? extension : own + extension.replace(/^\.txt/, '');
  return { ...writingOptions(options, format), prefix, kind, suffix: suffix ?? named };
}

/** Maximum number of shards that are open at once, which bounds file descriptors and buffers. */
export const MAX_OPEN_SHARDS = 500;
/** Total memory for the buffers of all writers, in bytes. Each writer has three buffers. */
const OPEN_BUFFER_BYTES = 96 * 1024 * 1024;

/** Returns the naming with small write buffers for `shards` shards that are open at once. */
export function smallBuffers(naming: ShardNaming, shards: number): ShardNaming {
  const each = Math.floor(OPEN_BUFFER_BYTES / (3 * shards));
  const bufferBytes = Math.min(Math.max(each, 4096), 1024 * 1024);
  return { ...naming, write: { bufferBytes, ...naming.write } };
}

/** A set of shards that are renamed together once all are finished. */
export class ShardSet {
  readonly #naming: ShardNaming;
  readonly #open = new Set<RecordWriter>();
  /** Finished shards, by number. */
  readonly #finished: UnnamedFile[] = [];

  constructor(naming: ShardNaming) {
    this.#naming = naming;
  }

  /** Number of finished shards. */
  get finished(): number {
    return this.#finished.length;
  }

  async open(): Promise<RecordWriter> {
    const { prefix, suffix, kind } = this.#naming;
    // Thousands of writers may be open at once, so they do not listen to the signal individually.
    const writing = { ...this.#naming, signal: undefined };
    const writer = await openOutput(`${prefix}-next-of-many${suffix}`, kind, writing, true);
    this.#open.add(writer);
    return writer;
  }

  /** Finishes a shard and assigns it the next number. */
  async finish(writer: RecordWriter): Promise<void> {
    checkAborted(this.#naming.signal);
    const file = await writer.finishUnnamed();
    this.#open.delete(writer);
    this.#finished.push(file);
  }

  /** Renames the shards to `PREFIX-00000-of-00012SUFFIX`, …. */
  async name(): Promise<WrittenFile[]> {
    checkAborted(this.#naming.signal);
    return nameShards(this.#finished, namesOf(this.#naming));
  }

  /** Removes all shards, including renamed ones. */
  async discard(): Promise<void> {
    for (const writer of this.#open) await writer.abort();
    for (const { file } of this.#finished) await file.discard();
  }
}

/**
 * Throws an error if shards with this prefix exist and may not be replaced, or if one of them is
 * a source.
 * @throws RecordpipeError `already-exists`, `unsupported-source`, and the same errors as
 *   `findShards`
 */
export async function checkShardNames(sources: readonly ByteSource[], naming: ShardNaming): Promise<void> {
  const names = namesOf(naming);
  const found = await findShards(names);
  // Check this first, because following the advice to overwrite would destroy the source.
  for (const path of found) refuseSameFile(sources, path);
  await checkFreeNames(names, found);
}

function namesOf({ prefix, suffix, overwrite, signal, read, write }: ShardNaming): ShardNames {
  return { prefix, suffix, overwrite, signal, objects: write.objects ?? read.objects };
}

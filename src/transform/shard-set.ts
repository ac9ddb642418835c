import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { checkAborted } from '../bytes/abortable.ts';
import { isObjectUri } from '../bytes/object-uri.ts';
import type { ByteSource } from '../bytes/sources.ts';
import { RecordpipeError } from '../errors.ts';
import type { RecordWriter, UnnamedFile, WrittenFile } from '../files/record-writer.ts';
import { type Opening, type OutputKind, openOutput } from './record-output.ts';
import { refuseSameFile } from './same-file.ts';

/** Names and kind of shards. */
export interface ShardNaming extends Opening {
  readonly prefix: string;
  readonly suffix: string;
  readonly kind: OutputKind;
}

/** Shards that get their names together, once all are finished, or none at all. */
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
    // Thousands of writers may be open at once: not each of them listens to the signal.
    const writing = { ...this.#naming, signal: undefined };
    const writer = await openOutput(`${prefix}-next-of-many${suffix}`, kind, writing, true);
    this.#open.add(writer);
    return writer;
  }

  /** Ends a shard, which is the next in the order of the names. */
  async finish(writer: RecordWriter): Promise<void> {
    checkAborted(this.#naming.signal);
    const file = await writer.finishUnnamed();
    this.#open.delete(writer);
    this.#finished.push(file);
  }

  /** Gives all their names: `PREFIX-00000-of-00012SUFFIX`, …. */
  async name(): Promise<WrittenFile[]> {
    const { prefix, suffix, signal } = this.#naming;
    checkAborted(signal);
    const count = this.#finished.length;
    const files: WrittenFile[] = [];
    for (const [i, { file, name }] of this.#finished.entries()) {
      const path = `${prefix}-${number(i)}-of-${number(count)}${suffix}`;
      await name(path);
      files.push({ ...file, path });
    }
    return files;
  }

  /** Removes all, also those that have names by now. */
  async discard(): Promise<void> {
    for (const writer of this.#open) await writer.abort();
    for (const { discard } of this.#finished) await discard();
  }
}

/**
 * Fails where shards of this prefix are there already, of whatever number: two sets of shards in one folder would be read as one. With `overwrite`, only where
 * one of them is the source.
 * @throws RecordpipeError `already-exists`, `unsupported-source`, `not-found`
 */
export async function checkShardNames(source: ByteSource, naming: ShardNaming): Promise<void> {
  const { prefix, suffix, overwrite } = naming;
  if (isObjectUri(prefix)) return checkShardObjects(source, naming);
  // With a letter behind it, so that a prefix may also be a folder and nothing more.
  const folder = dirname(`${prefix}x`);
  const names = await readdir(folder).catch(() => []); // opening a shard says what is wrong
  const beginning = `${basename(`${prefix}x`).slice(0, -1)}-`;
  for (const name of names) {
    if (!name.startsWith(beginning) || !name.endsWith(suffix)) continue;
    if (!isNumber(name.slice(beginning.length, name.length - suffix.length))) continue;
    const path = join(folder, name);
    await refuseSameFile([source], path);
    if (overwrite || !(await stat(path)).isFile()) continue;
    throw shardThere(path);
  }
}

async function checkShardObjects(
  source: ByteSource,
  { prefix, suffix, overwrite, signal, read, write }: ShardNaming,
): Promise<void> {
  const { listObjects } = await import('../objects/index.ts');
  const beginning = `${prefix}-`;
  const options = { ...read.objects, ...write.objects, as: 'prefix', signal } as const;
  for await (const { uri } of listObjects(beginning, options)) {
    if (!uri.endsWith(suffix) || !isNumber(uri.slice(beginning.length, uri.length - suffix.length))) continue;
    await refuseSameFile([source], uri);
    if (!overwrite) throw shardThere(uri);
  }
}

/** Whether this is what stands in names of shards: `00000-of-00012`. */
function isNumber(text: string): boolean {
  return /^\d{5,}-of-\d{5,}$/.test(text);
}

function shardThere(uri: string): RecordpipeError {
  const text = 'a shard of this name already exists; pass overwrite: true to replace it';
  return new RecordpipeError('already-exists', text, { uri });
}

function number(value: number): string {
  return String(value).padStart(5, '0');
}

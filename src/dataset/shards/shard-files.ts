import { RecordpipeError } from '../../errors.ts';
import type { Access, StoredFile } from '../../storage/storage.ts';
import { openStoredFile } from '../../storage/stored-file.ts';
import type { OpenShard, Shard } from './open-shards.ts';

/** Maximum number of files that stay open when no read uses them. */
export const MAX_OPEN = 256;

interface OpenFile {
  readonly file: StoredFile;
  /** Number of holders. Files with holders stay open. */
  holders: number;
  lastUse: number;
}

/** The files of shards. Opens them when they are needed, and closes the least recently used ones. */
export class ShardFiles {
  readonly #shards: readonly Shard[];
  readonly #access: Access;
  readonly #open = new Map<number, OpenFile>();
  readonly #opening = new Map<number, Promise<OpenFile>>();
  readonly #closings = new Set<Promise<void>>();
  #uses = 0;
  #closed = false;

  constructor(shards: readonly OpenShard[], access: Access) {
    this.#shards = shards.map(({ shard }) => shard);
    this.#access = access;
    for (const [number, { file }] of shards.entries())
      if (file !== undefined) this.#open.set(number, { file, holders: 0, lastUse: 0 });
  }

  /** Returns the file of a shard if it is open. Call {@link release} when it is no longer needed. */
  holdNow(shard: number): StoredFile | undefined {
    const open = this.#open.get(shard);
    if (open === undefined) return undefined;
    open.holders++;
    open.lastUse = ++this.#uses;
    return open.file;
  }

  /**
   * Opens the file of a shard. Call {@link release} when it is no longer needed.
   * @throws RecordpipeError `source-changed` if the file is not the one that the index was compared
   *   with; `not-found`, `access-denied`, `io-failure`; for objects, the errors of requests
   */
  async hold(shard: number): Promise<StoredFile> {
    let opening = this.#opening.get(shard);
    if (!this.#open.has(shard) && opening === undefined) {
      opening = this.#openFile(shard).finally(() => this.#opening.delete(shard));
      this.#opening.set(shard, opening);
    }
    await opening;
    // The file may have been closed while this call waited for it.
    return this.holdNow(shard) ?? this.hold(shard);
  }

  release(shard: number): void {
    const open = this.#open.get(shard);
    if (open !== undefined) open.holders--;
  }

  /** Closes all files once the reads in progress have ended. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#opening.values());
    for (const shard of [...this.#open.keys()]) this.#closeFile(shard);
    await Promise.all(this.#closings);
  }

  async #openFile(shard: number): Promise<OpenFile> {
    const { path, size, mtimeNs } = this.#shards[shard];
    const file = await openStoredFile(path, this.#access);
    const open = { file, holders: 0, lastUse: ++this.#uses };
    this.#open.set(shard, open);
    if (this.#closed || file.size !== size || file.mtimeNs !== mtimeNs) {
      this.#closeFile(shard);
      const text = this.#closed
        ? 'the file is closed'
        : 'the file was modified or replaced during the iteration';
      throw new RecordpipeError(this.#closed ? 'closed' : 'source-changed', text, { uri: path });
    }
    if (this.#open.size > MAX_OPEN) this.#closeOldest(shard);
    return open;
  }

  #closeOldest(opened: number): void {
    let oldest = -1;
    let lastUse = Number.POSITIVE_INFINITY;
    for (const [shard, open] of this.#open) {
      if (open.holders > 0 || open.lastUse >= lastUse || shard === opened) continue;
      oldest = shard;
      lastUse = open.lastUse;
    }
    if (oldest >= 0) this.#closeFile(oldest);
  }

  #closeFile(shard: number): void {
    const { file } = this.#open.get(shard)!;
    this.#open.delete(shard);
    const closing = file.close().finally(() => this.#closings.delete(closing));
    this.#closings.add(closing);
  }
}

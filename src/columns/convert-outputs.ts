import type { ColumnBatch } from '../messages/columns/column-batch.ts';
import type { UnnamedFile } from '../records/write/record-writer.ts';
import { checkShardNames, nameShards, type ShardNaming } from '../records/write/shard-names.ts';
import type { ConvertedFile } from './convert-options.ts';
import { type OutputOpening, openRowOutput, type RowOutput, shardNaming } from './convert-output.ts';
import { sliceBatch } from './slice-batch.ts';

/** The outputs of a conversion: one, or several of up to `rowsPerFile` rows. */
export class RowOutputs {
  readonly #path: string;
  readonly #opening: OutputOpening;
  readonly #rowsPerFile: number | undefined;
  readonly #finished: UnnamedFile[] = [];
  #current: RowOutput | undefined;
  /** Number of rows of the current output. */
  #rows = 0;

  constructor(path: string, opening: Omit<OutputOpening, 'renamed'>) {
    this.#path = path;
    this.#rowsPerFile = opening.options.rowsPerFile;
    this.#opening = { ...opening, renamed: this.#rowsPerFile !== undefined };
  }

  async write(batch: ColumnBatch): Promise<void> {
    const { rows } = batch;
    for (let from = 0; from < rows; ) {
      const current = await this.#open();
      const to = Math.min(rows, from + (this.#rowsPerFile ?? rows) - this.#rows);
      await current.write(sliceBatch(batch, from, to));
      if (this.#rowsPerFile === undefined) return;
      this.#rows += to - from;
      from = to;
      if (this.#rows === this.#rowsPerFile) await this.#finish();
    }
  }

  /** Completes the outputs, which then appear under their names. Without rows, one is empty. */
  async close(): Promise<ConvertedFile[]> {
    if (this.#current !== undefined || this.#finished.length === 0) {
      await this.#open();
      await this.#finish();
    }
    if (this.#rowsPerFile !== undefined) return (await nameShards(this.#finished, this.#naming)).map(fileOf);
    const [{ file, written }] = this.#finished;
    await file.name(this.#path);
    return [fileOf({ ...written, path: this.#path === '-' ? written.path : this.#path })];
  }

  /** Discards all outputs. */
  async abort(): Promise<void> {
    await this.#current?.abort();
    for (const { file } of this.#finished) await file.discard();
  }

  get #naming(): ShardNaming {
    const { overwrite, objects, signal } = this.#opening.options;
    return { ...shardNaming(this.#path), overwrite, objects, signal };
  }

  async #open(): Promise<RowOutput> {
    if (this.#current !== undefined) return this.#current;
    let path = this.#path;
    if (this.#rowsPerFile !== undefined) {
      // Check before the first row, so that the conversion does not fail after hours.
      if (this.#finished.length === 0) await checkShardNames(this.#naming);
      const { prefix, suffix } = this.#naming;
      path = `${prefix}-next-of-many${suffix}`;
    }
    this.#current = await openRowOutput(path, this.#opening);
    return this.#current;
  }

  async #finish(): Promise<void> {
    const current = this.#current!;
    this.#finished.push(await current.finish());
    this.#current = undefined;
    this.#rows = 0;
  }
}

function fileOf({ path, records, bytes }: UnnamedFile['written']): ConvertedFile {
  return { path, records, bytes };
}

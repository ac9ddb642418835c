import type { RecordpipeError } from '../errors.ts';
import type { ColumnBatch } from '../messages/columns/column-batch.ts';
import type { ColumnSchema } from '../messages/columns/column-schema.ts';
import { ColumnEncoder } from '../messages/columns/encode-columns.ts';
import { prepareOutput } from '../records/write/prepare-output.ts';
import type { RecordWriter, UnnamedFile } from '../records/write/record-writer.ts';
import { writeOptions } from '../records/write/write-options.ts';
import { discardOutput } from '../storage/output.ts';
import type { Output } from '../storage/storage.ts';
import { kindOfName } from '../transform/file-formats.ts';
import { openOutput } from '../transform/record-output.ts';
import type { ConvertFormat, ConvertTableOptions } from './convert-options.ts';
import { isTableFormat, tableFormat } from './formats/registry.ts';
import type { TableFormatName, TableWriter } from './formats/table-format.ts';

/** One output of a conversion. */
export interface RowOutput {
  write(batch: ColumnBatch): Promise<void>;
  /** Completes the output, which keeps its temporary name. */
  finish(): Promise<UnnamedFile>;
  abort(): Promise<void>;
}

/** How to open an output. */
export interface OutputOpening {
  readonly format: ConvertFormat;
  readonly schema: ColumnSchema;
  readonly options: ConvertTableOptions;
  /** Skips a row that the format cannot represent; undefined if it is an error. */
  readonly skip: ((error: RecordpipeError) => void) | undefined;
  /** Whether the output gets another name later. */
  readonly renamed: boolean;
}

/** Opens a table or a record file for writing. */
export function openRowOutput(path: string, opening: OutputOpening): Promise<RowOutput> {
  const { format } = opening;
  return isTableFormat(format)
    ? TableOutput.open(path, format, opening)
    : RecordOutput.open(path, format, opening);
}

class TableOutput implements RowOutput {
  readonly #output: Output;
  readonly #writer: TableWriter;
  readonly #skipped: { rows: number };
  #rows = 0;

  /** @param skipped counts the rows that the writer skips */
  constructor(output: Output, writer: TableWriter, skipped: { rows: number }) {
    this.#output = output;
    this.#writer = writer;
    this.#skipped = skipped;
  }

  static async open(
    path: string,
    format: TableFormatName,
    { schema, options, skip, renamed }: OutputOpening,
  ): Promise<TableOutput> {
    const { openWriter } = await tableFormat(format);
    const { overwrite, objects, signal, write, lossy, onLoss, rowGroupRows, compression } = options;
    // Parquet and Arrow compress their own parts.
    const isText = format === 'csv' || format === 'jsonl';
    const packed = isText ? (write.compression ?? kindOfName(path).compression) : 'none';
    const opened = await prepareOutput(
      path,
      writeOptions({ objects, ...write, compression: packed, overwrite, signal }),
      { compression: packed, renamed },
    );
    const skipped = { rows: 0 };
    const onBadRow = (error: RecordpipeError): void => {
      skip?.(error);
      skipped.rows++;
    };
    try {
      const toSink = (bytes: Uint8Array): Promise<void> => opened.sink.write(bytes);
      const writing = {
        lossy,
        ...(onLoss && { onLoss }),
        ...(skip && { onBadRow }),
        stream: path === '-' || path.endsWith('.arrows'),
        rowGroupRows,
        compression,
      };
      return new TableOutput(opened, await openWriter(schema, toSink, writing as object), skipped);
    } catch (error) {
      await discardOutput(opened);
      throw error;
    }
  }

  async write(batch: ColumnBatch): Promise<void> {
    await this.#writer.write(batch);
    this.#rows += batch.rows;
  }

  async finish(): Promise<UnnamedFile> {
    await this.#writer.close();
    const { sink, file, path } = this.#output;
    await sink.close();
    const records = this.#rows - this.#skipped.rows;
    return { written: { path, records, payloadBytes: sink.bytes, bytes: sink.bytes }, file };
  }

  async abort(): Promise<void> {
    this.#writer.abort();
    await discardOutput(this.#output);
  }
}

class RecordOutput implements RowOutput {
  readonly #writer: RecordWriter;
  readonly #encoder: ColumnEncoder;

  constructor(writer: RecordWriter, encoder: ColumnEncoder) {
    this.#writer = writer;
    this.#encoder = encoder;
  }

  static async open(
    path: string,
    format: Exclude<ConvertFormat, TableFormatName>,
    { schema, options, skip, renamed }: OutputOpening,
  ): Promise<RecordOutput> {
    const encoder = new ColumnEncoder(schema, { onSkipped: skip });
    const { write, overwrite, objects, signal } = options;
    const compression = write.compression ?? (path === '-' ? 'none' : kindOfName(path).compression);
    const opening = { write, read: { objects }, overwrite, signal };
    return new RecordOutput(await openOutput(path, { format, compression }, opening, renamed), encoder);
  }

  async write(batch: ColumnBatch): Promise<void> {
    for (const records of this.#encoder.encode(batch)) {
      for (let i = 0; i < records.length; i++) {
        const pending = this.#writer.write(records.record(i));
        if (pending !== undefined) await pending;
      }
    }
  }

  finish(): Promise<UnnamedFile> {
    return this.#writer.finishUnnamed();
  }

  abort(): Promise<void> {
    return this.#writer.abort();
  }
}

/** Returns the part of an output's name before a number of a shard, and the part after it. */
export function shardNaming(path: string): { prefix: string; suffix: string } {
  const { compression } = kindOfName(path);
  const packed = compression === 'none' ? '' : path.slice(path.lastIndexOf('.'));
  const plain = path.slice(0, path.length - packed.length);
  const [extension = ''] = /\.[^./]*$/.exec(plain) ?? [];
  return { prefix: plain.slice(0, plain.length - extension.length), suffix: `${extension}${packed}` };
}

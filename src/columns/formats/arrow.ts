import type { Schema } from 'apache-arrow';
import { abortable } from '../../bytes/abortable.ts';
import { RecordpipeError } from '../../errors.ts';
import type { ColumnBatch } from '../../messages/columns/column-batch.ts';
import type { ColumnSchema } from '../../messages/columns/column-schema.ts';
import { type ArrowPackage, arrowPackage, arrowSchema, recordBatch } from './arrow-batch.ts';
import { ArrowColumns } from './arrow-columns.ts';
import { registerDecompressors } from './arrow-compression.ts';
import type { ArrowSchema } from './arrow-data.ts';
import { malformedTable } from './arrow-elements.ts';
import { type BatchEncoder, fileEncoder, PieceWriter, streamEncoder } from './arrow-encoders.ts';
import { arrowMessages } from './arrow-messages.ts';
import type {
  TableFormat,
  TableReader,
  TableReadOptions,
  TableSource,
  TableWriteOptions,
  TableWriter,
} from './table-format.ts';

/** Arrow's IPC format: as a file, or as a stream that can be read while it is written. */
export const arrowFormat: TableFormat = {
  name: 'arrow',
  extensions: ['.arrow', '.feather', '.ipc', '.arrows'],
  async openWriter(schema, write, options) {
    return new ArrowWriter(await arrowPackage(), schema, write, options);
  },
  async openReader(source, options) {
    return openArrow(await arrowPackage(), source, options);
  },
};

class ArrowWriter implements TableWriter {
  readonly #arrow: ArrowPackage;
  readonly #schema: Schema;
  readonly #output: PieceWriter;
  readonly #encoder: BatchEncoder;
  /** Pieces of the output that are not written. Most are the memory of the batch itself. */
  #pieces: Uint8Array[] = [];

  constructor(
    arrow: ArrowPackage,
    schema: ColumnSchema,
    write: (bytes: Uint8Array) => Promise<void>,
    { stream = false }: TableWriteOptions,
  ) {
    this.#arrow = arrow;
    this.#schema = arrowSchema(arrow, schema);
    this.#output = new PieceWriter(write);
    const encoder = stream ? streamEncoder : fileEncoder;
    this.#encoder = encoder(arrow, this.#schema, (piece) => void this.#pieces.push(piece));
  }

  write(batch: ColumnBatch): Promise<void> {
    this.#encoder.write(recordBatch(this.#arrow, this.#schema, batch));
    return this.#flush();
  }

  close(): Promise<void> {
    this.#encoder.finish();
    return this.#flush();
  }

  abort(): void {
    this.#pieces = [];
  }

  #flush(): Promise<void> {
    const pieces = this.#pieces;
    this.#pieces = [];
    return this.#output.write(pieces);
  }
}

async function openArrow(
  arrow: ArrowPackage,
  source: TableSource,
  options: TableReadOptions,
): Promise<TableReader> {
  const { uri } = source;
  registerDecompressors(arrow);
  const messages = arrowMessages(source, abortable(source.stream(), options.signal));
  const batches = await asTable(uri, async () => {
    const reader = await arrow.RecordBatchReader.from(messages);
    return reader.open();
  });
  const columns = new ArrowColumns(batches.schema as ArrowSchema, { ...options, uri });
  return {
    schema: columns.schema,
    untyped: columns.untyped,
    async *batches() {
      let firstRow = 0;
      try {
        for (;;) {
          const { done, value } = await asTable(uri, async () => batches.next());
          if (done) return;
          if (value.numRows === 0) continue;
          yield columns.read(value, firstRow);
          firstRow += value.numRows;
        }
      } finally {
        await messages.return();
      }
    },
    async close() {
      await messages.return();
    },
  };
}

/** Runs code of the apache-arrow package. Any other error that it throws means a corrupt table. */
async function asTable<Result>(uri: string, run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof RecordpipeError) throw error;
    const [, type] = /^Unrecognized type: "(\w+)"/.exec((error as Error).message) ?? [];
    if (type !== undefined) {
      const text = `the table has a column of the type ${type}, which the apache-arrow package cannot read; cast the column, then write the table again`;
      throw new RecordpipeError('unrepresentable', text, { uri }, error);
    }
    throw malformedTable(`the Arrow data is corrupt: ${(error as Error).message}`, uri, error);
  }
}

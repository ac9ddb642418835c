import type { RecordBatch, Schema } from 'apache-arrow';
import { abortable } from '../../bytes/abortable.ts';
import { RecordpipeError } from '../../errors.ts';
import type { ColumnBatch } from '../../messages/columns/column-batch.ts';
import type { ColumnSchema } from '../../messages/columns/column-schema.ts';
import { type ArrowPackage, arrowPackage, arrowSchema, recordBatch } from './arrow-batch.ts';
import { ArrowColumns } from './arrow-columns.ts';
import type { ArrowSchema } from './arrow-data.ts';
import { malformedTable } from './arrow-elements.ts';
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
  extensions: ['.arrow', '.feather', '.arrows'],
  async openWriter(schema, write, options) {
    return new ArrowWriter(await arrowPackage(), schema, write, options);
  },
  async openReader(source, options) {
    return openArrow(await arrowPackage(), source, options);
  },
};

/** Smaller pieces are joined before they are written. */
const MAX_JOINED_BYTES = 1024 * 1024;

class ArrowWriter implements TableWriter {
  readonly #arrow: ArrowPackage;
  readonly #schema: Schema;
  readonly #write: (bytes: Uint8Array) => Promise<void>;
  readonly #encoder: { write(batch: RecordBatch): void; finish(): unknown };
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
    this.#write = write;
    const take = (piece: Uint8Array): void => {
      if (piece.length > 0) this.#pieces.push(piece);
    };
    const encoder = stream ? new arrow.RecordBatchStreamWriter() : fileEncoder(arrow);
    // The queue of the package would deliver each piece by a promise.
    encoder.reset(collector(arrow, take), this.#schema);
    this.#encoder = encoder;
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

  async #flush(): Promise<void> {
    const pieces = this.#pieces;
    this.#pieces = [];
    let from = 0;
    let size = 0;
    for (const [i, piece] of pieces.entries()) {
      size += piece.length;
      const next = pieces[i + 1];
      if (next !== undefined && size + next.length <= MAX_JOINED_BYTES) continue;
      await this.#write(from === i ? piece : Buffer.concat(pieces.slice(from, i + 1), size));
      from = i + 1;
      size = 0;
    }
  }
}

/**
 * Returns a writer of files that start with the schema, as the format requires, so that they can also
 * be read in order. The package's own writer stores the schema only at the end.
 */
function fileEncoder(arrow: ArrowPackage): InstanceType<ArrowPackage['RecordBatchFileWriter']> {
  class FileEncoder extends arrow.RecordBatchFileWriter {
    protected override _writeSchema(schema: Schema): this {
      super._writeSchema(schema);
      return this._writeMessage(arrow.Message.from(schema));
    }
  }
  return new FileEncoder();
}

/** Returns a queue that passes each piece on at once. */
function collector(
  arrow: ArrowPackage,
  take: (piece: Uint8Array) => void,
): InstanceType<ArrowPackage['AsyncByteQueue']> {
  const queue = new arrow.AsyncByteQueue();
  queue.write = (piece) => take(piece as Uint8Array);
  return queue;
}

async function openArrow(
  arrow: ArrowPackage,
  source: TableSource,
  options: TableReadOptions,
): Promise<TableReader> {
  const { uri } = source;
  const messages = arrowMessages(source, abortable(source.stream(), options.signal));
  const batches = await asTable(uri, async () => {
    const reader = await arrow.RecordBatchReader.from(messages);
    return reader.open();
  });
  const columns = new ArrowColumns(batches.schema as ArrowSchema, { ...options, uri });
  return {
    schema: columns.schema,
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
    throw malformedTable(`the Arrow data is corrupt: ${(error as Error).message}`, uri, error);
  }
}

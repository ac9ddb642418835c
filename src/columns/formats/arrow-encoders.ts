import type { RecordBatch, Schema } from 'apache-arrow';
import type { ArrowPackage } from './arrow-batch.ts';

/** Smaller pieces are joined before they are written. */
const MAX_JOINED_BYTES = 1024 * 1024;

/** Writes pieces of memory in order, with few calls, and without copies of large ones. */
export class PieceWriter {
  readonly #write: (bytes: Uint8Array) => Promise<void>;

  constructor(write: (bytes: Uint8Array) => Promise<void>) {
    this.#write = write;
  }

  async write(pieces: readonly Uint8Array[]): Promise<void> {
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

/** Encodes record batches as Arrow data. */
export interface BatchEncoder {
  write(batch: RecordBatch): void;
  finish(): unknown;
}

/** Returns an encoder of an Arrow stream, which passes each piece of memory on at once. */
export function streamEncoder(
  arrow: ArrowPackage,
  schema: Schema,
  take: (piece: Uint8Array) => void,
): BatchEncoder {
  const encoder = new arrow.RecordBatchStreamWriter();
  encoder.reset(collector(arrow, take), schema);
  return encoder;
}

/**
 * Returns an encoder of an Arrow file that starts with the schema, as the format requires, so that it
 * can also be read in order. The package's own encoder stores the schema only at the end.
 */
export function fileEncoder(
  arrow: ArrowPackage,
  schema: Schema,
  take: (piece: Uint8Array) => void,
): BatchEncoder {
  class FileEncoder extends arrow.RecordBatchFileWriter {
    protected override _writeSchema(table: Schema): this {
      super._writeSchema(table);
      return this._writeMessage(arrow.Message.from(table));
    }
  }
  const encoder = new FileEncoder();
  encoder.reset(collector(arrow, take), schema);
  return encoder;
}

/** Returns a queue that passes on each piece. The package's own queue uses a promise for each. */
function collector(
  arrow: ArrowPackage,
  take: (piece: Uint8Array) => void,
): InstanceType<ArrowPackage['AsyncByteQueue']> {
  const queue = new arrow.AsyncByteQueue();
  queue.write = (piece) => {
    if ((piece as Uint8Array).length > 0) take(piece as Uint8Array);
  };
  return queue;
}

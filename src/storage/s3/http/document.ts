/**
 * The longest answer that is collected in memory: a page of a listing with 1,000 keys of 1,024 bytes, each byte escaped,
 * has about 4 MB.
 */
export const MAX_DOCUMENT_BYTES: number = 8 * 1024 * 1024;

/** An answer that does not end. */
export class EndlessDocument extends Error {
  override readonly name = 'EndlessDocument';
  readonly code = 'EndlessDocument';

  constructor() {
    super(`the answer is longer than ${MAX_DOCUMENT_BYTES} bytes`);
  }
}

/** Collects the body of an answer that is no object: a listing, or what an error says. */
export class Document {
  readonly #pieces: Uint8Array[] = [];
  #bytes = 0;

  get length(): number {
    return this.#bytes;
  }

  /** @throws EndlessDocument */
  add(piece: Uint8Array): void {
    this.#bytes += piece.length;
    if (this.#bytes > MAX_DOCUMENT_BYTES) throw new EndlessDocument();
    this.#pieces.push(piece);
  }

  bytes(): Buffer {
    return Buffer.concat(this.#pieces);
  }
}

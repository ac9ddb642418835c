const BOM = [0xef, 0xbb, 0xbf] as const;

/**
 * The bytes to split into lines: the chunks as UTF-8 and, with `stripBom`, without a byte order
 * mark.
 */
export class TextSource {
  /** Position of the most recently returned bytes in the text. */
  position = 0;
  #end = 0;
  #chunk: Uint8Array | undefined;
  readonly #transcoder: Transcoder | undefined;
  /** The beginning of the text, as long as it may be a byte order mark. */
  #head: Uint8Array | undefined;

  /** @param start position of the first pushed byte in the stream */
  constructor(
    { encoding, fatal, stripBom }: { encoding: string; fatal: boolean; stripBom: boolean },
    start: number,
  ) {
    this.#end = start;
    const asIs = encoding === 'bytes' || encoding === 'utf-8';
    this.#transcoder = asIs ? undefined : new Transcoder(encoding, fatal);
    this.#head = stripBom && start === 0 ? new Uint8Array(0) : undefined;
  }

  /**
   * Position in the stream of the first byte that is invalid in the encoding, once `next` has
   * returned undefined.
   */
  get malformedAt(): number | undefined {
    return this.#transcoder?.malformedAt;
  }

  /** Accepts the next chunk. Call only after `next` has returned undefined. */
  push(chunk: Uint8Array): void {
    if (this.#transcoder === undefined) this.#chunk = chunk;
    else this.#transcoder.push(chunk);
  }

  /**
   * Returns at least one byte, or undefined if a chunk is needed or, after the last chunk
   * (`final`), at the end.
   */
  next(final: boolean): Uint8Array | undefined {
    for (;;) {
      let bytes = this.#transcoder === undefined ? this.#take() : this.#transcoder.next(final);
      if (this.#head !== undefined) bytes = this.#afterMark(this.#head, bytes, final);
      if (bytes === undefined) return undefined;
      this.position = this.#end;
      this.#end += bytes.length;
      if (bytes.length > 0) return bytes;
    }
  }

  #take(): Uint8Array | undefined {
    const chunk = this.#chunk;
    this.#chunk = undefined;
    return chunk;
  }

  /** Returns the bytes after the byte order mark, or none while the bytes may belong to one. */
  #afterMark(head: Uint8Array, bytes: Uint8Array | undefined, final: boolean): Uint8Array | undefined {
    if (bytes === undefined && !final) return undefined;
    const all = bytes === undefined ? head : head.length === 0 ? bytes : joined(head, bytes);
    let same = 0;
    while (same < BOM.length && all[same] === BOM[same]) same++;
    if (same === all.length && same < BOM.length && bytes !== undefined) {
      this.#head = all.slice();
      return new Uint8Array(0);
    }
    this.#head = undefined;
    if (same < BOM.length) return all;
    this.#end = BOM.length;
    return all.subarray(BOM.length);
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** Number of bytes to decode at a time. It is small enough to search for an error byte by byte. */
const SLICE_BYTES = 64 * 1024;

/** Converts a stream in another encoding to UTF-8, slice by slice. */
export class Transcoder {
  /**
   * Position in the stream of the first byte that is invalid in the encoding; undefined until it
   * has been read.
   */
  malformedAt: number | undefined;
  readonly #decoder: TextDecoder;
  /**
   * Finds the position of an error. A fatal decoder does not report the position, and drops the
   * valid text before it. A second decoder therefore stays one slice back, and then decodes that
   * slice byte by byte.
   */
  readonly #exact: TextDecoder | undefined;
  readonly #encoder = new TextEncoder();
  #waiting: Uint8Array = new Uint8Array(0);
  #position = 0;
  #flushed = false;

  constructor(encoding: string, fatal: boolean) {
    this.#decoder = new TextDecoder(encoding, { fatal, ignoreBOM: true });
    this.#exact = fatal ? new TextDecoder(encoding, { fatal, ignoreBOM: true }) : undefined;
  }

  /** Accepts the next chunk. Call only after `next` has returned undefined. */
  push(chunk: Uint8Array): void {
    this.#waiting = chunk;
  }

  /**
   * Returns the next UTF-8 bytes, or undefined if a chunk is needed, at `malformedAt`, or, after
   * the last chunk (`final`), at the end.
   */
  next(final: boolean): Uint8Array | undefined {
    while (this.malformedAt === undefined) {
      const slice = this.#waiting.subarray(0, SLICE_BYTES);
      const last = slice.length === 0;
      if (last && (!final || this.#flushed)) return undefined;
      this.#flushed = last;
      this.#waiting = this.#waiting.subarray(slice.length);
      const text = this.#decode(slice, last);
      if (text.length > 0) return this.#encoder.encode(text);
    }
    return undefined;
  }

  #decode(slice: Uint8Array, last: boolean): string {
    try {
      const text = this.#decoder.decode(slice, { stream: !last });
      this.#exact?.decode(slice, { stream: true });
      this.#position += slice.length;
      return text;
    } catch (error) {
      if (this.#exact === undefined) throw error;
      return this.#decodeByBytes(slice, this.#exact);
    }
  }

  #decodeByBytes(slice: Uint8Array, decoder: TextDecoder): string {
    let text = '';
    let at = 0;
    try {
      for (; at < slice.length; at++) text += decoder.decode(slice.subarray(at, at + 1), { stream: true });
    } catch {}
    this.malformedAt = this.#position + at;
    return text;
  }
}

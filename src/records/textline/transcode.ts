/** Bytes decoded at a time: little enough to look for the place of an error byte by byte. */
const SLICE_BYTES = 64 * 1024;

/** Turns a stream of some encoding into UTF-8, slice by slice. */
export class Transcoder {
  /** Position in the stream of the first byte that is not in the encoding, once it was met. */
  malformedAt: number | undefined;
  readonly #decoder: TextDecoder;
  /** Told to throw, a decoder does not say where, and drops what was good. So a second one follows a slice behind and then takes byte by byte. */
  readonly #behind: TextDecoder | undefined;
  readonly #encoder = new TextEncoder();
  #waiting: Uint8Array = new Uint8Array(0);
  #position = 0;
  #flushed = false;

  constructor(encoding: string, fatal: boolean) {
    this.#decoder = new TextDecoder(encoding, { fatal, ignoreBOM: true });
    this.#behind = fatal ? new TextDecoder(encoding, { fatal, ignoreBOM: true }) : undefined;
  }

  /** Takes the next chunk; only after `next` returned undefined. */
  push(chunk: Uint8Array): void {
    this.#waiting = chunk;
  }

  /** The next UTF-8 bytes; undefined when more are to be pushed, after the last (`final`) when all is given, or at `malformedAt`. */
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
      this.#behind?.decode(slice, { stream: true });
      this.#position += slice.length;
      return text;
    } catch (error) {
      if (this.#behind === undefined) throw error;
      return this.#decodeByBytes(slice, this.#behind);
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

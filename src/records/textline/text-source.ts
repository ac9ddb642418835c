import { Transcoder } from './transcode.ts';

const BOM = [0xef, 0xbb, 0xbf] as const;

/** The bytes that are cut into lines: chunks as they come, without a byte order mark if that is to go, and as UTF-8 if they are in another encoding. */
export class TextSource {
  /** Position in the text of the bytes that `next` gave last. */
  position = 0;
  #end = 0;
  #chunk: Uint8Array | undefined;
  readonly #transcoder: Transcoder | undefined;
  /** The beginning of the text while it may be a byte order mark. */
  #head: Uint8Array | undefined;

  /** @param start position in the stream of the first byte that will be pushed */
  constructor(
    { encoding, fatal, stripBom }: { encoding: string; fatal: boolean; stripBom: boolean },
    start: number,
  ) {
    this.#end = start;
    const asIs = encoding === 'bytes' || encoding === 'utf-8';
    this.#transcoder = asIs ? undefined : new Transcoder(encoding, fatal);
    this.#head = stripBom && start === 0 ? new Uint8Array(0) : undefined;
  }

  /** Position in the stream of the first byte that is not in the encoding; known when `next` has nothing more. */
  get malformedAt(): number | undefined {
    return this.#transcoder?.malformedAt;
  }

  /** Takes the next chunk; only after `next` returned undefined. */
  push(chunk: Uint8Array): void {
    if (this.#transcoder === undefined) this.#chunk = chunk;
    else this.#transcoder.push(chunk);
  }

  /** The next bytes, at least one; undefined when a chunk is wanted or, after the last (`final`), when there are no more. */
  next(final: boolean): Uint8Array | undefined {
    for (;;) {
      let bytes = this.#transcoder === undefined ? this.#take() : this.#transcoder.next(final);
      if (this.#head !== undefined) bytes = this.#behindMark(this.#head, bytes, final);
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

  /** What follows the byte order mark; none while it cannot be told. */
  #behindMark(head: Uint8Array, bytes: Uint8Array | undefined, final: boolean): Uint8Array | undefined {
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

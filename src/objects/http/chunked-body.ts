import { MalformedAnswer } from './answer-head.ts';

const MAX_LINE = 4096;
const MAX_TRAILERS = 64;

/** Takes a body in chunks apart (RFC 9112, 7.1). Few services of objects send them; speed is no concern here. */
export class ChunkedBody {
  readonly #onData: (bytes: Uint8Array) => void;
  /** What of a line has come. */
  #line = '';
  #state: 'size' | 'bytes' | 'after bytes' | 'trailer' = 'size';
  #left = 0;
  #trailers = 0;

  constructor(onData: (bytes: Uint8Array) => void) {
    this.#onData = onData;
  }

  /**
   * The next bytes of the connection.
   * @returns behind the end of the body in them; -1: it goes on
   * @throws MalformedAnswer
   */
  push(bytes: Uint8Array): number {
    for (let at = 0; at < bytes.length; ) {
      if (this.#state === 'bytes') {
        const end = Math.min(bytes.length, at + this.#left);
        this.#onData(bytes.subarray(at, end));
        this.#left -= end - at;
        at = end;
        if (this.#left === 0) this.#state = 'after bytes';
        continue;
      }
      const character = String.fromCharCode(bytes[at++]);
      this.#line += character;
      if (this.#line.length > MAX_LINE) throw new MalformedAnswer('a line between chunks does not end');
      if (character === '\n' && this.#endLine()) return at;
    }
    return -1;
  }

  /** @returns whether the body is at its end */
  #endLine(): boolean {
    const line = this.#line;
    this.#line = '';
    if (!line.endsWith('\r\n')) throw new MalformedAnswer('a line between chunks ends with a lone line feed');
    switch (this.#state) {
      case 'size': {
        const [, digits] = /^([0-9a-fA-F]{1,12})(?:[ \t]*;.*)?\r\n$/.exec(line) ?? [];
        if (digits === undefined)
          throw new MalformedAnswer(`a chunk has the size ${JSON.stringify(line.trim())}`);
        this.#left = Number.parseInt(digits, 16);
        this.#state = this.#left === 0 ? 'trailer' : 'bytes';
        return false;
      }
      case 'after bytes':
        if (line !== '\r\n') throw new MalformedAnswer('a chunk is longer than its size');
        this.#state = 'size';
        return false;
      default:
        if (++this.#trailers > MAX_TRAILERS) throw new MalformedAnswer('the trailer does not end');
        return line === '\r\n';
    }
  }
}

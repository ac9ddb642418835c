/** What stands before the body of an answer. */
export interface AnswerHead {
  readonly status: number;
  readonly reason: string;
  /** Names in lower case; of one that comes twice, both values with a comma between them. */
  readonly headers: AnswerHeaders;
  /** Bytes of the body; `chunked`; or all that comes until the connection is closed. */
  readonly body: number | 'chunked' | 'until closed';
  /** Whether the connection may be used for another request afterwards. */
  readonly keepAlive: boolean;
}

export type AnswerHeaders = Readonly<Record<string, string>>;

/** An answer that is none by RFC 9112. What can be understood in two ways is not guessed at: the connection is closed. */
export class MalformedAnswer extends Error {
  override readonly name = 'MalformedAnswer';
  readonly code = 'MalformedAnswer';
}

/**
 * Reads the head of an answer to a GET.
 * @param text from the first byte to before the empty line, each character a byte
 * @throws MalformedAnswer
 */
export function parseAnswerHead(text: string): AnswerHead {
  const lines = text.split('\r\n');
  const [, minor, digits, reason = ''] = /^HTTP\/1\.([01]) (\d{3})(?: (.*))?$/.exec(lines[0]) ?? [];
  if (digits === undefined) throw new MalformedAnswer(`the answer begins with ${quoted(lines[0])}`);
  const headers = parseHeaders(lines);
  const status = Number(digits);
  const said = headers['connection']?.toLowerCase() ?? '';
  const body = bodyOf(status, headers);
  const keepAlive = minor === '1' ? !/\bclose\b/.test(said) : /\bkeep-alive\b/.test(said);
  return { status, reason, headers, body, keepAlive: keepAlive && body !== 'until closed' };
}

const HEADER = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*$/;
const CONTROL = /[\0\r\n]/;

function parseHeaders(lines: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = Object.create(null);
  for (let i = 1; i < lines.length; i++) {
    const [, given, value] = HEADER.exec(lines[i]) ?? [];
    if (given === undefined || CONTROL.test(value))
      throw new MalformedAnswer(`the answer has a header ${quoted(lines[i])}`);
    const name = given.toLowerCase();
    const before = headers[name];
    headers[name] = before === undefined ? value : `${before}, ${value}`;
  }
  return headers;
}

function bodyOf(status: number, headers: AnswerHeaders): AnswerHead['body'] {
  if (status < 200 || status === 204 || status === 304) return 0;
  const { 'content-length': length, 'transfer-encoding': coding } = headers;
  if (coding !== undefined) {
    if (length !== undefined || coding.toLowerCase() !== 'chunked')
      throw new MalformedAnswer(
        `the answer has Transfer-Encoding ${quoted(coding)} and Content-Length ${quoted(length ?? 'none')}`,
      );
    return 'chunked';
  }
  if (length === undefined) return 'until closed';
  const bytes = /^\d+$/.test(length) ? Number(length) : Number.NaN;
  if (!Number.isSafeInteger(bytes))
    throw new MalformedAnswer(`the answer has Content-Length ${quoted(length)}`);
  return bytes;
}

const SHOWN = 60;

function quoted(text: string): string {
  return JSON.stringify(text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text);
}

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

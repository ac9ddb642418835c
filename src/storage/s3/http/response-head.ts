/** Status line and headers of a response. */
export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  readonly headers: ResponseHeaders;
  /** Length of the body in bytes, or how its end is marked. */
  readonly body: number | 'chunked' | 'until closed';
  /** Whether the connection may carry another request after this one. */
  readonly keepAlive: boolean;
}

/** Header values by lower-case name. Repeated headers are joined with commas. */
export type ResponseHeaders = Readonly<Record<string, string>>;

/** A response that violates RFC 9112 or is ambiguous. Its connection is closed. */
export class MalformedResponse extends Error {
  override readonly name = 'MalformedResponse';
  readonly code = 'MalformedResponse';
}

/**
 * Parses the head of a response to a GET.
 *
 * @param text up to the empty line, one character per byte
 * @throws MalformedResponse
 */
export function parseResponseHead(text: string): ResponseHead {
  const lines = text.split('\r\n');
  const [, minor, digits, reason = ''] = /^HTTP\/1\.([01]) (\d{3})(?: (.*))?$/.exec(lines[0]) ?? [];
  if (digits === undefined) throw new MalformedResponse(`the response begins with ${quoted(lines[0])}`);
  const headers = parseHeaders(lines);
  const status = Number(digits);
  const connection = headers['connection']?.toLowerCase() ?? '';
  const body = bodyOf(status, headers);
  const keepAlive = minor === '1' ? !/\bclose\b/.test(connection) : /\bkeep-alive\b/.test(connection);
  return { status, reason, headers, body, keepAlive: keepAlive && body !== 'until closed' };
}

const HEADER = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*$/;
const CONTROL = /[\0\r\n]/;

function parseHeaders(lines: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = Object.create(null);
  for (const line of lines.slice(1)) {
    const [, name, value] = HEADER.exec(line) ?? [];
    if (name === undefined || CONTROL.test(value))
      throw new MalformedResponse(`the response has a header ${quoted(line)}`);
    const key = name.toLowerCase();
    headers[key] = headers[key] === undefined ? value : `${headers[key]}, ${value}`;
  }
  return headers;
}

function bodyOf(status: number, headers: ResponseHeaders): ResponseHead['body'] {
  if (status < 200 || status === 204 || status === 304) return 0;
  const { 'content-length': length, 'transfer-encoding': coding } = headers;
  if (coding !== undefined) {
    if (length === undefined && coding.toLowerCase() === 'chunked') return 'chunked';
    throw new MalformedResponse(
      `the response has Transfer-Encoding ${quoted(coding)} and Content-Length ${quoted(length ?? 'none')}`,
    );
  }
  if (length === undefined) return 'until closed';
  const bytes = /^\d+$/.test(length) ? Number(length) : Number.NaN;
  if (!Number.isSafeInteger(bytes))
    throw new MalformedResponse(`the response has Content-Length ${quoted(length)}`);
  return bytes;
}

const MAX_QUOTED = 60;

function quoted(text: string): string {
  return JSON.stringify(text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text);
}

const MAX_LINE = 4096;
const MAX_TRAILERS = 64;

/** Decodes a chunked body (RFC 9112, 7.1). Not optimized, because object stores rarely send one. */
export class ChunkedBody {
  readonly #onData: (bytes: Uint8Array) => void;
  #line = '';
  #state: 'size' | 'bytes' | 'after bytes' | 'trailer' = 'size';
  #remaining = 0;
  #trailers = 0;

  constructor(onData: (bytes: Uint8Array) => void) {
    this.#onData = onData;
  }

  /**
   * Consumes the next bytes of the connection.
   *
   * @returns the position after the end of the body, or -1 if the body continues
   * @throws MalformedResponse
   */
  push(bytes: Uint8Array): number {
    for (let at = 0; at < bytes.length; ) {
      if (this.#state === 'bytes') {
        const end = Math.min(bytes.length, at + this.#remaining);
        this.#onData(bytes.subarray(at, end));
        this.#remaining -= end - at;
        at = end;
        if (this.#remaining === 0) this.#state = 'after bytes';
        continue;
      }
      const character = String.fromCharCode(bytes[at++]);
      this.#line += character;
      if (this.#line.length > MAX_LINE) throw new MalformedResponse('a line between chunks is too long');
      if (character === '\n' && this.#endLine()) return at;
    }
    return -1;
  }

  /** Handles a complete line. @returns whether the body has ended */
  #endLine(): boolean {
    const line = this.#line;
    this.#line = '';
    if (!line.endsWith('\r\n'))
      throw new MalformedResponse('a line between chunks ends with a lone line feed');
    if (this.#state === 'size') {
      const [, digits] = /^([0-9a-fA-F]{1,12})(?:[ \t]*;.*)?\r\n$/.exec(line) ?? [];
      if (digits === undefined) throw new MalformedResponse(`a chunk has the size ${quoted(line.trim())}`);
      this.#remaining = Number.parseInt(digits, 16);
      this.#state = this.#remaining === 0 ? 'trailer' : 'bytes';
      return false;
    }
    if (this.#state === 'after bytes') {
      if (line !== '\r\n') throw new MalformedResponse('a chunk is longer than its size');
      this.#state = 'size';
      return false;
    }
    if (++this.#trailers > MAX_TRAILERS) throw new MalformedResponse('the trailer is too long');
    return line === '\r\n';
  }
}

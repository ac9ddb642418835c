import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Content, pieces } from './content.ts';
import type { Fault, Place } from './faults.ts';
import type { LoggedRequest } from './request.ts';

/** The response of the service without faults. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: { readonly content: Content; readonly start: number; readonly end: number };
}

/** Maximum bytes per write. */
const PIECE = 256 * 1024;
/**
 * Time for written bytes to arrive before a connection is reset. A reset discards bytes in transit.
 */
const SETTLE_MS = 10;

/** Sends a response at the speed of the connection and applies the faults of the script. */
export class Sender {
  readonly #response: ServerResponse;
  readonly #request: LoggedRequest;
  readonly #faults: readonly Fault[];
  readonly #pace: Pace;
  readonly #gone: AbortSignal;

  constructor(
    response: ServerResponse,
    request: LoggedRequest,
    faults: readonly Fault[],
    pace: Pace,
    gone: AbortSignal,
  ) {
    this.#response = response;
    this.#request = request;
    this.#faults = faults;
    this.#pace = pace;
    this.#gone = gone;
  }

  /** Applies faults that replace the response. Returns whether the request is finished. */
  async before(): Promise<boolean> {
    for (const fault of this.#faults) {
      if (fault.do === 'delay') await sleep(fault.ms, undefined, { signal: this.#gone });
      if ('at' in fault && fault.at === 'before' && (await this.#strike(fault))) return true;
    }
    return false;
  }

  async send(answer: Answer): Promise<void> {
    const { body } = answer;
    const size = body === undefined ? 0 : body.end - body.start;
    const headers = this.#headers(answer, size);
    this.#request.status = answer.status;
    for (const fault of this.#faults) {
      if (!('at' in fault && fault.at === 'headers')) continue;
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      const text = `HTTP/1.1 ${answer.status} OK\r\n${lines.join('')}`;
      this.#response.socket?.write(text.slice(0, text.length >> 1));
      if (await this.#strike(fault)) return;
    }
    this.#response.writeHead(answer.status, headers);
    if (body === undefined || this.#request.method === 'HEAD') return this.#end();
    this.#response.flushHeaders();
    await this.#body(body, size);
  }

  #headers(answer: Answer, size: number): Record<string, string> {
    let headers: Record<string, string> = { ...answer.headers };
    if (answer.body !== undefined) headers['content-length'] = String(size);
    for (const fault of this.#faults) {
      if (fault.do === 'headers') headers = { ...headers, ...fault.set };
      if (fault.do === 'length') headers['content-length'] = String(size + fault.by);
      if (fault.do === 'chunked') delete headers['content-length'];
    }
    return headers;
  }

  async #body({ content, start, end }: NonNullable<Answer['body']>, size: number): Promise<void> {
    const stops = this.#faults
      .filter((fault): fault is Fault & { at: number } => 'at' in fault && typeof fault.at === 'number')
      .map((fault) => ({ fault, at: placeIn(size, fault.at) }))
      .sort((a, b) => a.at - b.at);
    let at = 0;
    let rate = this.#pace;
    for (const { fault, at: stop } of stops) {
      await this.#write(content, start + at, start + stop, rate);
      at = stop;
      if (fault.do === 'slow') rate = new Pace(fault.bytesPerSecond);
      else if (fault.do === 'flip' && at < size) {
        const [byte] = content.read(start + at, 1);
        await this.#piece(Uint8Array.of(byte ^ 0xff), rate);
        at++;
      } else if (await this.#strike(fault)) return;
    }
    const slow = this.#faults.find((fault) => fault.do === 'slow' && fault.at === undefined);
    if (slow?.do === 'slow') rate = new Pace(slow.bytesPerSecond);
    await this.#write(content, start + at, end, rate);
    if (this.#faults.some(({ do: what }) => what === 'length')) return this.#cut('close');
    this.#end();
  }

  async #write(content: Content, start: number, end: number, pace: Pace): Promise<void> {
    for (const piece of pieces(content, start, end, pace.piece)) await this.#piece(piece, pace);
  }

  async #piece(piece: Uint8Array, pace: Pace): Promise<void> {
    await pace.take(piece.length, this.#gone);
    this.#gone.throwIfAborted();
    this.#request.sent += piece.length;
    if (!this.#response.write(piece)) await once(this.#response, 'drain', { signal: this.#gone });
  }

  /** Applies a fault at its position. Returns whether the response is finished. */
  async #strike(fault: Fault): Promise<boolean> {
    switch (fault.do) {
      case 'stall':
        await sleep(fault.ms ?? 2 ** 30, undefined, { signal: this.#gone });
        return false;
      case 'reset':
      case 'close':
        await this.#cut(fault.do);
        return true;
      case 'chunked':
        await this.#cut('close');
        return true;
      default:
        return false;
    }
  }

  async #cut(how: 'reset' | 'close'): Promise<void> {
    this.#request.outcome = 'cut';
    await sleep(SETTLE_MS, undefined, { signal: this.#gone });
    if (how === 'reset') this.#response.socket?.resetAndDestroy();
    else this.#response.socket?.destroySoon();
  }

  #end(): void {
    this.#request.outcome = 'whole';
    this.#response.end();
  }
}

/** Limits the speed of a connection. */
export class Pace {
  readonly #bytesPerSecond: number;
  #due = 0;

  constructor(bytesPerSecond: number) {
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** Number of bytes to write at once. */
  get piece(): number {
    return Math.max(1, Math.min(PIECE, Math.ceil(this.#bytesPerSecond / 50)));
  }

  /** Resolves when `bytes` more bytes may be sent. */
  async take(bytes: number, signal: AbortSignal): Promise<void> {
    if (this.#bytesPerSecond === Number.POSITIVE_INFINITY) return;
    const now = performance.now();
    this.#due = Math.max(this.#due, now);
    const wait = this.#due - now;
    this.#due += (bytes * 1000) / this.#bytesPerSecond;
    if (wait > 4) await sleep(wait, undefined, { signal }); // Timers have no finer resolution; later calls compensate.
  }
}

function placeIn(size: number, at: Exclude<Place, string>): number {
  return Math.min(size, Math.max(0, at < 0 ? size + at : at));
}

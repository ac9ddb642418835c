import { RecordpipeError, UsageError } from '../../errors.ts';
import { leavePlainBuffers, plainBuffers } from '../frame-buffers.ts';
import type { Framer } from '../record-format.ts';
import { findIn } from './cutting.ts';
import { type LineEnding, lineEndingOf, type TextLineEncodeOptions } from './options.ts';

const CR = 13;

/**
 * Encodes one line as the payload followed by the delimiter. Returns new memory, which belongs to
 * the caller.
 *
 * @param payload any bytes without the delimiter; the end of the payload must not form an earlier
 *   delimiter together with the one that follows
 * @throws RecordpipeError `unrepresentable` for a payload that readers would change or split,
 *   because text lines have no escape mechanism; TFRecord and RecordIO can store any bytes
 * @throws UsageError for an invalid option value, and for anything other than a Uint8Array
 * @example
 * ```ts
 * import { encodeTextLine } from 'recordpipe';
 * console.log(encodeTextLine(Uint8Array.of(97, 98))); // Uint8Array(3) [ 97, 98, 10 ]
 * ```
 */
export function encodeTextLine(
  payload: Uint8Array,
  options?: Partial<TextLineEncodeOptions>,
): Uint8Array<ArrayBuffer> {
  checkBytes(payload, 'encodeTextLine');
  return encoded(payload, lineEndingOf('encodeTextLine', options));
}

function encoded(payload: Uint8Array, ending: LineEnding): Uint8Array<ArrayBuffer> {
  checkLine(payload, ending);
  const line = new Uint8Array(payload.length + ending.delimiter.length);
  line.set(payload);
  line.set(ending.delimiter, payload.length);
  return line;
}

/**
 * Encodes one line (payload and delimiter) into existing memory. Returns the index after the
 * delimiter.
 *
 * @param payload as for {@link encodeTextLine}; may overlap `target`
 * @throws the same errors as {@link encodeTextLine}, before anything is written; UsageError also if
 *   `target` has too few bytes after `at`, or if `at` is not an integer >= 0
 * @example
 * ```ts
 * import { encodeTextLineInto } from 'recordpipe';
 * const target = new Uint8Array(4);
 * console.log(encodeTextLineInto(Uint8Array.of(97), target, encodeTextLineInto(Uint8Array.of(98), target, 0))); // 4
 * ```
 */
export function encodeTextLineInto(
  payload: Uint8Array,
  target: Uint8Array,
  at: number,
  options?: Partial<TextLineEncodeOptions>,
): number {
  checkBytes(payload, 'encodeTextLineInto');
  const ending = lineEndingOf('encodeTextLineInto', options);
  const end = at + payload.length + ending.delimiter.length;
  if (!(at >= 0 && end <= target.length && Number.isInteger(at))) {
    throw new UsageError(
      `encodeTextLineInto: a line of ${payload.length} bytes needs ${end - at} bytes, but the target has ${target.length - at} after index ${at}`,
    );
  }
  checkLine(payload, ending);
  target.set(payload, at);
  target.set(ending.delimiter, end - ending.delimiter.length);
  return end;
}

/** Frames lines. Each payload is copied once, and searched once for the delimiter. */
export class TextLineFramer implements Framer {
  readonly #ending: LineEnding;
  /** The payload that was checked last. It is nearly always framed next. */
  #checked: Uint8Array | undefined;
  #buffers: Uint8Array[] | undefined;

  constructor(ending: LineEnding) {
    this.#ending = ending;
  }

  frameBytes(payload: Uint8Array): number {
    checkLine(payload, this.#ending);
    this.#checked = payload;
    return payload.length + this.#ending.delimiter.length;
  }

  buffers(bytes: number, count: number): readonly Uint8Array[] {
    this.#buffers = plainBuffers(bytes, count);
    return this.#buffers;
  }

  release(reusable: boolean): void {
    if (reusable && this.#buffers !== undefined) leavePlainBuffers(this.#buffers);
    this.#buffers = undefined;
  }

  frame(payload: Uint8Array, buffer: Uint8Array, at: number): void {
    if (payload !== this.#checked) checkLine(payload, this.#ending);
    this.#checked = undefined;
    const { delimiter } = this.#ending;
    const end = at + payload.length;
    buffer.set(payload, at);
    if (delimiter.length === 1) buffer[end] = delimiter[0];
    else buffer.set(delimiter, end);
  }

  encode(payload: Uint8Array): Uint8Array {
    return encoded(payload, this.#ending);
  }
}

/**
 * Checks that a payload can be written as a line.
 * @throws RecordpipeError `unrepresentable` for a payload that readers would change or split
 */
export function checkLine(payload: Uint8Array, { delimiter, cr }: LineEnding): void {
  const at = findIn(payload, 0, delimiter);
  if (at >= 0) refuse(`it contains the delimiter at byte ${at}`, 'lines');
  if (delimiter.length > 1 && endsEarly(payload, delimiter)) {
    refuse(
      'the payload ends with part of the delimiter, so a reader would find the delimiter too early',
      'lines',
    );
  }
  if (cr === 'crlf' && payload.length > 0 && payload[payload.length - 1] === CR) {
    refuse('it ends with a carriage return, which readers treat as part of the line ending', "cr: 'keep'");
  }
  if (cr === 'all' && payload.indexOf(CR) >= 0) {
    refuse('it contains a carriage return, which readers remove', "cr: 'keep'");
  }
}

/** Reports whether the end of the payload and the delimiter after it form an earlier delimiter. */
function endsEarly(payload: Uint8Array, delimiter: Uint8Array): boolean {
  const last = delimiter.length - 1;
  const tail = payload.subarray(Math.max(0, payload.length - last));
  const across = new Uint8Array(tail.length + last);
  across.set(tail);
  across.set(delimiter.subarray(0, last), tail.length);
  return findIn(across, 0, delimiter) >= 0;
}

function refuse(why: string, way: string): never {
  const next =
    way === 'lines'
      ? 'choose another delimiter, or write TFRecord or RecordIO, which store any bytes'
      : `write and read with ${way}, or write TFRecord or RecordIO, which store any bytes`;
  throw new RecordpipeError(
    'unrepresentable',
    `textline: this payload cannot be written as a line: ${why}; ${next}`,
  );
}

/**
 * Rejects anything other than a Uint8Array: strings and other typed arrays also have a length, and
 * would be written as different bytes.
 */
function checkBytes(payload: Uint8Array, caller: string): void {
  if (!(payload instanceof Uint8Array))
    throw new UsageError(`${caller}: expected bytes (Uint8Array), got ${typeof payload}`);
}

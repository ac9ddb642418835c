import * as workerThreads from 'node:worker_threads';
import { UsageError } from '../errors.ts';

const threads: { readonly isMarkedAsUntransferable?: (object: object) => boolean } = workerThreads as object;

/** A value made ready for another thread. */
export interface Packed {
  readonly value: unknown;
  /** Those of its buffers that are moved. */
  readonly buffers: ArrayBuffer[];
}

/**
 * Makes a value ready for another thread, arrays and plain objects looked into. A view of a larger buffer is copied first: sending it as it is would send
 * all of that buffer. So records travel as what they are.
 * @param move whether buffers that a view holds as a whole are moved too, not copied
 */
export function packed(value: unknown, move: boolean): Packed {
  const buffers = new Set<ArrayBuffer>();
  return { value: pack(value, move, buffers), buffers: [...buffers] };
}

function pack(value: unknown, move: boolean, buffers: Set<ArrayBuffer>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (ArrayBuffer.isView(value)) return packView(value, move, buffers);
  if (value instanceof ArrayBuffer) {
    if (value.byteLength === 0) checkAttached(value);
    if (move && isMovable(value)) buffers.add(value);
    return value;
  }
  if (Array.isArray(value)) return value.map((item) => pack(item, move, buffers));
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, pack(field, move, buffers)]));
}

function packView(view: ArrayBufferView, move: boolean, buffers: Set<ArrayBuffer>): ArrayBufferView {
  const { buffer, byteOffset, byteLength } = view;
  if (!(buffer instanceof ArrayBuffer)) return view; // shared
  if (byteLength === 0) checkAttached(buffer);
  if (byteLength === buffer.byteLength && !(view instanceof Buffer)) {
    if (move && isMovable(buffer)) buffers.add(buffer);
    return view;
  }
  const own = buffer.slice(byteOffset, byteOffset + byteLength);
  buffers.add(own);
  const Kind = (view instanceof Buffer ? Uint8Array : view.constructor) as new (
    buffer: ArrayBuffer,
  ) => ArrayBufferView;
  return new Kind(own);
}

/** Chunks of objects may lie in memory that is still being read into behind them: such buffers are copied. Node 20 does so by itself. */
function isMovable(buffer: ArrayBuffer): boolean {
  return !threads.isMarkedAsUntransferable?.(buffer);
}

/** Sent to another thread, a buffer that was moved away would not arrive, or arrive empty. */
function checkAttached(buffer: ArrayBuffer): void {
  try {
    new Uint8Array(buffer);
  } catch {
    throw new UsageError(
      'the buffer of this value is detached: it was moved to another thread before; leave out transfer, or make a new one each time',
    );
  }
}

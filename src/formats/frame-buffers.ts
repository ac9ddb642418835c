/**
 * Buffers that the last closed writer left for the next writer of the same kind. Without reuse,
 * writing many small files would allocate megabytes per file. The references are weak, so no memory
 * is retained after the last writer.
 */
let idle: { readonly kind: string; readonly buffers: WeakRef<object> } | undefined;

/**
 * Returns the idle buffers of this kind, or new ones.
 * @param kind identifies the type, size and number of the buffers
 */
export function takeBuffers<T extends object>(kind: string, make: () => T): T {
  const found = idle?.kind === kind ? (idle.buffers.deref() as T | undefined) : undefined;
  if (found === undefined) return make();
  idle = undefined;
  return found;
}

/** Leaves buffers for the next writer. Call only when no write from them can be in progress. */
export function leaveBuffers(kind: string, buffers: object): void {
  idle = { kind, buffers: new WeakRef(buffers) };
}

/** Returns ordinary memory for frames: `count` buffers of `bytes` bytes each. */
export function plainBuffers(bytes: number, count: number): Uint8Array[] {
  return takeBuffers(plainKind(bytes, count), () =>
    Array.from({ length: count }, () => new Uint8Array(bytes)),
  );
}

/** Leaves buffers that {@link plainBuffers} returned. */
export function leavePlainBuffers(buffers: readonly Uint8Array[]): void {
  leaveBuffers(plainKind(buffers[0].length, buffers.length), buffers);
}

function plainKind(bytes: number, count: number): string {
  return `plain ${bytes} ${count}`;
}

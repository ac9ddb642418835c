import type { CodecOptions } from '../formats/codec-options.ts';
import type { OwnScanning, RecordCodec } from '../formats/record-format.ts';

/**
 * The scanner that the last scan or reader left for the next one of the same kind. Writing to 8 MiB
 * of new memory for the first time takes 4 ms, in which 30 MB could be checked. The reference is
 * weak, so that the scanner is freed after the last use.
 */
let idle: { readonly kind: string; readonly own: WeakRef<object> } | undefined;

/** Returns a scanner with separate buffers: the idle one of this kind, or a new one. */
export function takeScanning<O extends CodecOptions>(
  codec: RecordCodec<O>,
  bufferBytes: number,
  buffers: number,
): OwnScanning<O> {
  const own = idle?.kind === kindOf(codec, bufferBytes, buffers) ? idle.own.deref() : undefined;
  if (own === undefined) return codec.own(bufferBytes, buffers);
  idle = undefined;
  return own as OwnScanning<O>;
}

/**
 * Stores a scanner for its next use. Call only when no read into its buffers can be in progress.
 */
export function putScanning<O extends CodecOptions>(
  codec: RecordCodec<O>,
  bufferBytes: number,
  buffers: number,
  own: OwnScanning<O>,
): void {
  idle = { kind: kindOf(codec, bufferBytes, buffers), own: new WeakRef(own) };
}

function kindOf({ name }: { readonly name: string }, bufferBytes: number, buffers: number): string {
  return `${name} ${bufferBytes} ${buffers}`;
}

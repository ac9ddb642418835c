import { isRecordpipeError } from '../../errors.ts';
import { inflate } from './inflate.ts';

/** The beginning of the content of a compressed stream. */
export interface InflatedHead {
  readonly bytes: Uint8Array;
  /** Whether the stream is corrupt. */
  readonly broken: boolean;
  /** Whether the given bytes end within the stream. */
  readonly truncated: boolean;
}

/** Inflates the beginning of a compressed stream to at most `maxBytes` bytes. Never throws. */
export async function inflatedHead(
  head: Uint8Array,
  kind: 'gzip' | 'zlib',
  maxBytes: number,
): Promise<InflatedHead> {
  const start = new Uint8Array(maxBytes);
  let have = 0;
  let broken = false;
  let truncated = false;
  try {
    for await (const chunk of inflate(once(head), { kind, zlibConcat: true, whenTruncated: 'throw' })) {
      const part = chunk.subarray(0, maxBytes - have);
      start.set(part, have);
      have += part.length;
      if (have === maxBytes) break;
    }
  } catch (error) {
    truncated = isRecordpipeError(error, 'truncated-compressed-stream');
    broken = !truncated;
  }
  return { bytes: start.subarray(0, have), broken, truncated };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

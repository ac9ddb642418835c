import { readU32 } from '../../../bytes/binary-data.ts';
import { crc32c } from '../../../crc32c/crc32c.ts';
import { RecordpipeError } from '../../../errors.ts';
import type { FormatName } from '../../../formats/names/index.ts';
import {
  PART_HEADER_BYTES,
  partBytes,
  partLength,
  RECORDIO_MAGIC,
} from '../../../formats/recordio/layout.ts';
import { HEADER_BYTES, hasHeader, OVERHEAD_BYTES } from '../../../formats/tfrecord/layout.ts';
import type { ChannelContent, EpochMaking } from '../channel-content.ts';
import type { EpochPosition } from './epoch-position.ts';
import { fetchPlace } from './resumed-epoch.ts';

const LINE_FEED = 10;

/** The size and the checksum of a record. */
interface RecordMark {
  readonly bytes: number;
  readonly crc32c: number;
}

/**
 * Checks that the record before a position is the one that the reader received last. Reads only
 * that record if its object is not compressed.
 * @returns false if no whole record of this size ends there
 * @throws RecordpipeError `not-resumable` if another record ends there
 */
export async function checkLast(
  channel: { readonly content: ChannelContent; readonly making: EpochMaking },
  position: EpochPosition,
  last: RecordMark,
  format: FormatName,
): Promise<boolean> {
  const frame = await tailBefore(channel, position, frameBytes(format, last.bytes));
  const payload = payloadOf(format, frame, last.bytes);
  if (payload === undefined) return false;
  if (crc32c(payload) === last.crc32c) return true;
  const record = (position.records ?? 1) - 1;
  const what = `record ${record} of epoch ${position.epoch} is not the record that the reader received; the data or the options changed, so restart the epoch`;
  throw new RecordpipeError('not-resumable', what, { record });
}

function frameBytes(format: FormatName, payload: number): number {
  if (format === 'textline') return payload + 1;
  return format === 'tfrecord' ? payload + OVERHEAD_BYTES : partBytes(payload);
}

/** Returns the payload of a whole frame. Undefined if the bytes are not a frame of this size. */
function payloadOf(format: FormatName, frame: Uint8Array, payload: number): Uint8Array | undefined {
  if (format === 'textline') {
    const isEnded = frame[frame.length - 1] === LINE_FEED;
    return isEnded ? frame.subarray(0, -1) : frame.subarray(Math.max(0, frame.length - payload));
  }
  if (frame.length < frameBytes(format, payload)) return undefined;
  if (format === 'tfrecord')
    return hasHeader(frame) && readU32(frame, 0) === payload
      ? frame.subarray(HEADER_BYTES, HEADER_BYTES + payload)
      : undefined;
  const isWhole = readU32(frame, 0) === RECORDIO_MAGIC && partLength(readU32(frame, 4)) === payload;
  return isWhole ? frame.subarray(PART_HEADER_BYTES, PART_HEADER_BYTES + payload) : undefined;
}

/** Returns up to `bytes` bytes of the epoch before a position. They may span objects. */
async function tailBefore(
  { content, making }: { readonly content: ChannelContent; readonly making: EpochMaking },
  { epoch, object, offset }: EpochPosition,
  bytes: number,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let missing = bytes;
  for (let place = object, end: number | undefined = offset; missing > 0 && place >= 0; place--) {
    const part = end === 0 ? new Uint8Array(0) : await placeTail(content, epoch, making, place, end, missing);
    parts.unshift(part);
    missing -= part.length;
    end = undefined;
  }
  return Buffer.concat(parts);
}

/** Returns up to `bytes` bytes before byte `end` of an object or line, or before its end. */
async function placeTail(
  content: ChannelContent,
  epoch: number,
  making: EpochMaking,
  object: number,
  end: number | undefined,
  bytes: number,
): Promise<Uint8Array> {
  const from = end === undefined ? 0 : Math.max(0, end - bytes);
  const source = fetchPlace(content, epoch, { ...making, onPlace: undefined }, { object, offset: from });
  let tail = Buffer.alloc(0);
  let at = from;
  try {
    for (let step = await source.chunks.next(); !step.done; step = await source.chunks.next()) {
      const chunk = end === undefined ? step.value : step.value.subarray(0, end - at);
      at += chunk.length;
      // The chunk may be overwritten. Only its last bytes are needed.
      tail = Buffer.concat([tail, chunk.subarray(-bytes)]).subarray(-bytes);
      if (at === end) break;
    }
  } finally {
    await source.cancel();
  }
  return tail;
}

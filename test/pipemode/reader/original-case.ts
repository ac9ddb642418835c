import { writeFileSync } from 'node:fs';
import type { PipeModeDataset, PipeModeDatasetOptions } from '../../../src/pipemode/index.ts';
import { type ChannelPlace, start } from './channel-place.ts';

export type Options = PipeModeDatasetOptions<undefined>;

/** Modes of our dataset. A case with the same result in both modes runs in both. */
export const MODES: readonly [string, 'sagemaker' | undefined][] = [
  ['by default', undefined],
  ["compat: 'sagemaker'", 'sagemaker'],
];

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = (record: Uint8Array): string => new TextDecoder().decode(record);
export const joined = (parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

/** Encodes RecordIO directly, as the original's tests do, with any flag and any padding. */
export function part(payload: Uint8Array, flag = 0, padding = '\0'): Uint8Array {
  const frame = new Uint8Array(8 + 4 * Math.ceil(payload.length / 4)).fill(padding.charCodeAt(0));
  const view = new DataView(frame.buffer);
  view.setUint32(0, 0xced7230a, true);
  view.setUint32(4, flag * 2 ** 29 + payload.length, true);
  frame.set(payload, 8);
  return frame;
}

/** Starts a process that creates a pipe and writes to it, `pieceBytes` at a time. */
export function servePipe(
  place: ChannelPlace,
  epoch: number,
  bytes: Uint8Array,
  { pieceBytes = 65536, channel = 'train' }: { pieceBytes?: number; channel?: string } = {},
): ReturnType<typeof start> {
  const file = `${place.root}/${channel}-${epoch}.bin`;
  const pipe = place.pipe(epoch, channel);
  writeFileSync(file, bytes);
  const script = 'mkfifo "$1" && exec dd if="$0" of="$1" bs="$2" status=none';
  return start('sh', '-c', script, file, pipe, String(pieceBytes));
}

/** All records of an epoch as text, and the error after them. */
export async function outcome(dataset: PipeModeDataset): Promise<{ records: string[]; error: unknown }> {
  const records: string[] = [];
  try {
    for await (const record of dataset) records.push(text(record));
    return { records, error: undefined };
  } catch (error) {
    return { records, error };
  }
}

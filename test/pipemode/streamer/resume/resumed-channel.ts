import { join } from 'node:path';
import { crc32c, encodeRecordIO, encodeTFRecord } from 'recordpipe';
import { type StreamChannel, streamChannel } from '../../../../src/pipemode/job/stream-channel.ts';
import type {
  ChannelContent,
  EpochBytes,
  EpochMaking,
  HostShare,
} from '../../../../src/pipemode/streamer/channel-content.ts';
import type { StreamChannelInput } from '../../../../src/pipemode/streamer/index.ts';
import { openContent } from '../../../../src/pipemode/streamer/open-content.ts';
import type { EpochPosition } from '../../../../src/pipemode/streamer/resume/epoch-position.ts';
import { fetchEpochFrom } from '../../../../src/pipemode/streamer/resume/resumed-epoch.ts';
import { Random } from '../../../support/random.ts';
import { expectedEpoch, gzipped, writeObjects } from '../stream-place.ts';

export const FORMATS = ['tfrecord', 'recordio', 'textline'] as const;
export type Format = (typeof FORMATS)[number];

const FRAMES: Record<Format, (payload: Uint8Array) => Uint8Array> = {
  tfrecord: encodeTFRecord,
  recordio: (payload) => encodeRecordIO(payload),
  textline: (payload) => Buffer.concat([payload, Buffer.from('\n')]),
};

/** A kind of channel. */
export interface Kind {
  readonly format: Format;
  readonly dataType: StreamChannel['dataType'];
  readonly compression: StreamChannel['compression'];
  readonly recordWrapper: StreamChannel['recordWrapper'];
  readonly shuffleSeed: number | undefined;
  readonly share: HostShare | undefined;
}

/** A channel over records, and its epochs in the simplest way. */
export interface RecordChannel {
  readonly input: StreamChannelInput;
  readonly channel: StreamChannel;
  readonly format: Format;
  /** The records of an epoch as the pipe contains them. */
  frames(epoch: number): Uint8Array[];
}

/** Writes objects with records of random sizes. Some objects are empty. */
export function recordChannel(
  folder: string,
  kind: Kind,
  { objects, records, maxBytes }: { objects: number; records: number; maxBytes: number },
  seed = 1,
): RecordChannel {
  const random = new Random(seed);
  const isWrapped = kind.recordWrapper === 'RecordIO';
  const units = Array.from({ length: objects }, (_, i) =>
    Array.from({ length: i % 5 === 4 ? 0 : 1 + random.below(records) }, (_, k) =>
      FRAMES[kind.format](Buffer.from(`${i}/${k} `.repeat(random.below(maxBytes / 5)))),
    ),
  );
  const stored = units.map((frames) => Buffer.concat(frames));
  const data = join(folder, 'data');
  const names = writeObjects(
    data,
    Object.fromEntries(
      stored.map((bytes, i) => [
        `o-${String(i).padStart(4, '0')}`,
        kind.compression === 'Gzip' ? gzipped(bytes) : bytes,
      ]),
    ),
  );
  const { format: _, share, ...settings } = kind;
  const base = {
    ...settings,
    name: 'train',
    distribution: share ? ('ShardedByS3Key' as const) : ('FullyReplicated' as const),
  };
  let input: StreamChannelInput = { ...base, uri: data };
  let parts: Uint8Array[][] = isWrapped ? stored.map((bytes) => [bytes]) : units;
  if (kind.dataType === 'ManifestFile') {
    writeObjects(folder, { 'm.manifest': JSON.stringify([{ prefix: `${data}/` }, ...names]) });
    input = { ...base, uri: join(folder, 'm.manifest') };
  } else if (kind.dataType === 'AugmentedManifestFile') {
    const lines = names.map((name, i) => JSON.stringify({ label: i, 'o-ref': `${data}/${name}` }));
    writeObjects(folder, { 'a.jsonl': `${lines.join('\n')}\n` });
    input = { ...base, uri: join(folder, 'a.jsonl'), attributeNames: ['label', 'o-ref'] };
    parts = stored.map((bytes, i) => [Buffer.from(String(i)), bytes]);
  }
  return {
    input,
    channel: streamChannel(input),
    format: isWrapped ? 'recordio' : kind.format,
    frames: (epoch) =>
      parts.length === 0
        ? []
        : framesOf(
            parts,
            (units) => expectedEpoch(units, epoch, { seed: kind.shuffleSeed, share }),
            isWrapped,
          ),
  };
}

/** The frames of an epoch in order, from numbered units. */
function framesOf(
  parts: readonly (readonly Uint8Array[])[],
  ordered: (units: readonly (readonly Uint8Array[])[]) => Buffer,
  isWrapped: boolean,
): Uint8Array[] {
  // Each unit is represented by its number, of which the order is built.
  const numbers = parts.map((_, i) => [new Uint8Array(new Uint32Array([i]).buffer)]);
  const bytes = ordered(numbers);
  const order = Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readUInt32LE(4 * i));
  return order
    .flatMap((i) => parts[i])
    .map((part) => (isWrapped ? encodeRecordIO(part, { escapeMagic: false }) : part));
}

export async function openChannel(channel: StreamChannel, share?: HostShare): Promise<ChannelContent> {
  return openContent(channel, {
    share,
    objects: undefined,
    onBadLine: 'error',
    maxLineBytes: 2 ** 20,
    strictShards: false,
    signal: new AbortController().signal,
    warn: () => {},
  });
}

export function makingOf({ compression, recordWrapper }: StreamChannel): EpochMaking {
  const { signal } = new AbortController();
  return { compression, recordWrapper, skipMissing: false, objects: {}, signal, onSkipped: () => {} };
}

/** The rest of an epoch from a position. */
export async function restFrom(
  content: ChannelContent,
  channel: StreamChannel,
  position: EpochPosition,
): Promise<Buffer> {
  const source = fetchEpochFrom(content, position.epoch, makingOf(channel), position);
  const bytes = await collected(source);
  await source.cancel();
  return bytes;
}

/** Copies each chunk before it requests the next one. */
export async function collected({ chunks }: Pick<EpochBytes, 'chunks'>): Promise<Buffer> {
  const all: Buffer[] = [];
  for (let step = await chunks.next(); !step.done; step = await chunks.next())
    all.push(Buffer.from(step.value));
  return Buffer.concat(all);
}

/** The fingerprint of a record in a state of PipeModeDataset. */
export function lastRecord(format: Format, frame: Uint8Array): { bytes: number; crc32c: number } {
  const payload =
    format === 'textline'
      ? frame.subarray(0, -1)
      : format === 'tfrecord'
        ? frame.subarray(12, -4)
        : frame.subarray(8, 8 + new DataView(frame.buffer, frame.byteOffset).getUint32(4, true));
  return { bytes: payload.length, crc32c: crc32c(payload) };
}

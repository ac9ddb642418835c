import type { Hash } from 'node:crypto';
import { Xoshiro128 } from '../../dataset/operators/random.ts';
import { RecordpipeError } from '../../errors.ts';
import { PART_HEADER_BYTES, PART_LENGTH_END, RECORDIO_MAGIC } from '../../formats/recordio/layout.ts';
import type { ObjectReadOptions, OnTransferEvent } from '../../storage/prefetch/transfer-control.ts';
import type { ObjectRef } from '../../storage/storage.ts';
import type { StreamChannel } from '../job/stream-channel.ts';
import type { CheckedStreamerOptions } from './streamer-options.ts';

/** The objects or lines of a channel, listed once. */
export interface ChannelContent {
  /** Whether all items are objects. */
  readonly valueless: boolean;
  /** Whether all items are local files. */
  readonly files: boolean;
  /**
   * The common prefix of the addresses of all objects: that of the channel or of its ManifestFile.
   * Undefined for augmented manifests.
   */
  readonly prefix: string | undefined;
  /** Total number of objects or lines for all hosts. */
  readonly count: number;
  /** Number of objects or lines for this host. It is the same in each epoch. */
  readonly countHere: number;
  /**
   * Returns the size of an epoch in bytes before decompression and wrapping; undefined if unknown.
   */
  bytesOf(epoch: number): number | undefined;
  /**
   * Returns the items of an epoch in order. The result can be iterated only once.
   * @param from place of the first object or line; default 0
   */
  items(epoch: number, from?: number): AsyncIterable<EpochItem>;
  /** Returns digests of the listed data, by which another run recognizes it. */
  digests(): ContentDigests;
  close(): Promise<void>;
}

/** Digests of the data of a channel. They do not depend on where the data is. */
export interface ContentDigests {
  /** Digest of the names of all objects. Undefined for an augmented manifest. */
  readonly names: string | undefined;
  /** Digest of the sizes and versions of all objects, or of the manifest; undefined if unknown. */
  readonly versions: string | undefined;
}

/** Number of characters of a digest, which is not a protection against forgery. */
const DIGEST_CHARACTERS = 16;

/** Returns the text of a digest. */
export function digestText(hash: Hash): string {
  return hash.digest('hex').slice(0, DIGEST_CHARACTERS);
}

/** Options for listing the content of a channel. */
export interface ContentOpening
  extends Pick<CheckedStreamerOptions, 'objects' | 'onBadLine' | 'maxLineBytes' | 'strictShards'> {
  readonly share: HostShare | undefined;
  readonly signal: AbortSignal;
  readonly warn: (code: string, message: string) => void;
  /**
   * Called for each object that is not streamed: folder markers, and files without records such as
   * indexes. If undefined, files without records cause a warning.
   */
  readonly onExtra?: ((object: ObjectRef) => void) | undefined;
}

/** Returns a handler that emits warnings for the transfer events that matter to users. */
export function transferWarnings(warn: ContentOpening['warn']): OnTransferEvent {
  return (event) => {
    if (event.type === 'restarted') warn('object-changed', `${event.uri}: ${event.reason}`);
    if (event.type === 'unverified') warn('object-unverified', `${event.uri}: ${event.reason}`);
  };
}

/** A part of an epoch: either an object to fetch or a value. */
export interface EpochItem {
  readonly object?: ObjectRef;
  readonly value?: Uint8Array;
  /** Zero-based place of its object or line in the order of the epoch. */
  readonly place: number;
  /** One-based line number in the augmented manifest. */
  readonly line?: number;
}

/** Options for converting the items of an epoch to bytes. */
export interface EpochMaking extends Pick<StreamChannel, 'compression' | 'recordWrapper'> {
  /**
   * Whether to skip missing objects. In an augmented manifest, the lines of missing objects are
   * skipped.
   */
  readonly skipMissing: boolean;
  readonly objects: ObjectReadOptions;
  readonly signal: AbortSignal;
  /** Called for each skipped object. */
  readonly onSkipped: (error: Error, item: EpochItem | undefined) => void;
  /**
   * Called before the first chunk of an object or line is yielded, with its place and the address
   * of its object.
   */
  readonly onPlace?: ((place: number, uri: string | undefined) => void) | undefined;
}

/** The place at which the bytes of an epoch start. */
export interface EpochOffset {
  /** Zero-based place of an object or line in the order of the epoch. */
  readonly object: number;
  /** Number of its bytes, decompressed and wrapped, to skip. */
  readonly offset: number;
}

export const EPOCH_BEGINNING: EpochOffset = { object: 0, offset: 0 };

/** The bytes of an epoch that is being fetched. */
export interface EpochBytes {
  readonly chunks: AsyncIterator<Uint8Array>;
  /** Whether the memory of a chunk is reused for the next chunk. */
  readonly reused: boolean;
  /**
   * Resolves once the last bytes have been requested, when fetching of the next epoch can start.
   * Never rejects.
   */
  readonly allRequested: Promise<void>;
  readonly counts: { readonly requests: number; readonly retries: number };
  /** Cancels all requests. */
  cancel(): Promise<void>;
}

/** The share of a channel that this host receives. */
export interface HostShare {
  /** Zero-based position of this host in the sorted host names. */
  readonly rank: number;
  readonly hosts: number;
}

/** Parameters that determine the order of an epoch. */
export interface OrderOptions {
  /** Seed of the shuffle. If undefined, items are in listing order. */
  readonly seed: number | undefined;
  /** The share of this host. If undefined, the host receives all items. */
  readonly share: HostShare | undefined;
}

/**
 * Returns the indices of this host's objects or lines in an epoch, in order. Indices range from 0
 * to `count - 1`.
 *
 * With a seed, all indices are shuffled (Fisher-Yates, from the last position down) with
 * xoshiro128** seeded by seed and epoch (see `Xoshiro128`), so every host and every run computes
 * the same order. A host takes every n-th index, starting at its rank. SageMaker documents that it
 * shuffles at the start of each epoch and gives each host about 1/n of the objects, but it does not
 * specify the method, which is recordpipe's choice. Test vectors are in
 * test/pipemode/streamer/order.test.ts.
 */
export function epochOrder(count: number, epoch: number, { seed, share }: OrderOptions): Uint32Array {
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i++) order[i] = i;
  if (seed !== undefined) shuffle(order, new Xoshiro128(seed, epoch));
  if (share === undefined) return order;
  const { rank, hosts } = share;
  const shared = new Uint32Array(countOfShare(count, share));
  for (let i = 0; i < shared.length; i++) shared[i] = order[rank + i * hosts];
  return shared;
}

/** Returns the number of items that this host receives in each epoch. */
export function countOfShare(count: number, share: HostShare | undefined): number {
  if (share === undefined) return count;
  const { rank, hosts } = share;
  return count > rank ? Math.ceil((count - rank) / hosts) : 0;
}

function shuffle(order: Uint32Array, random: Xoshiro128): void {
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const kept = order[i];
    order[i] = order[j];
    order[j] = kept;
  }
}

/**
 * Returns the RecordIO header of a single-part record. The payload is not escaped, because readers
 * skip from header to header.
 */
export function wrapHeader(payloadBytes: number, uri: string): Uint8Array {
  if (payloadBytes >= PART_LENGTH_END) {
    const what = `${payloadBytes} bytes do not fit in a RecordIO record (maximum ${PART_LENGTH_END - 1}); split the object, or do not use RecordWrapperType RecordIO`;
    throw new RecordpipeError('record-too-large', what, { uri });
  }
  const header = new Uint8Array(PART_HEADER_BYTES);
  const view = new DataView(header.buffer);
  view.setUint32(0, RECORDIO_MAGIC, true);
  view.setUint32(4, payloadBytes, true);
  return header;
}

const PADDING = [new Uint8Array(0), new Uint8Array(1), new Uint8Array(2), new Uint8Array(3)];

/** Returns the zero bytes that pad a payload. */
export function wrapPadding(payloadBytes: number): Uint8Array {
  return PADDING[-payloadBytes & 3];
}

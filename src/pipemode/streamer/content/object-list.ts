import { Xoshiro128 } from '../../../dataset/operators/shuffle.ts';
import { isRemote } from '../../../storage/registry.ts';
import type { ObjectRef } from '../../../storage/storage.ts';
import type { ChannelContent, EpochItem } from './channel-content.ts';

/** Objects, in the order in which they are listed. */
export class ObjectList implements ChannelContent {
  readonly valueless = true;
  readonly files: boolean;
  readonly #objects: readonly ObjectRef[];
  readonly #order: OrderOptions;

  constructor(objects: readonly ObjectRef[], order: OrderOptions) {
    this.#objects = objects;
    this.#order = order;
    this.files = !objects.some(({ uri }) => isRemote(uri));
  }

  get count(): number {
    return this.#objects.length;
  }

  countOf(): number {
    return countOfShare(this.count, this.#order.share);
  }

  bytesOf(epoch: number): number | undefined {
    let bytes = 0;
    for (const place of this.#places(epoch)) {
      const { size } = this.#objects[place];
      if (size === undefined) return undefined;
      bytes += size;
    }
    return bytes;
  }

  async *items(epoch: number): AsyncGenerator<EpochItem, void, undefined> {
    for (const place of this.#places(epoch)) yield { object: this.#objects[place] };
  }

  async close(): Promise<void> {}

  #places(epoch: number): Uint32Array {
    return epochOrder(this.#objects.length, epoch, this.#order);
  }
}

/** Which part of a channel this host gets. */
export interface HostShare {
  /** Its place, from 0, in the sorted names of the hosts. */
  readonly rank: number;
  readonly hosts: number;
}

/** What decides the order of an epoch. */
export interface OrderOptions {
  /** Undefined: as they are listed. */
  readonly seed: number | undefined;
  /** Undefined: all of them. */
  readonly share: HostShare | undefined;
}

/**
 * Which objects, or lines, this host gets in an epoch, and in which order: numbers from 0 to `count - 1`.
 *
 * With a seed: a Fisher-Yates shuffle of all of them, from the last place down, with the numbers of xoshiro128** seeded with seed and epoch (see
 * `Xoshiro128`), so that every host and every run finds the same order; then of these every n-th belongs to a host, from its rank on. SageMaker says
 * that it shuffles at each epoch's start and gives each host about 1/n of the objects; how is our choice.
 * Test vectors: test/pipemode/streamer/order.test.ts.
 */
export function epochOrder(count: number, epoch: number, { seed, share }: OrderOptions): Uint32Array {
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i++) order[i] = i;
  if (seed !== undefined) shuffle(order, new Xoshiro128(seed, epoch));
  if (share === undefined) return order;
  const { rank, hosts } = share;
  const ours = new Uint32Array(countOfShare(count, share));
  for (let i = 0; i < ours.length; i++) ours[i] = order[rank + i * hosts];
  return ours;
}

/** How many of `count` this host gets in any epoch. */
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

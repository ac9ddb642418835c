import { isObjectUri } from '../../bytes/object-uri.ts';
import type { ObjectRef } from '../../objects/object-source.ts';
import { countOfShare, epochOrder, type OrderOptions } from '../order.ts';
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
    this.files = !objects.some(({ uri }) => isObjectUri(uri));
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

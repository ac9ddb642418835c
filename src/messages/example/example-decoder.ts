import type { ErrorPlace } from '../../errors.ts';
import { type DecodeExampleOptions, decodeExample, decodeOptions } from './decode-example.ts';
import type { Example, Feature, Int64Mode } from './feature.ts';
import { KeptFeature } from './kept-feature.ts';
import { NameTable } from './name-table.ts';
import { FOUND, NO_MORE, PlainWalk } from './plain-walk.ts';

/** How an {@link ExampleDecoder} reads; where records are from is said with each of them. */
export type ExampleDecoderOptions<M extends Int64Mode = Int64Mode> = Omit<DecodeExampleOptions<M>, 'place'>;

/**
 * Decodes tf.train.Examples one after another into the same memory: what `decodeExample` gives, but **it holds until the next call only**. Of records
 * that have the same features in the same order (those of a file nearly always do) the same Map comes with the same features and
 * the same arrays, filled anew; nothing is made but views of bytes. Take what you want of a record, then ask for the next.
 *
 * Memory is that of the longest list of each feature so far.
 *
 * @example
 * ```ts
 * import { encodeExample, ExampleDecoder } from 'recordpipe/messages';
 * const records = [1, 2].map((id) => encodeExample({ id: { kind: 'int64', value: [id] } }));
 * const decoder = new ExampleDecoder({ int64: 'number' });
 * let sum = 0;
 * for (const record of records) sum += decoder.decode(record).get('id')?.value[0] as number;
 * console.log(sum, decoder.decode(records[0]) === decoder.decode(records[1])); // 3 true
 * ```
 */
export class ExampleDecoder<M extends Int64Mode = 'bigint'> {
  readonly #options: DecodeExampleOptions;
  readonly #walk = new PlainWalk(new NameTable());
  readonly #example = new Map<string, Feature>();
  /** By their place in the record; so many are in the Map. */
  readonly #features: KeptFeature[] = [];
  #count = 0;

  constructor(options?: Partial<ExampleDecoderOptions<M>>) {
    this.#options = decodeOptions(options);
  }

  /**
   * The features of a record. `place` says in errors where it is from.
   *
   * @throws RecordpipeError `malformed-example` with the name of the feature and the byte of the record
   */
  decode(record: Uint8Array, place?: ErrorPlace): Example<M> {
    if (record instanceof Uint8Array && this.#read(record)) return this.#example as Example<M>;
    this.#forget();
    const options = place === undefined ? this.#options : { ...this.#options, place };
    return decodeExample(record, options) as Example<M>;
  }

  #read(record: Uint8Array): boolean {
    const walk = this.#walk;
    const features = this.#features;
    const { int64 } = this.#options;
    try {
      let count = 0;
      let isSame = true;
      let state = walk.open(record);
      for (; state === FOUND; state = walk.next()) {
        let kept = features[count];
        if (kept === undefined || kept.name !== walk.name || kept.tag !== walk.tag) {
          kept = features[count] = new KeptFeature(walk.name, walk.tag);
          isSame = false;
        }
        if (!kept.take(walk, int64)) return false;
        count++;
      }
      if (state !== NO_MORE) return false;
      if (!isSame || count !== this.#count) this.#fill(count);
      return true;
    } catch {
      // What is wrong with a name or a varint is told by those that read it again.
      return false;
    } finally {
      walk.close();
    }
  }

  #fill(count: number): void {
    const example = this.#example;
    example.clear();
    for (const { name, feature } of this.#features.slice(0, count)) example.set(name.text, feature);
    this.#count = count;
  }

  #forget(): void {
    this.#example.clear();
    this.#features.length = this.#count = 0;
  }
}

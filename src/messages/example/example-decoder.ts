import { checkOptionNames } from '../../bytes/arguments.ts';
import type { ErrorPlace } from '../../errors.ts';
import { checkRecord, type DecodeExampleOptions, decodeOptions, explained } from './decode-options.ts';
import type { Example, Feature, Int64Mode } from './feature.ts';
import { FeatureCursor } from './feature-cursor.ts';
import {
  alignedFloats,
  FeatureBuilder,
  floatsInto,
  int64sInto,
  maxInt64s,
  numbersInto,
  ValueMemory,
  viewsInto,
} from './feature-values.ts';
import { BYTES, FLOAT, INT64, KIND_NAMES } from './list-cursor.ts';
import { NameTable } from './name-table.ts';

/** Options of an {@link ExampleDecoder}. */
export type ExampleDecoderOptions<M extends Int64Mode = Int64Mode> = Omit<DecodeExampleOptions<M>, 'place'>;

/**
 * Size below which a list of floats is copied even if it is aligned, because copying is faster than
 * creating a view.
 */
const MIN_VIEWED_BYTES = 4 * 32;

/**
 * Decodes tf.train.Examples one after another into the same memory. The result equals that of
 * `decodeExample`, but **it is valid only until the next call**. If records have the same features
 * in the same order, as nearly always within a file, they are returned in the same Map and arrays,
 * which are refilled; only views of bytes are created. Finish using a record before you decode the
 * next one.
 *
 * The decoder uses as much memory as the longest list of each feature so far.
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
  readonly #cursor = new FeatureCursor();
  readonly #names = new NameTable<string>((name) => name);
  readonly #builder = new FeatureBuilder();
  readonly #example = new Map<string, Feature>();
  /** Features by position in the record. The first `#count` are in the Map. */
  readonly #features: ReusedFeature[] = [];
  #count = 0;

  constructor(options?: Partial<ExampleDecoderOptions<M>>) {
    checkOptionNames('ExampleDecoder', options, { int64: 0, strict: 0 });
    this.#options = decodeOptions('ExampleDecoder', options);
    this.#cursor.strict = this.#options.strict;
  }

  /**
   * Returns the features of a record.
   *
   * @param place source of the record, for errors
   * @throws RecordpipeError `malformed-example` with the name of the feature and the byte offset in
   *   the record
   */
  decode(record: Uint8Array, place?: ErrorPlace): Example<M> {
    checkRecord(record);
    const cursor = this.#cursor;
    try {
      cursor.open(record);
      this.#read(record);
      cursor.check();
      return this.#example as Example<M>;
    } catch (error) {
      this.#example.clear();
      this.#features.length = this.#count = 0;
      throw explained(error, cursor, place ?? this.#options.place);
    } finally {
      cursor.close();
    }
  }

  #read(record: Uint8Array): void {
    const cursor = this.#cursor;
    const features = this.#features;
    const { int64 } = this.#options;
    let count = 0;
    let isSame = true;
    this.#names.begin();
    while (cursor.next()) {
      const name = this.#names.find(record, cursor.nameStart, cursor.nameEnd);
      const { kind } = cursor;
      let feature = features[count];
      if (feature === undefined || feature.kind !== kind || feature.name !== name) {
        feature = features[count] = new ReusedFeature(name, kind);
        isSame = false;
      }
      feature.fill(cursor, int64, this.#builder);
      count++;
    }
    if (isSame && count === this.#count) return;
    const example = this.#example;
    example.clear();
    for (const { name, feature } of features.slice(0, count)) example.set(name, feature);
    this.#count = count;
  }
}

/**
 * A feature at its position in successive records, with memory for the values of the next record.
 */
class ReusedFeature {
  readonly name: string;
  readonly kind: number;
  readonly feature: Feature;
  readonly #mutable: { value: unknown };
  readonly #views: Uint8Array[] = [];
  readonly #memory = new ValueMemory();
  /** Number of values if `value` is an array in `#memory`; otherwise -1. */
  #count = -1;

  constructor(name: string, kind: number) {
    this.name = name;
    this.kind = kind;
    const feature = { kind: KIND_NAMES[kind], value: this.#views as unknown };
    this.feature = feature as Feature;
    this.#mutable = feature;
  }

  /** Reads the values of the cursor's feature. @throws WireFault, UnsafeInteger */
  fill(cursor: FeatureCursor, int64: Int64Mode, builder: FeatureBuilder): void {
    if (this.kind === BYTES) {
      const views = this.#views;
      const count = viewsInto(cursor, views, 0);
      if (views.length !== count) views.length = count;
    } else if (this.kind === FLOAT) this.#fillFloats(cursor);
    else if (this.kind === INT64 && !this.#fillInt64s(cursor, int64)) {
      this.#mutable.value = builder.feature(cursor, int64).value;
      this.#count = -1;
    }
  }

  #fillFloats(cursor: FeatureCursor): void {
    const size = cursor.listEnd - cursor.listStart;
    const view = size > MIN_VIEWED_BYTES ? alignedFloats(cursor) : undefined;
    if (view !== undefined) {
      this.#mutable.value = view;
      this.#count = -1;
      return;
    }
    this.#reserve(size >> 2);
    const count = floatsInto(cursor, this.#memory, 0);
    if (count !== this.#count) this.#mutable.value = new Float32Array(this.#memory.buffer, 0, count);
    this.#count = count;
  }

  /** Reads the integers. Returns false if one of them does not fit in a number. */
  #fillInt64s(cursor: FeatureCursor, int64: Int64Mode): boolean {
    this.#reserve(2 * maxInt64s(cursor));
    const memory = this.#memory;
    const { buffer } = memory;
    const isExact = int64 === 'bigint';
    const count = isExact ? int64sInto(cursor, memory.words, 0) / 2 : numbersInto(cursor, memory.numbers, 0);
    if (count < 0) return false;
    if (count !== this.#count)
      this.#mutable.value = isExact
        ? new BigInt64Array(buffer, 0, count)
        : new Float64Array(buffer, 0, count);
    this.#count = count;
    return true;
  }

  #reserve(words: number): void {
    if (words <= this.#memory.words.length) return;
    this.#memory.allocate(words);
    this.#count = -1;
  }
}

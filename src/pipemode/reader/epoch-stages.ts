import type { Position } from '../../dataset/position.ts';
import { RecordStage } from '../../dataset/record-stage.ts';
import { END, LATER, type Stage, type Step, Through } from '../../dataset/stage.ts';
import { RecordpipeError, UsageError } from '../../errors.ts';
import type { RecordBatch } from '../../formats/batch.ts';
import { attributeNamesMistake } from '../manifest/manifest-lines.ts';
import type { EpochReading } from './epoch-reading.ts';

/**
 * The values of one line of an augmented manifest, by attribute: the bytes of the object for a
 * `-ref` attribute, and the bytes of the text for any other attribute.
 */
export type ManifestTuple<A extends readonly string[]> = { readonly [Name in A[number]]: Uint8Array };

/** Yields the records of an epoch one by one and counts the delivered records. */
export class EpochStage extends RecordStage {
  readonly #reading: EpochReading;

  constructor(reading: EpochReading) {
    super((signal): AsyncIterator<RecordBatch> => reading.batches(signal, false));
    this.#reading = reading;
  }

  override next(): Step<Uint8Array> {
    const step = super.next();
    if (typeof step !== 'symbol') this.#reading.delivered(1);
    return step;
  }

  override pass(count: number): number {
    const passed = super.pass(count);
    if (passed > 0) this.#reading.delivered(passed);
    return passed;
  }

  position(): Position {
    return this.#reading.state() as unknown as Position;
  }
}

/**
 * Checks attribute names against SageMaker's rules.
 * @throws UsageError if the names violate the rules
 */
export function checkAttributes(attributes: readonly string[]): void {
  const mistake = attributeNamesMistake(attributes);
  if (mistake === undefined && new Set(attributes).size === attributes.length) return;
  throw new UsageError(
    `attributes: ${mistake ?? `expected distinct names, got ${JSON.stringify(attributes)}`}; pass the AttributeNames of the job in the same order`,
  );
}

/** Combines consecutive records into tuples that have one record per attribute. */
export class TupleStage<A extends readonly string[]> extends Through<Uint8Array, ManifestTuple<A>> {
  readonly #attributes: A;
  readonly #fail: (error: RecordpipeError) => Error;
  #tuple: Record<string, Uint8Array> = {};
  #have = 0;
  #tuples = 0;

  /**
   * Creates a stage that combines the records of `source`.
   * @param fail returns the error for a stream that ends inside a tuple, with the channel added
   */
  constructor(source: Stage<Uint8Array>, attributes: A, fail: (error: RecordpipeError) => Error) {
    super(source);
    this.#attributes = attributes;
    this.#fail = fail;
  }

  next(): Step<ManifestTuple<A>> {
    const attributes = this.#attributes;
    while (this.#have < attributes.length) {
      const record = this.source.next();
      if (record === LATER) return LATER;
      if (record === END) {
        if (this.#have === 0) return END;
        throw this.#fail(this.#truncated());
      }
      this.#tuple[attributes[this.#have++]] = record;
    }
    const tuple = this.#tuple;
    this.#tuple = {};
    this.#have = 0;
    this.#tuples++;
    return tuple as ManifestTuple<A>;
  }

  position(): Position {
    return this.source.position();
  }

  #truncated(): RecordpipeError {
    const names = this.#attributes.map((name) => JSON.stringify(name));
    const received = names.slice(0, this.#have).join(', ');
    const missing = names.slice(this.#have).join(', ');
    return new RecordpipeError(
      'truncated-record',
      `the stream ends inside tuple ${this.#tuples}, after ${received}: ${missing} did not arrive; check that attributes match the AttributeNames of the job, and that every line of the manifest has all these attributes`,
      { record: this.#tuples * names.length + this.#have },
    );
  }
}

import { END, LATER, type Stage, type Step, Through } from '../../dataset/stage.ts';
import { RecordpipeError, UsageError } from '../../errors.ts';

/** The values of one line of an augmented manifest by attribute: the bytes of the object for a `-ref`, the bytes of its text for any other. */
export type ManifestTuple<A extends readonly string[]> = { readonly [Name in A[number]]: Uint8Array };

/**
 * Names of attributes as SageMaker takes them.
 * @throws UsageError unless they are 1 to 16 different names of 1 to 256 characters
 */
export function checkAttributes(attributes: readonly string[]): void {
  const fits =
    Array.isArray(attributes) &&
    attributes.length >= 1 &&
    attributes.length <= 16 &&
    attributes.every((name) => typeof name === 'string' && name.length >= 1 && name.length <= 256) &&
    new Set(attributes).size === attributes.length;
  if (fits) return;
  throw new UsageError(
    `attributes: expected 1 to 16 different names of 1 to 256 characters, in the order of AttributeNames, got ${JSON.stringify(attributes)}`,
  );
}

/** Makes a tuple of each so many records, one for each attribute, in their order. */
export class TupleStage<A extends readonly string[]> extends Through<Uint8Array, ManifestTuple<A>> {
  readonly #attributes: A;
  readonly #fail: (error: RecordpipeError) => Error;
  #tuple: Record<string, Uint8Array> = {};
  #have = 0;
  #tuples = 0;

  /** @param fail makes the error for a stream that ends inside a tuple complete */
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
        throw this.#fail(this.#cutShort());
      }
      this.#tuple[attributes[this.#have++]] = record;
    }
    const tuple = this.#tuple;
    this.#tuple = {};
    this.#have = 0;
    this.#tuples++;
    return tuple as ManifestTuple<A>;
  }

  #cutShort(): RecordpipeError {
    const names = this.#attributes.map((name) => JSON.stringify(name));
    const came = names.slice(0, this.#have).join(', ');
    const missing = names.slice(this.#have).join(', ');
    return new RecordpipeError(
      'truncated-record',
      `the stream ends inside tuple ${this.#tuples}, behind ${came}: ${missing} did not come; are attributes the AttributeNames of the job, and has every line of the manifest all of them?`,
      { record: this.#tuples * names.length + this.#have },
    );
  }
}

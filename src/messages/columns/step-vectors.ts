import { type ErrorPlace, RecordpipeError, UsageError } from '../../errors.ts';
import type { FeatureCursor } from '../example/feature-cursor.ts';
import { FoundFeatures } from '../example/found-features.ts';
import type { ListVector } from './column-batch.ts';
import type { ColumnType } from './column-schema.ts';
import { type FeatureVector, featureVector } from './feature-vectors.ts';
import { Validity } from './validity.ts';

/**
 * Builds the vector of one feature list: for each record, a list with the values of each step. A
 * step without a kind is null.
 */
export class StepVectors implements FeatureVector {
  /** Name of the feature list. */
  readonly of: string;
  readonly #nullable: boolean;
  /** Each step is the only feature of a record. */
  readonly #steps: FoundFeatures;
  readonly #values: FeatureVector;
  /** Number of steps before each record, then the total. */
  #offsets: number[] = [0];
  #present: boolean[] = [];
  #placeOf: (row: number) => ErrorPlace = () => ({});

  constructor(name: string, of: string, type: ColumnType, nullable: boolean, exact: boolean) {
    if (type.type !== 'list' || type.items.type !== 'list')
      throw new UsageError(
        `column ${JSON.stringify(name)}: expected a list of lists for a feature list, got ${type.type}`,
      );
    this.of = of;
    this.#nullable = nullable;
    this.#steps = new FoundFeatures([of], exact ? 'exact' : false);
    this.#values = featureVector(name, 0, type.items, true);
  }

  begin(placeOf: (row: number) => ErrorPlace): void {
    this.#offsets = [0];
    this.#present = [];
    this.#placeOf = placeOf;
    this.#steps.begin(0, (step) => placeOf(this.#rowOf(step)));
  }

  /** Starts the next record, which has no steps yet. */
  beginRow(): void {
    this.#present.push(false);
    this.#offsets.push(this.#steps.records);
  }

  /** Adds the steps of the list at which the cursor is. The last list of a record is used. */
  addSteps(bytes: Uint8Array, start: number, cursor: FeatureCursor): void {
    const row = this.#present.length - 1;
    const steps = this.#steps;
    steps.records = this.#offsets[row];
    while (cursor.nextStep()) steps.addStep(bytes, cursor, start);
    this.#present[row] = true;
    this.#offsets[row + 1] = steps.records;
  }

  build(): ListVector {
    const length = this.#present.length;
    const validity = new Validity(length);
    for (let row = 0; row < length; row++) {
      if (this.#present[row]) continue;
      if (!this.#nullable)
        throw new RecordpipeError(
          'schema-mismatch',
          `example: feature list ${JSON.stringify(this.of)}: expected steps, because the column is not nullable, got none`,
          this.#placeOf(row),
        );
      validity.clear(row);
    }
    const items = this.#values.build(this.#steps);
    return { type: 'list', length, validity: validity.bits, offsets: Int32Array.from(this.#offsets), items };
  }

  close(): void {
    this.#steps.close();
  }

  /** Returns the record of a step. */
  #rowOf(step: number): number {
    return this.#offsets.findIndex((end) => end > step) - 1;
  }
}

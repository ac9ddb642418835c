import { typeName } from '../../bytes/arguments.ts';
import type { ArrowRecordBatch } from '../../columns/formats/arrow-data.ts';
import { arrowBatch } from '../../columns/formats/arrow-record-batch.ts';
import { type ErrorPlace, UsageError } from '../../errors.ts';
import type { ColumnBatch } from '../../messages/columns/column-batch.ts';
import { planColumns } from '../../messages/columns/plan-columns.ts';
import { type FeaturePlan, planInternals } from '../../messages/example/compile-features.ts';
import { checkRecord } from '../../messages/example/decode-options.ts';
import type { FeatureSpecs, ParsedBatch, PlanInt64 } from '../../messages/example/feature-specs.ts';
import { eachRow, placeOfRow, type RecordRun, sliceRuns, validRows } from '../../messages/record-run.ts';
import { checkCount } from '../operator-options.ts';
import { Places } from '../places.ts';
import type { Position } from '../position.ts';
import { RecordStage } from '../record-stage.ts';
import { END, type Iteration, LATER, type Open, type Openable, type Stage, type Step } from '../stage.ts';
import { Collecting } from './collecting.ts';

export type { ArrowRecordBatch };

/** Plans of the batches that `parse` returned, for `toArrow`. */
const plans = new WeakMap<object, object>();

/**
 * Returns a function that converts the batches of one plan to Arrow.
 * @throws UsageError for a value that `parse` has not returned
 */
export function arrowBatches(): (batch: unknown) => Promise<ArrowRecordBatch> {
  let convert: ((batch: object) => ColumnBatch) | undefined;
  return async (batch) => {
    const plan = typeof batch === 'object' && batch !== null ? plans.get(batch) : undefined;
    if (plan === undefined)
      throw new UsageError(`toArrow: expected the batches of parse(plan), got ${typeName(batch)}`);
    convert ??= planColumns(plan);
    return arrowBatch(convert(batch as object));
  };
}

/**
 * Opens the batches of columns that a plan reads from records.
 * @throws UsageError for a value that is not a plan, and unless `batchRows` is an integer >= 1
 */
export function openParse<S extends FeatureSpecs, M extends PlanInt64>(
  source: Openable<Uint8Array>,
  plan: FeaturePlan<S, M>,
  batchRows: number,
): Open<ParsedBatch<S, M>> {
  planInternals(plan);
  checkCount('parse: batchRows', batchRows, 1);
  return (iteration, from) => new ParseStage(source.openStage(iteration, from), plan, batchRows, iteration);
}

/**
 * Collects records and parses them together. Records of files are read where they are, without a
 * view of each. If a record cannot be parsed, the records before it are delivered first.
 */
class ParseStage<S extends FeatureSpecs, M extends PlanInt64> extends Collecting<
  Uint8Array,
  ParsedBatch<S, M>
> {
  readonly #plan: FeaturePlan<S, M>;
  readonly #batchRows: number;
  readonly #iteration: Iteration;
  readonly #files: RecordStage | undefined;
  #runs: RecordRun[] = [];
  #records: Uint8Array[] = [];
  readonly #places = new Places();
  #rows = 0;

  constructor(source: Stage<Uint8Array>, plan: FeaturePlan<S, M>, batchRows: number, iteration: Iteration) {
    super(source);
    this.#plan = plan;
    this.#batchRows = batchRows;
    this.#iteration = iteration;
    source.keepPlaces();
    this.#files = source instanceof RecordStage ? source : undefined;
  }

  next(): Step<ParsedBatch<S, M>> {
    while (this.#rows < this.#batchRows) {
      const run = this.#files?.take(this.#batchRows - this.#rows);
      if (run !== undefined) {
        this.#runs.push(run);
        this.#rows += run.to - run.from;
        continue;
      }
      const record = this.pull();
      if (record === LATER) return LATER;
      if (record === END) break;
      this.#records.push(record);
      this.source.locate(this.#places);
      this.#rows++;
    }
    if (this.#rows === 0) return this.finish();
    if (this.hasFailed) this.#iteration.hasFailed = true;
    return this.#parsed();
  }

  position(): Position {
    return this.source.position();
  }

  /** Returns the valid rows before the first record that cannot be parsed, which ends the stage. */
  #parsed(): Step<ParsedBatch<S, M>> {
    const [runs, records] = [this.#runs, this.#records];
    let failedRow = -1;
    const decode = (rows: number): ParsedBatch<S, M> => {
      const kept = sliceRuns(runs, 0, rows);
      const placeOf = (row: number): ErrorPlace => {
        failedRow = row;
        return this.#places.at(row) ?? placeOfRow(kept, row);
      };
      return planInternals(this.#plan).parseRows(rows, placeOf, (add) => {
        eachRow(kept, add);
        for (const record of records.slice(0, rows)) {
          checkRecord(record);
          add(record, 0, record.length);
        }
      }) as ParsedBatch<S, M>;
    };
    const { batch, rows, failure } = validRows(this.#rows, decode, () => failedRow);
    [this.#runs, this.#records, this.#rows] = [[], [], 0];
    this.#places.clear();
    if (failure !== undefined) {
      this.fail(failure);
      this.#iteration.hasFailed = true;
    }
    if (rows === 0) return this.finish();
    plans.set(batch, this.#plan);
    return batch;
  }
}

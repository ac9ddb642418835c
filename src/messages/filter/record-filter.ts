import { WireFault } from '../../bytes/wire/wire-reader.ts';
import { type ErrorPlace, isRecordpipeError, RecordpipeError, UsageError } from '../../errors.ts';
import type { RecordBatch } from '../../formats/batch.ts';
import { checkRecord } from '../example/decode-options.ts';
import { type CompiledFilter, type CompilePattern, compiledFilter } from './compile-filter.ts';
import { filterError } from './filter-errors.ts';
import type { FilterCounts } from './filter-report.ts';
import type { RecordFeatures } from './record-features.ts';
import { FilterMismatch, type Test, TRUE } from './value.ts';

/**
 * Tests records against an expression: see {@link compileFilter}. It keeps the positions of the
 * current record, so one filter serves one thread.
 */
export interface RecordFilter {
  /** The expression. */
  readonly expression: string;
  /** Names of the features on which the result depends. */
  readonly features: readonly string[];
  /** Counts of all records since the last `reset`. */
  readonly counts: FilterCounts;

  /**
   * Reports whether the expression is true for a record. If it is false or unknown, the record does
   * not pass.
   *
   * @param place source of the record, for errors
   * @throws RecordpipeError `schema-mismatch` for a value that an operator does not accept;
   *   `malformed-example` for a damaged record, and for one that is not an Example, a
   *   SequenceExample or a Record
   */
  matches(record: Uint8Array, place?: ErrorPlace): boolean;

  /**
   * Like `matches`, for record `i` of a batch. It creates no view of the record.
   *
   * @param place source of the batch, for errors; the batch knows the number and the offset
   */
  matchesIn(batch: RecordBatch, i: number, place?: ErrorPlace): boolean;

  /** Starts counting again, for example for the next file. */
  reset(): void;
}

class ExpressionFilter implements RecordFilter {
  readonly expression: string;
  readonly #test: Test;
  readonly #features: RecordFeatures;
  #tested = 0;
  #matched = 0;

  constructor(expression: string, { test, features }: CompiledFilter) {
    this.expression = expression;
    this.#test = test;
    this.#features = features;
  }

  get features(): readonly string[] {
    return this.#features.names;
  }

  get counts(): FilterCounts {
    const { names, seen, otherNames } = this.#features;
    return {
      expression: this.expression,
      tested: this.#tested,
      matched: this.#matched,
      missing: names.filter((_, slot) => seen[slot] === 0).sort(),
      names: [...otherNames],
    };
  }

  matches(record: Uint8Array, place: ErrorPlace = {}): boolean {
    checkRecord(record);
    try {
      return this.#passes(record, 0, record.length);
    } catch (error) {
      throw this.#explained(error, place);
    }
  }

  matchesIn(batch: RecordBatch, i: number, place: ErrorPlace = {}): boolean {
    const { bytes, index } = batch;
    const start = index[2 * i];
    try {
      return this.#passes(bytes, start, start + index[2 * i + 1]);
    } catch (error) {
      throw this.#explained(error, { ...place, record: batch.firstRecord + i, offset: batch.offset(i) });
    }
  }

  reset(): void {
    this.#tested = this.#matched = 0;
    this.#features.forget();
  }

  #passes(bytes: Uint8Array, start: number, end: number): boolean {
    this.#tested++;
    this.#features.find(bytes, start, end);
    if (this.#test.test() !== TRUE) return false;
    this.#matched++;
    return true;
  }

  #explained(error: unknown, place: ErrorPlace): unknown {
    if (error instanceof FilterMismatch)
      return new RecordpipeError('schema-mismatch', `where: ${error.message}`, place);
    if (error instanceof WireFault) {
      const features = this.#features;
      const feature = features.slot < 0 ? '' : `${features.describe(features.slot)}: `;
      const what = `example: ${feature}${error.message}${features.placeOf(error)}`;
      return new RecordpipeError('malformed-example', what, place);
    }
    if (isRecordpipeError(error, 'malformed-example'))
      return new RecordpipeError('malformed-example', error.message, place);
    return error;
  }
}

/**
 * Compiles an expression of CEL, the Common Expression Language, into a filter of records. It reads
 * only the features that the expression names. The parser, and the engine of regular expressions if
 * the expression needs it, are imported on first use.
 *
 * A feature is a name, such as `label` or `bbox.x`, or `feature("image/encoded")`. Operators are
 * `== != < <= > >=`, `&& || !`, `in`, `+ - * / %`, `?:` and `[i]`. Functions are `has`, `len`,
 * `startsWith`, `endsWith`, `contains`, `matches`, `exists`, `all` and `exists_one`.
 *
 * Logic has three values: a comparison with a missing or empty feature is unknown, and a record
 * passes only if the result is true. Integers are compared exactly. A decimal such as `0.1` is rounded
 * to 32 bits if it is compared with a feature of kind `float`. Bytes are compared with text as UTF-8.
 *
 * @throws UsageError for an invalid expression, with the place in the expression
 * @example
 * ```ts
 * import { encodeExample } from 'recordpipe/messages';
 * import { compileFilter } from 'recordpipe/messages/filter';
 * const filter = await compileFilter('label in [3, 5] && "cat" in tags && !has(bbox)');
 * const record = encodeExample({
 *   label: { kind: 'int64', value: [3] },
 *   tags: { kind: 'bytes', value: ['cat', 'dog'] },
 * });
 * console.log(filter.matches(record), filter.features); // true [ 'label', 'tags', 'bbox' ]
 * ```
 */
export async function compileFilter(expression: string): Promise<RecordFilter> {
  checkExpression(expression);
  const { parseFilter } = await import('./parse-filter.ts');
  const root = parseFilter(expression);
  if ('what' in root) throw filterError(expression, root, root.what);
  const patterns: CompilePattern = expression.includes('matches')
    ? (await import('./patterns.ts')).compilePattern
    : () => ({ test: () => false });
  return new ExpressionFilter(expression, compiledFilter(expression, root, patterns));
}

/** Maximum length of an expression, in UTF-16 code units. */
const MAX_EXPRESSION_LENGTH = 100_000;

function checkExpression(expression: unknown): void {
  if (typeof expression !== 'string')
    throw new UsageError(`where: expected an expression as a string, got ${typeof expression}`);
  if (expression.trim() === '') throw new UsageError('where: expected an expression, got none');
  if (expression.length > MAX_EXPRESSION_LENGTH)
    throw new UsageError(
      `where: expected an expression of at most ${MAX_EXPRESSION_LENGTH} characters, got ${expression.length}`,
    );
}

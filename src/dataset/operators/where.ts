import { UsageError } from '../../errors.ts';
import { placed } from '../../formats/corruption.ts';
import { missingFeatures } from '../../messages/filter/filter-report.ts';
import type { RecordFilter } from '../../messages/filter/record-filter.ts';
import { checkOptions, type WhereOptions } from '../operator-options.ts';
import { Places } from '../places.ts';
import { END, type Iteration, type Open, type Openable, type Stage, type Step } from '../stage.ts';
import { FilterStage } from './map.ts';

/**
 * Opens the records of a source for which an expression is true. The expression is compiled when the
 * first record arrives, because the parser is imported on first use.
 *
 * @throws UsageError unless the expression is a string
 */
export function openWhere(
  source: Openable<Uint8Array>,
  expression: string,
  options?: WhereOptions,
): Open<Uint8Array> {
  const { onNotice } = checkOptions('where', options);
  if (typeof expression !== 'string')
    throw new UsageError(`where: expected an expression as a string, got ${typeof expression}`);
  return (iteration, from = null) => {
    let filter: RecordFilter | undefined;
    const stage = source.openStage(iteration, from);
    stage.keepPlaces();
    const compiled = async (): Promise<RecordFilter> => {
      const { compileFilter } = await import('../../messages/filter/index.ts');
      filter = await compileFilter(expression);
      return filter;
    };
    const matches = (by: RecordFilter, record: Uint8Array): boolean => {
      try {
        return by.matches(record);
      } catch (error) {
        const places = new Places();
        stage.locate(places);
        throw placed(error, places.at(0) ?? {});
      }
    };
    const test = (record: Uint8Array): boolean | Promise<boolean> =>
      filter === undefined ? compiled().then((one) => matches(one, record)) : matches(filter, record);
    const onEnd = (): void => {
      if (filter === undefined || onNotice === undefined) return;
      for (const message of missingFeatures(filter.counts)) onNotice({ code: 'unknown-feature', message });
    };
    return new WhereStage(stage, test, iteration, onEnd);
  };
}

/** Yields the records that pass a test. */
class WhereStage extends FilterStage<Uint8Array> {
  readonly #onEnd: () => void;
  #ended = false;

  constructor(
    source: Stage<Uint8Array>,
    test: (record: Uint8Array) => boolean | Promise<boolean>,
    iteration: Iteration,
    onEnd: () => void,
  ) {
    super(source, test, iteration);
    this.#onEnd = onEnd;
  }

  override next(): Step<Uint8Array> {
    const step = super.next();
    if (step === END && !this.#ended) {
      this.#ended = true;
      this.#onEnd();
    }
    return step;
  }
}

/** Returns the name of the operator. JSON keeps it on one line. */
export function whereName(expression: string): string {
  return `where(${JSON.stringify(expression)})`;
}

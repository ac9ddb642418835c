import { RecordpipeError } from '../errors.ts';
import {
  assignSeeds,
  hash,
  type Operator,
  operatorDifference,
  operatorNames,
  seedsOf,
  whyNotResumable,
} from './operator.ts';
import { isCount, type Position } from './position.ts';
import { Iteration } from './stage.ts';

/** Version of the layout of states. */
const VERSION = 1;

/**
 * Where a consumer of a dataset is, as plain JSON that can be stored with a checkpoint. It usually
 * takes less than 1 KB, however large the data is. `DatasetIterator.state` returns it, and
 * `Dataset.resume` continues from it.
 */
export interface DatasetState {
  /** Version of this layout. */
  readonly version: 1;
  /**
   * The operators and their arguments, for example `["range(10)", "map", "batch(2)"]`. If the list
   * is long, it contains hashes of the operators instead.
   */
  readonly operators: readonly string[];
  /** Zero-based number of the iteration. */
  readonly iteration: number;
  /** Seeds that recordpipe chose for operators without a `seed` option. */
  readonly seeds: readonly number[];
  /** Position of each operator and source. The layout of the position may change with `version`. */
  readonly position: Position;
  /** Checksum of the other fields. A state with an incorrect checksum is rejected. */
  readonly checksum: number;
}

/**
 * Creates the states of one iteration. They differ in their positions only, so everything else is
 * computed once: a training loop may request a state after each batch.
 */
export class IterationStates {
  readonly #iteration: Iteration;
  readonly #why: string | undefined;
  readonly #common: Omit<DatasetState, 'position' | 'checksum'>;
  /** Checksum of the fields before the position. */
  readonly #checksum: number;

  /** @param operator the last operator of the dataset */
  constructor(operator: Operator, iteration: Iteration) {
    this.#iteration = iteration;
    this.#why = whyNotResumable(operator);
    this.#common = {
      version: VERSION,
      operators: operatorNames(operator),
      iteration: iteration.index,
      seeds: seedsOf(operator, iteration.seeds),
    };
    this.#checksum = commonChecksum(this.#common);
  }

  /**
   * Returns the state at a position.
   * @throws RecordpipeError `not-resumable` if elements do not arrive in the same order again
   */
  at(position: Position): DatasetState {
    const why = this.#iteration.whyNotResumable ?? this.#why;
    if (why !== undefined) throw new RecordpipeError('not-resumable', `state: ${why}`);
    const { version, operators, iteration, seeds } = this.#common;
    const checksum = hash(String(jsonOf(position)), this.#checksum);
    return { version, operators: [...operators], iteration, seeds: [...seeds], position, checksum };
  }
}

/**
 * Checks that a state belongs to a dataset with these operators.
 * @throws RecordpipeError `malformed-state` for a value that is not a state, or one of another
 *   version; `not-resumable` for a state of other operators
 */
export function checkState(operator: Operator, state: DatasetState): void {
  const { version, operators, iteration, seeds, position } = (state ?? {}) as Partial<DatasetState>;
  if (version !== undefined && version !== VERSION)
    throw new RecordpipeError(
      'malformed-state',
      `resume: the state has version ${String(version)}, but this release reads version ${VERSION}`,
    );
  const isState =
    version === VERSION &&
    isListOf(operators, (name) => typeof name === 'string') &&
    isCount(iteration) &&
    isListOf(seeds, Number.isSafeInteger) &&
    position !== undefined;
  if (!isState)
    throw new RecordpipeError(
      'malformed-state',
      `resume: expected a value returned by state(), got ${String(jsonOf(state)).slice(0, 200)}`,
    );
  if (state.checksum !== withChecksum(state).checksum)
    throw new RecordpipeError(
      'malformed-state',
      'resume: the checksum of the state does not match; pass an unchanged value that state() returned',
    );
  const difference = operatorDifference(operator, operators as string[]);
  if (difference === undefined) return;
  throw new RecordpipeError(
    'not-resumable',
    `the state belongs to a different dataset: ${difference}; pass the state to the dataset that returned it`,
  );
}

/** Adds the checksum of a state, which does not depend on the order of its fields. */
export function withChecksum(state: Omit<DatasetState, 'checksum'>): DatasetState {
  return { ...state, checksum: hash(String(jsonOf(state.position)), commonChecksum(state)) };
}

/** Returns the checksum of the fields before the position. */
function commonChecksum(state: Omit<DatasetState, 'position' | 'checksum'>): number {
  const { version, operators, iteration, seeds } = state;
  return hash(String(jsonOf([version, operators, iteration, seeds])));
}

/** Returns a value as JSON, or undefined if JSON cannot express it. */
function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

/** Returns the iteration that a state continues. */
export function resumedIteration(operator: Operator, { iteration, seeds }: DatasetState): Iteration {
  return new Iteration(iteration, assignSeeds(operator, seeds));
}

function isListOf(value: unknown, isItem: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isItem);
}

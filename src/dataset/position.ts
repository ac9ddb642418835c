import { RecordpipeError } from '../errors.ts';

/**
 * A position in the elements of a stage, as plain JSON. Only the stage can interpret the position.
 * null means the start.
 */
export type Position = null | number | string | readonly Position[] | { readonly [name: string]: Position };

/** A position of the form `[...counts, source]`, split into its parts. */
export interface SplitPosition<Counts> {
  readonly counts: Counts;
  /** Position of the source. */
  readonly source: Position;
}

/**
 * Splits a position of the form `[...counts, source]`, the usual form of operators.
 * @param initial the counts at the start
 * @throws RecordpipeError `malformed-state` for any other form
 */
export function splitPosition<const Counts extends readonly number[]>(
  operator: string,
  position: Position,
  initial: Counts,
): SplitPosition<{ readonly [I in keyof Counts]: number }> {
  type Numbers = { readonly [I in keyof Counts]: number };
  if (position === null) return { counts: initial as Numbers, source: null };
  if (!isList(position, initial.length + 1)) throw malformedPosition(operator);
  const counts = position.slice(0, -1);
  if (!counts.every(isCount)) throw malformedPosition(operator);
  return { counts: counts as Numbers, source: position[initial.length] };
}

/** Reports whether a position is a list, with `length` items if given. */
export function isList(position: Position, length?: number): position is readonly Position[] {
  return Array.isArray(position) && (length === undefined || position.length === length);
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Returns the error for a position that no stage of this operator returned. */
export function malformedPosition(operator: string): RecordpipeError {
  return new RecordpipeError(
    'malformed-state',
    `the state has no valid position for ${operator}; pass an unchanged value that state() returned`,
  );
}

/** Returns the error for a source that has fewer elements than an earlier run received. */
export function tooFewElements(source: string): RecordpipeError {
  return new RecordpipeError(
    'not-resumable',
    `${source} has fewer elements than when the state was saved; restore them, or restart the epoch`,
  );
}

import { isCount, isList, malformedPosition, type Position, splitPosition } from '../position.ts';

/** Number of slots, of consecutive elements from one slot, and whether slots wait in turn. */
export interface Lengths {
  readonly cycleLength: number;
  readonly blockLength: number;
  readonly ordered: boolean;
}

/** A slot of an earlier run that has not been opened again yet. */
export interface ClosedSlot {
  readonly slot: number;
  /** Number of the source's element, counted from the position of the source. */
  readonly number: number;
  readonly position: Position;
  readonly seeds: readonly number[];
}

/** A position of an interleave, split into its parts. */
export interface InterleavePosition {
  readonly position: Position;
  readonly counts: readonly [
    slot: number,
    inBlock: number,
    ended: number,
    fingerprint: number,
    pulled: number,
  ];
  readonly slots: ClosedSlot[];
  readonly source: Position;
}

/** Splits a position. @throws RecordpipeError `malformed-state` */
export function splitInterleave(
  position: Position,
  { cycleLength, blockLength }: Lengths,
): InterleavePosition {
  const { counts, source: rest } = splitPosition('interleave', position, [0, 0, 0, 0, 0]);
  if (rest === null) return { position, counts, slots: [], source: null };
  const [slots, source] = isList(rest, 2) ? rest : [null, null];
  if (!isList(slots) || slots.length > cycleLength || counts[0] >= cycleLength || counts[1] >= blockLength)
    throw malformedPosition('interleave');
  const closed = slots.flatMap((slot, i) => (slot === 0 ? [] : [splitSlot(i, slot)]));
  if (closed.some(({ number }) => number >= counts[4])) throw malformedPosition('interleave');
  return { position, counts, slots: closed, source };
}

function splitSlot(slot: number, closed: Position): ClosedSlot {
  if (!isList(closed)) throw malformedPosition('interleave');
  const [number, position, seeds = []] = closed;
  if (!isCount(number) || !isList(seeds)) throw malformedPosition('interleave');
  return { slot, number, position, seeds: seeds as readonly number[] };
}

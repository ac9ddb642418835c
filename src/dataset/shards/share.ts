import type { Places } from '../places.ts';
import type { Step } from '../stage.ts';

/**
 * The records of one worker: those at the positions of the global order that are `worker` modulo
 * `workers`.
 */
export interface Share {
  readonly worker: number;
  readonly workers: number;
  /** Position at which all workers begin. */
  readonly from: number;
}

/** Returns the first position of a share. */
export function firstPosition({ worker, workers, from }: Share): number {
  const turn = from % workers;
  return from + (worker >= turn ? worker - turn : worker - turn + workers);
}

/** Delivers the records of a share. The methods are those of a stage. */
export interface PositionReader {
  next(): Step<Uint8Array>;
  ready(): Promise<void>;
  /** Skips up to `count` records without reading them, and returns their number. */
  pass(count: number): number;
  /** Adds the location of the record that `next` returned last. */
  locate(places: Places): void;
}

import { RecordpipeError } from '../../errors.ts';
import { type DatasetInput, openInput, operatorOf } from '../iterables.ts';
import { MarkedSource } from '../marked-source.ts';
import {
  assignSeeds,
  fingerprint,
  isUnordered,
  type Operator,
  seedsOf,
  whyNotResumable,
} from '../operator.ts';
import { checkCount, checkFunction } from '../operator-options.ts';
import type { Places } from '../places.ts';
import type { Position } from '../position.ts';
import {
  closeAll,
  END,
  type Iteration,
  LATER,
  type Open,
  type Openable,
  type Stage,
  type Step,
  Through,
  type Wait,
} from '../stage.ts';
import {
  type ClosedSlot,
  type InterleavePosition,
  type Lengths,
  splitInterleave,
} from './interleave-position.ts';

const INNER_UNORDERED =
  'an inner dataset of interleave is unordered; pass ordered: false to interleave as well, or omit it in the inner dataset';

/** An open inner dataset. */
interface Slot<T> {
  readonly stage: Stage<T>;
  /** Number of the source's element from which it was created. */
  readonly number: number;
  readonly operator: Operator;
  readonly seeds: ReadonlyMap<Operator, number>;
  fingerprint?: number;
  /** Whether the stage has returned LATER and is not ready yet. */
  waits?: boolean;
}

/**
 * Interleaves blocks of elements from several inner datasets, in the order of tf.data. When an
 * inner dataset ends, its slot opens the next input on its next turn and yields a whole block from
 * it. Slots stay empty after the last input. If it is not ordered, it skips slots that wait.
 *
 * Its positions are `[slot, inBlock, ended, fingerprint, pulled, [slots, source]]`: the source is
 * opened before the element of the oldest open slot, `pulled` elements are read again, and all open
 * slots are opened again.
 */
class InterleaveStage<S, T> extends Through<S, T, MarkedSource<S>> {
  readonly #inner: (element: S) => DatasetInput<T>;
  /** The slots that have been opened so far. Later ones do not exist yet, because there may be many. */
  readonly #slots: (Slot<T> | undefined)[] = [];
  readonly #cycleLength: number;
  readonly #blockLength: number;
  readonly #ordered: boolean;
  readonly #iteration: Iteration;
  readonly #from: Position;
  /** Slots to open again, and the number of elements to read again. */
  #restoring: readonly ClosedSlot[];
  readonly #again: number;
  /** Fingerprint of the inner datasets of an earlier run. */
  readonly #fingerprint: number;
  #pulled = 0;
  #slot = 0;
  #inBlock = 0;
  #open = 0;
  #ended = false;
  #waitsFor: Stage<unknown> | undefined;
  /** The stage of the last element. */
  #last: Stage<T> | undefined;
  #keepsPlaces = false;
  /** Whether the source has returned LATER and is not ready yet. */
  readonly #ofSource: { waits?: boolean } = {};
  #wake: (() => void) | undefined;
  #closing: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  /** @param from the position, which was split into its parts */
  constructor(
    source: MarkedSource<S>,
    inner: (element: S) => DatasetInput<T>,
    { cycleLength, blockLength, ordered }: Lengths,
    iteration: Iteration,
    from: InterleavePosition,
  ) {
    super(source);
    this.#inner = inner;
    this.#cycleLength = cycleLength;
    this.#blockLength = blockLength;
    this.#ordered = ordered;
    this.#iteration = iteration;
    this.#from = from.position;
    const [slot, inBlock, ended, fingerprint, again] = from.counts;
    this.#slot = slot;
    this.#inBlock = inBlock;
    this.#ended = ended === 1;
    this.#fingerprint = fingerprint;
    this.#restoring = from.slots;
    this.#again = again;
  }

  next(): Step<T> {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#closing !== undefined) return LATER;
    if (this.#pulled < this.#again && !this.#restore()) return LATER;
    return this.#ordered ? this.#inTurn() : this.#fromAnyReady();
  }

  #inTurn(): Step<T> {
    while (this.#open > 0 || !this.#ended) {
      const slot = this.#slots[this.#slot];
      if (slot === undefined) {
        if (this.#ended) this.#advance();
        else if (!this.#fill()) return LATER;
        continue;
      }
      const element = slot.stage.next();
      if (element === LATER) {
        this.#waitsFor = slot.stage;
        return LATER;
      }
      if (element !== END) {
        if (++this.#inBlock === this.#blockLength) this.#advance();
        this.#last = slot.stage;
        return element;
      }
      this.#leave(slot);
      if (this.#closing !== undefined) return LATER;
    }
    return END;
  }

  /** Visits all slots, beginning with the current one, until one has an element. */
  #fromAnyReady(): Step<T> {
    // One more than the slots that exist: the next one may be opened.
    for (let left = this.#slots.length + 1; left > 0; left--) {
      const { length } = this.#slots;
      if (this.#slots[this.#slot] === undefined && !this.#ended && !this.#ofSource.waits && !this.#fill()) {
        this.#watch(this.source, this.#ofSource);
      }
      left += this.#slots.length - length;
      const slot = this.#slots[this.#slot];
      if (slot === undefined || slot.waits) {
        this.#advance();
        continue;
      }
      const element = slot.stage.next();
      if (element === LATER) {
        this.#watch(slot.stage, slot);
        this.#advance();
      } else if (element === END) {
        this.#leave(slot);
        if (this.#closing !== undefined) return LATER;
        left = this.#slots.length + 2;
      } else {
        if (++this.#inBlock === this.#blockLength) this.#advance();
        this.#last = slot.stage;
        return element;
      }
    }
    this.#waitsFor = undefined;
    return this.#open === 0 && this.#ended ? END : LATER;
  }

  /**
   * Waits for a stage that returned LATER. There is one wait per stage at a time, because waits of a
   * slow stage would otherwise accumulate.
   */
  #watch(stage: Stage<unknown>, waiting: { waits?: boolean }): void {
    waiting.waits = true;
    stage.ready().then(() => {
      waiting.waits = false;
      const wake = this.#wake;
      this.#wake = undefined;
      wake?.();
    });
  }

  position(): Position {
    if (this.#pulled < this.#again) return this.#from;
    const oldest = this.#oldest;
    const slots = this.#slots.map((slot) => (slot === undefined ? 0 : closedSlot(slot, oldest)));
    while (slots.at(-1) === 0) slots.pop();
    const source = this.source.before(this.#pulled - oldest);
    return [
      this.#slot,
      this.#inBlock,
      this.#ended ? 1 : 0,
      this.#inners,
      this.#pulled - oldest,
      [slots, source],
    ];
  }

  override locate(places: Places): void {
    if (this.#last === undefined) places.addUnknown();
    else this.#last.locate(places);
  }

  override keepPlaces(): void {
    this.#keepsPlaces = true;
  }

  override ready(): Promise<void> {
    const waits = this.#closing ?? this.#waitsFor?.ready();
    if (waits !== undefined || this.#ordered) return waits ?? Promise.resolve();
    return new Promise((resolve) => {
      if (this.#hasReady) resolve();
      else this.#wake = resolve;
    });
  }

  override waitsFor(): Wait {
    const stage = this.#waitsFor ?? this.#slots.find((slot) => slot?.waits)?.stage ?? this.source;
    return stage.waitsFor();
  }

  /** Whether a slot or the source may have an element. */
  get #hasReady(): boolean {
    const mayOpen = !this.#ended && !this.#ofSource.waits;
    if (mayOpen && this.#slots.length < this.#cycleLength) return true;
    return this.#slots.some((slot) => (slot === undefined ? mayOpen : slot.waits !== true));
  }

  override close(): Promise<void> | undefined {
    const open = this.#slots.flatMap((slot) => (slot === undefined ? [] : [slot.stage]));
    return closeAll([...open, this.source]);
  }

  /** Opens the slots of an earlier run again. Returns false if the source has no element yet. */
  #restore(): boolean {
    while (this.#pulled < this.#again) {
      const element = this.#pull();
      if (element === LATER) {
        this.#waitsFor = this.source;
        return false;
      }
      if (element === END) throw otherInner('the source has fewer elements');
      // An element that is incomplete because of a failure, which follows.
      if (this.source.isFrozen) continue;
      const number = this.#pulled++;
      const closed = this.#restoring.find((one) => one.number === number);
      if (closed !== undefined) this.#openSlot(closed.slot, number, element, closed);
    }
    if (this.#inners !== this.#fingerprint) throw otherInner('they have different operators');
    return true;
  }

  /** Number of the element of the oldest open slot. */
  get #oldest(): number {
    let oldest = this.#pulled;
    for (const slot of this.#slots) if (slot !== undefined && slot.number < oldest) oldest = slot.number;
    return oldest;
  }

  /** Fingerprint of the inner datasets that are open. */
  get #inners(): number {
    let all = 0;
    for (const slot of this.#slots) {
      if (slot === undefined) continue;
      slot.fingerprint ??= fingerprint(slot.operator);
      all = (Math.imul(all, 31) + slot.fingerprint) >>> 0;
    }
    return all;
  }

  /** Opens the next input in the current slot. Returns false if the source has no element yet. */
  #fill(): boolean {
    const element = this.#pull();
    if (element === LATER) {
      this.#waitsFor = this.source;
      return false;
    }
    if (element === END) {
      this.#ended = true;
      return true;
    }
    this.#openSlot(this.#slot, this.#pulled++, element);
    return true;
  }

  #pull(): Step<S> {
    this.source.reach = this.#pulled - this.#oldest + 1;
    return this.source.next();
  }

  #openSlot(at: number, number: number, element: S, closed?: ClosedSlot): void {
    const input = this.#inner(element);
    const operator = operatorOf(input);
    const why = this.#ordered && isUnordered(operator) ? INNER_UNORDERED : whyNotResumable(operator);
    if (why !== undefined) this.#iteration.whyNotResumable = why;
    const seeds = assignSeeds(operator, closed?.seeds ?? []);
    const iteration = seeds.size > 0 ? this.#iteration.seeded(seeds) : this.#iteration;
    const open = openInput(input);
    // A slot that waits has no position of its own.
    const stage = this.#ordered
      ? open(iteration, closed?.position)
      : MarkedSource.open('interleave', { operator, openStage: open }, iteration, closed?.position, 0);
    if (this.#keepsPlaces) stage.keepPlaces();
    while (this.#slots.length < at) this.#slots.push(undefined);
    this.#slots[at] = { stage, number, operator, seeds };
    this.#open++;
  }

  /** Moves to the next slot, which may be one more than exist unless the source has ended. */
  #advance(): void {
    this.#inBlock = 0;
    const slots = Math.min(this.#cycleLength, this.#slots.length + (this.#ended ? 0 : 1));
    this.#slot = this.#slot + 1 < slots ? this.#slot + 1 : 0;
  }

  #leave({ stage }: Slot<T>): void {
    this.#slots[this.#slot] = undefined;
    this.#open--;
    this.#advance();
    this.#closing = stage.close()?.then(
      () => {
        this.#closing = undefined;
      },
      (error: unknown) => {
        this.#closing = undefined;
        this.#failure = { error };
      },
    );
  }
}

/** Opens an interleave. @throws UsageError unless both lengths are integers >= 1 */
export function openInterleave<S, T>(
  source: Openable<S>,
  inner: (element: S) => DatasetInput<T>,
  lengths: Lengths,
): Open<T> {
  checkFunction('interleave', inner);
  checkCount('interleave: cycleLength', lengths.cycleLength, 1);
  checkCount('interleave: blockLength', lengths.blockLength, 1);
  return (iteration, from = null) => {
    const split = splitInterleave(from, lengths);
    const marked = MarkedSource.open('interleave', source, iteration, split.source, 1);
    return new InterleaveStage(marked, inner, lengths, iteration, split);
  };
}

/** Returns the position of a slot: `[number, inner]`, or `[number, inner, seeds]`. */
function closedSlot<T>({ stage, number, operator, seeds }: Slot<T>, oldest: number): Position {
  const random = seedsOf(operator, seeds);
  const position = [number - oldest, stage.position()];
  return random.length > 0 ? [...position, random] : position;
}

function otherInner(what: string): RecordpipeError {
  return new RecordpipeError(
    'not-resumable',
    `the inner datasets of interleave differ from those of the state: ${what}; restart the epoch`,
  );
}

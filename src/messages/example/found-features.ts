import { WireFault } from '../../bytes/wire/wire-reader.ts';
import { type ErrorPlace, RecordpipeError } from '../../errors.ts';
import { FeatureWalk, KIND_NAMES, NONE } from './feature-walk.ts';
import { ListReader } from './list-reader.ts';
import { SlotFinder } from './slot-finder.ts';

const NOTHING = new Uint8Array(0);

/**
 * Where the wanted features of some records lie: found in one walk over each record, read afterwards column by column. Of features that nobody wants, name
 * and length are looked at and nothing else.
 */
export class FoundFeatures {
  readonly lists: ListReader = new ListReader();
  records = 0;
  readonly #names: readonly string[];
  readonly #finder: SlotFinder;
  readonly #walk = new FeatureWalk();
  /** By record and slot: kind, and where its list lies. */
  #kinds = new Uint8Array(0);
  #starts = new Uint32Array(0);
  #ends = new Uint32Array(0);
  /** In these bytes of each record, but for a few that had to be joined. */
  #bytes: Uint8Array[] = [];
  #recordStarts: number[] = [];
  #joined: Map<number, Uint8Array> | undefined;
  #placeOf: (record: number) => ErrorPlace = () => ({});

  constructor(names: readonly string[], strict: false | 'tf') {
    this.#names = names;
    this.#finder = new SlotFinder(names);
    this.#walk.tf = this.lists.tf = strict === 'tf';
  }

  /** Begins with at most so many records; `placeOf` says where each is from. */
  begin(most: number, placeOf: (record: number) => ErrorPlace): void {
    const slots = most * this.#names.length;
    if (this.#kinds.length < slots) {
      this.#kinds = new Uint8Array(slots);
      this.#starts = new Uint32Array(slots);
      this.#ends = new Uint32Array(slots);
    } else {
      this.#kinds.fill(NONE, 0, slots);
    }
    this.records = 0;
    this.#joined = undefined;
    this.#placeOf = placeOf;
  }

  /** Lets go of the records. */
  close(): void {
    this.#bytes.length = 0;
    this.#joined = undefined;
    this.#walk.close();
    this.lists.close();
  }

  /** Finds the features of the record at [start, end) of `bytes`. */
  add(bytes: Uint8Array, start: number, end: number): void {
    const record = this.records++;
    const walk = this.#walk;
    const finder = this.#finder;
    const first = record * this.#names.length;
    this.#bytes[record] = bytes;
    this.#recordStarts[record] = start;
    let slot = -1;
    try {
      walk.open(bytes, start, end);
      finder.begin();
      while (walk.nextName()) {
        slot = finder.find(bytes, walk.nameStart, walk.nameEnd);
        if (slot < 0) continue;
        walk.readFeature();
        const at = first + slot;
        this.#kinds[at] = walk.kind;
        this.#starts[at] = walk.start;
        this.#ends[at] = walk.end;
        if (walk.body !== bytes) {
          this.#joined ??= new Map();
          this.#joined.set(at, walk.body);
        } else if (this.#joined !== undefined) this.#joined.delete(at);
        slot = -1;
      }
    } catch (error) {
      if (!(error instanceof WireFault)) throw error;
      const at = slot < 0 || walk.body === bytes ? error.at : walk.entryStart;
      throw this.#malformed(
        record,
        slot,
        `${error.message} (at byte ${at - start} of the ${end - start} of the record)`,
      );
    }
  }

  /** Takes the feature that a walk through a list is at as the only one of another record, which is the list's next step. */
  addFeature(record: Uint8Array, { kind, body, start, end }: FeatureWalk): void {
    const step = this.records++;
    if (step === this.#kinds.length) this.#grow(2 * step + 16);
    this.#bytes[step] = record;
    this.#recordStarts[step] = 0;
    this.#kinds[step] = kind;
    this.#starts[step] = start;
    this.#ends[step] = end;
    if (body !== record) {
      this.#joined ??= new Map();
      this.#joined.set(step, body);
    }
  }

  #grow(slots: number): void {
    const [kinds, starts, ends] = [this.#kinds, this.#starts, this.#ends];
    this.#kinds = new Uint8Array(slots);
    this.#starts = new Uint32Array(slots);
    this.#ends = new Uint32Array(slots);
    this.#kinds.set(kinds);
    this.#starts.set(starts);
    this.#ends.set(ends);
  }

  /** Kind of a feature: 0 where the record does not have it. */
  kind(record: number, slot: number): number {
    return this.#kinds[record * this.#names.length + slot];
  }

  /** Bytes that the list takes. */
  length(record: number, slot: number): number {
    const at = record * this.#names.length + slot;
    return this.#kinds[at] === NONE ? 0 : this.#ends[at] - this.#starts[at];
  }

  /** Opens the list of a feature: true if the record has it, and it is of the wanted kind or there is an error. */
  open(record: number, slot: number, wanted: number): boolean {
    const at = record * this.#names.length + slot;
    const kind = this.#kinds[at];
    if (kind === NONE) return false;
    if (kind !== wanted)
      throw this.mismatch(
        record,
        slot,
        `wanted values of kind ${KIND_NAMES[wanted]}, found ${KIND_NAMES[kind]}`,
      );
    const joined = this.#joined?.get(at);
    this.lists.open(joined ?? this.#bytes[record], this.#starts[at], this.#ends[at]);
    return true;
  }

  /** An error of a record that is well-formed, but not what is wanted. */
  mismatch(record: number, slot: number, what: string): RecordpipeError {
    return new RecordpipeError('schema-mismatch', this.#sentence(slot, what), this.#placeOf(record));
  }

  /** An error that reading a list gave, explained. */
  explained(error: unknown, record: number, slot: number): unknown {
    if (!(error instanceof WireFault)) return error;
    const { bytes } = this.lists;
    const where =
      bytes === this.#bytes[record]
        ? ` (at byte ${error.at - this.#recordStarts[record]} of the record)`
        : '';
    return this.#malformed(record, slot, error.message + where);
  }

  #malformed(record: number, slot: number, what: string): RecordpipeError {
    return new RecordpipeError('malformed-example', this.#sentence(slot, what), this.#placeOf(record));
  }

  #sentence(slot: number, what: string): string {
    return slot < 0 ? `example: ${what}` : `example: feature ${JSON.stringify(this.#names[slot])}: ${what}`;
  }
}

/** No bytes: what fills up columns of bytes. */
export const NO_BYTES: Uint8Array = NOTHING;

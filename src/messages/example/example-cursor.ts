import { WireFault } from '../../bytes/wire/wire-reader.ts';
import { type ErrorPlace, RecordpipeError, UsageError } from '../../errors.ts';
import { FeatureListWalk } from './compile-sequence-features.ts';
import { type DecodeExampleOptions, decodeOptions } from './decode-example.ts';
import type { Feature, FeatureKind, Int64Mode } from './feature.ts';
import { BYTES, FLOAT, INT64, KIND_NAMES, NONE } from './feature-walk.ts';
import { ListReader } from './list-reader.ts';
import { type Name, NameTable } from './name-table.ts';
import { TooLargeForNumber, ValueMaker } from './value-maker.ts';

const UNSET: Feature = Object.freeze({ kind: 'none', value: Object.freeze([]) }) as Feature;
const NOTHING = new Uint8Array(0);
const NO_NAME: Name = { text: '', bytes: NOTHING, follower: undefined, chain: undefined, seenIn: 0 };

/**
 * Goes through the features of one record after another without making anything: for statistics, schemas, checks. `next()` gives the features of
 * an Example, and the context of a SequenceExample; then `nextList()` and `nextStep()` its feature lists. What the fields say holds until the next
 * of these calls. Names are known by their bytes: the same name is the same string, made once.
 *
 * A feature that comes twice in a record is met twice, and `repeats` the second time: the last counts. Values are read when they are asked for:
 * a list that is damaged inside is an error only then (`count` finds all damage but varints of more than ten bytes).
 *
 * @example
 * ```ts
 * import { encodeExample, ExampleCursor } from 'recordpipe/messages';
 * const record = encodeExample({ ids: { kind: 'int64', value: [7, 8] }, name: { kind: 'bytes', value: ['Ada'] } });
 * const cursor = new ExampleCursor();
 * const seen: string[] = [];
 * for (cursor.open(record); cursor.next(); ) seen.push(`${cursor.name}: ${cursor.count} ${cursor.kind}`);
 * console.log(seen.join(', ')); // ids: 2 int64, name: 1 bytes
 * ```
 */
export class ExampleCursor {
  readonly #walk = new FeatureListWalk();
  readonly #lists = new ListReader();
  readonly #names = new NameTable();
  readonly #listNames = new NameTable();
  readonly #maker = new ValueMaker(this.#lists);
  #name: Name = NO_NAME;
  #record: Uint8Array = NOTHING;
  #repeats = false;
  #place: ErrorPlace = {};
  #int64: Int64Mode = 'bigint';
  #target: Float32Array | BigInt64Array | undefined;
  #words: Int32Array = new Int32Array(0);

  /** Begins with a record, from its first feature on. */
  open(record: Uint8Array, options?: Partial<DecodeExampleOptions>): void {
    if (!(record instanceof Uint8Array))
      throw new UsageError(`record: expected bytes (Uint8Array), got ${typeof record}`);
    const { int64, strict, place } = decodeOptions(options);
    this.#int64 = int64;
    this.#place = place;
    this.#walk.tf = this.#lists.tf = strict === 'tf';
    this.#walk.open(record);
    this.#record = record;
    this.#names.begin();
    this.#listNames.begin();
    this.#name = NO_NAME;
  }

  /** Lets go of the record, which is otherwise held until the next one. */
  close(): void {
    this.#record = NOTHING;
    this.#walk.close();
    this.#lists.close();
  }

  /** Moves to the next feature of the Example or context; false at the end. @throws RecordpipeError `malformed-example` */
  next(): boolean {
    try {
      if (!this.#walk.next()) return false;
      this.#named(this.#names);
      return true;
    } catch (error) {
      throw this.#explained(error);
    }
  }

  /** Moves to the next feature list of a SequenceExample; false at the end. @throws RecordpipeError `malformed-example` */
  nextList(): boolean {
    try {
      if (!this.#walk.nextList()) return false;
      this.#named(this.#listNames);
      return true;
    } catch (error) {
      throw this.#explained(error);
    }
  }

  /** Moves to the feature of the next step of the list; false at its end. @throws RecordpipeError `malformed-example` */
  nextStep(): boolean {
    try {
      return this.#walk.nextStep();
    } catch (error) {
      throw this.#explained(error);
    }
  }

  #named(names: NameTable): void {
    const { nameStart, nameEnd } = this.#walk;
    const bytes = this.#record;
    const name = names.find(bytes, nameStart, nameEnd);
    this.#repeats = name.seenIn === names.record;
    name.seenIn = names.record;
    this.#name = name;
  }

  /** Name of the feature, or of the feature list. */
  get name(): string {
    return this.#name.text;
  }

  /** Whether the name has been met in this record before. */
  get repeats(): boolean {
    return this.#repeats;
  }

  /** What the feature holds; `none` where not even that is set. */
  get kind(): FeatureKind | 'none' {
    return KIND_NAMES[this.#walk.kind];
  }

  /** How many values it holds. @throws RecordpipeError `malformed-example` for a list that is damaged */
  get count(): number {
    const lists = this.#opened();
    try {
      switch (this.#walk.kind) {
        case BYTES:
          return lists.countBytes();
        case FLOAT:
          return lists.countFloats();
        case INT64:
          return lists.countInt64s();
        default:
          return 0;
      }
    } catch (error) {
      throw this.#explained(error);
    }
  }

  /** Bytes that the list takes in the record: tags and lengths inside it included. */
  get byteLength(): number {
    return this.#walk.end - this.#walk.start;
  }

  /** What the ranges of `bytesInto` are ranges of: nearly always the record. */
  get bytes(): Uint8Array {
    return this.#walk.body;
  }

  /**
   * Start and length in `bytes` of each value of a feature of kind `bytes` into `ranges`, from index `to` on; gives the index behind the last. An
   * array has room for twice `count` numbers.
   *
   * @throws UsageError for a feature of another kind
   * @throws UsageError when `ranges` is too short
   * @throws RecordpipeError `malformed-example`
   */
  bytesInto(ranges: Uint32Array | number[], to = 0): number {
    const lists = this.#opened(BYTES);
    try {
      const end = lists.bytesInto(ranges, to);
      if (ArrayBuffer.isView(ranges)) checkRoom('bytesInto', ranges.length, end);
      return end;
    } catch (error) {
      throw this.#explained(error);
    }
  }

  /**
   * The values of a feature of kind `float` into `target`, which has room for `count` of them, from index `to` on; gives the index behind the last.
   *
   * @throws UsageError for a feature of another kind
   * @throws UsageError when `target` is too short
   * @throws RecordpipeError `malformed-example`
   */
  floatsInto(target: Float32Array, to = 0): number {
    const lists = this.#opened(FLOAT);
    try {
      const end = lists.floatsInto(this.#wordsOf(target), to);
      checkRoom('floatsInto', target.length, end);
      return end;
    } catch (error) {
      throw this.#explained(error);
    }
  }

  /**
   * The values of a feature of kind `int64` into `target`, which has room for `count` of them, from index `to` on; gives the index behind the last.
   *
   * @throws UsageError for a feature of another kind
   * @throws UsageError when `target` is too short
   * @throws RecordpipeError `malformed-example`
   */
  int64sInto(target: BigInt64Array, to = 0): number {
    const lists = this.#opened(INT64);
    try {
      const end = lists.int64sInto(this.#wordsOf(target), 2 * to) / 2;
      checkRoom('int64sInto', target.length, end);
      return end;
    } catch (error) {
      throw this.#explained(error);
    }
  }

  /** The feature as `decodeExample` gives it. @throws RecordpipeError `malformed-example` */
  feature(): Feature {
    const lists = this.#opened();
    try {
      switch (this.#walk.kind) {
        case BYTES:
          return { kind: 'bytes', value: lists.views() };
        case FLOAT:
          return { kind: 'float', value: this.#maker.floats() };
        case INT64:
          return { kind: 'int64', value: this.#maker.int64s(this.#int64) };
        default:
          return UNSET;
      }
    } catch (error) {
      throw this.#explained(error);
    }
  }

  #opened(wanted = NONE): ListReader {
    const { body, start, end, kind } = this.#walk;
    if (wanted !== NONE && kind !== wanted) {
      throw new UsageError(
        `${JSON.stringify(this.name)}: expected a feature of kind ${KIND_NAMES[wanted]}, it is of kind ${KIND_NAMES[kind]}`,
      );
    }
    try {
      this.#lists.open(body, start, end);
    } catch (error) {
      throw this.#explained(error);
    }
    return this.#lists;
  }

  #wordsOf(target: Float32Array | BigInt64Array): Int32Array {
    if (target !== this.#target) {
      this.#target = target;
      this.#words = new Int32Array(target.buffer, target.byteOffset, target.byteLength / 4);
    }
    return this.#words;
  }

  #explained(error: unknown): unknown {
    const { body, nameStart, nameEnd, entryStart } = this.#walk;
    if (error instanceof TooLargeForNumber) {
      return this.#malformed(
        `wanted integers of at most 2^53 - 1 as numbers, found that ${error.message}; int64: 'bigint' or 'auto' takes it`,
        entryStart,
      );
    }
    if (error instanceof WireFault)
      return this.#malformed(error.message, body === this.#record ? error.at : entryStart);
    // From `set`, which copies floats in one piece.
    if (error instanceof RangeError)
      return new UsageError('the target has too little room for the values of the feature', { cause: error });
    // Of TextDecoder.
    if (error instanceof TypeError && nameEnd > nameStart)
      return this.#malformed('wanted a name in UTF-8, found other bytes', nameStart);
    return error;
  }

  #malformed(what: string, at: number): RecordpipeError {
    const { nameStart, nameEnd } = this.#walk;
    const bytes = this.#record;
    const name =
      nameEnd > nameStart
        ? ` feature ${JSON.stringify(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.slice(nameStart, nameEnd)))}:`
        : '';
    return new RecordpipeError(
      'malformed-example',
      `example:${name} ${what} (at byte ${at} of the ${bytes.length} of the record)`,
      this.#place,
    );
  }
}

/** Typed arrays ignore writes beyond their end: without this check values would be lost silently. */
function checkRoom(caller: string, room: number, end: number): void {
  if (end > room)
    throw new UsageError(`${caller}: the target has room for ${room} numbers, the values end at ${end}`);
}

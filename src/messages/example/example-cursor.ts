import { type ErrorPlace, UsageError } from '../../errors.ts';
import { checkRecord, type DecodeExampleOptions, decodeOptions, explained } from './decode-options.ts';
import type { Feature, FeatureKind, Int64Mode } from './feature.ts';
import { FeatureCursor } from './feature-cursor.ts';
import { countValues, FeatureBuilder, floatsInto, int64sInto } from './feature-values.ts';
import { BYTES, FLOAT, INT64, KIND_NAMES } from './list-cursor.ts';
import { NameTable } from './name-table.ts';

/** A name, and the last record that contained it. */
interface MetName {
  readonly text: string;
  lastRecord: number;
}

/** The array that the caller passed most recently, as words and as bytes. */
interface TargetMemory {
  readonly target: Float32Array | BigInt64Array;
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
}

const NO_NAME: MetName = { text: '', lastRecord: 0 };

/**
 * Reads the features of one record after another without creating objects, for statistics, schemas
 * and checks. `next()` moves through the features of an Example, or of the context of a
 * SequenceExample; then `nextList()` and `nextStep()` move through its feature lists. The
 * properties are valid until the next call to one of these methods. Each name is a string that is
 * created only once.
 *
 * If a record contains a feature twice, the cursor visits it twice, and `repeats` is true the
 * second time; the last one is used. Values are read only on request, so damage inside a list is
 * reported only then (`count` finds all damage except varints of more than ten bytes).
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
  readonly #cursor = new FeatureCursor();
  readonly #names = new NameTable<MetName>(metName);
  readonly #listNames = new NameTable<MetName>(metName);
  readonly #builder = new FeatureBuilder();
  #name: MetName = NO_NAME;
  #record = 0;
  #repeats = false;
  #place: ErrorPlace = {};
  #int64: Int64Mode = 'bigint';
  #memory: TargetMemory | undefined;

  /** Starts reading a record. */
  open(record: Uint8Array, options?: Partial<DecodeExampleOptions>): void {
    checkRecord(record);
    const { int64, strict, place } = decodeOptions('ExampleCursor.open', options);
    this.#int64 = int64;
    this.#place = place;
    this.#cursor.strict = strict;
    this.#cursor.open(record);
    this.#record++;
    this.#names.begin();
    this.#listNames.begin();
    this.#name = NO_NAME;
  }

  /** Releases the record, which is otherwise kept until the next one is opened. */
  close(): void {
    this.#cursor.close();
  }

  /**
   * Moves to the next feature of the Example or context. Returns false at the end.
   *
   * @throws RecordpipeError `malformed-example`
   */
  next(): boolean {
    return this.#cursor.next() ? this.#meet(this.#names) : this.#end();
  }

  /**
   * Moves to the next feature list of a SequenceExample. Returns false at the end.
   *
   * @throws RecordpipeError `malformed-example`
   */
  nextList(): boolean {
    return this.#cursor.nextList() ? this.#meet(this.#listNames) : this.#end();
  }

  /**
   * Moves to the feature of the next step of the list. Returns false at the end of the list.
   *
   * @throws RecordpipeError `malformed-example`
   */
  nextStep(): boolean {
    return this.#cursor.nextStep() || this.#end();
  }

  /** Name of the feature or the feature list. */
  get name(): string {
    return this.#name.text;
  }

  /** Whether the name occurred earlier in this record. */
  get repeats(): boolean {
    return this.#repeats;
  }

  /** Kind of the feature; `none` for a feature without a list. */
  get kind(): FeatureKind | 'none' {
    return KIND_NAMES[this.#cursor.kind];
  }

  /** Number of values. @throws RecordpipeError `malformed-example` for a damaged list */
  get count(): number {
    return this.#checked(countValues, undefined, 0);
  }

  /** Size of the list in the record in bytes, including the tags and lengths inside it. */
  get byteLength(): number {
    return this.#cursor.listEnd - this.#cursor.listStart;
  }

  /** The bytes that the ranges of `bytesInto` refer to: nearly always the record. */
  get bytes(): Uint8Array {
    return this.#cursor.list;
  }

  /**
   * Writes the start and length, in `bytes`, of each value of a feature of kind `bytes` to
   * `ranges`, starting at index `to`. Returns the index after the last one. A typed array needs
   * room for twice `count` numbers.
   *
   * @throws UsageError for a feature of a different kind
   * @throws UsageError when `ranges` is too short
   * @throws RecordpipeError `malformed-example`
   */
  bytesInto(ranges: Uint32Array | number[], to = 0): number {
    this.#expect(BYTES);
    const end = this.#checked(rangesInto, ranges, to);
    if (ArrayBuffer.isView(ranges)) checkRoom('bytesInto', ranges.length, end);
    return end;
  }

  /**
   * Writes the values of a feature of kind `float` to `target`, starting at index `to`. Returns the
   * index after the last one. The array needs room for `count` values.
   *
   * @throws UsageError for a feature of a different kind
   * @throws UsageError when `target` is too short
   * @throws RecordpipeError `malformed-example`
   */
  floatsInto(target: Float32Array, to = 0): number {
    this.#expect(FLOAT);
    const end = this.#checked(floatsInto, this.#memoryOf(target), to);
    checkRoom('floatsInto', target.length, end);
    return end;
  }

  /**
   * Writes the values of a feature of kind `int64` to `target`, starting at index `to`. Returns the
   * index after the last one. The array needs room for `count` values.
   *
   * @throws UsageError for a feature of a different kind
   * @throws UsageError when `target` is too short
   * @throws RecordpipeError `malformed-example`
   */
  int64sInto(target: BigInt64Array, to = 0): number {
    this.#expect(INT64);
    const end = this.#checked(int64sInto, this.#memoryOf(target).words, 2 * to) / 2;
    checkRoom('int64sInto', target.length, end);
    return end;
  }

  /** Returns the feature as `decodeExample` does. @throws RecordpipeError `malformed-example` */
  feature(): Feature {
    try {
      return this.#builder.feature(this.#cursor, this.#int64);
    } catch (error) {
      throw explained(error, this.#cursor, this.#place);
    }
  }

  #meet(names: NameTable<MetName>): true {
    const { record, nameStart, nameEnd } = this.#cursor;
    try {
      const name = names.find(record, nameStart, nameEnd);
      this.#repeats = name.lastRecord === this.#record;
      name.lastRecord = this.#record;
      this.#name = name;
      return true;
    } catch (error) {
      throw explained(error, this.#cursor, this.#place);
    }
  }

  #end(): false {
    return this.#checked(nothing, undefined, false);
  }

  #checked<A, B, T>(read: (cursor: FeatureCursor, a: A, b: B) => T, a: A, b: B): T {
    try {
      const result = read(this.#cursor, a, b);
      this.#cursor.check();
      return result;
    } catch (error) {
      throw explained(error, this.#cursor, this.#place);
    }
  }

  #expect(kind: number): void {
    if (this.#cursor.kind !== kind)
      throw new UsageError(
        `${JSON.stringify(this.name)}: expected a feature of kind ${KIND_NAMES[kind]}, got kind ${this.kind}`,
      );
  }

  #memoryOf(target: Float32Array | BigInt64Array): TargetMemory {
    if (this.#memory?.target !== target) {
      const { buffer, byteOffset, byteLength } = target;
      this.#memory = {
        target,
        words: new Int32Array(buffer, byteOffset, byteLength / 4),
        bytes: new Uint8Array(buffer, byteOffset, byteLength),
      };
    }
    return this.#memory;
  }
}

function nothing(): false {
  return false;
}

function rangesInto(cursor: FeatureCursor, ranges: Uint32Array | number[], to: number): number {
  for (cursor.openRuns(); cursor.hasRun; cursor.nextRun()) {
    ranges[to++] = cursor.runStart;
    ranges[to++] = cursor.runEnd - cursor.runStart;
  }
  return to;
}

function metName(text: string): MetName {
  return { text, lastRecord: 0 };
}

/**
 * Throws if the values do not fit in the target. Typed arrays ignore writes past their end, so
 * values would otherwise be lost silently.
 */
function checkRoom(caller: string, room: number, end: number): void {
  if (end > room)
    throw new UsageError(`${caller}: the target has room for ${room} numbers, but the values end at ${end}`);
}

import { MAX_MESSAGE_BYTES, putHead, sizeOfField, sizeOfLength } from '../../bytes/wire/lengths.ts';
import type { BytesVector, ColumnBatch, ColumnVector, ListVector } from './column-batch.ts';
import { copyBytes, type ListError, roomFor, tooLarge, type ValueEncoder } from './encode-values.ts';
import { ListRanges } from './list-ranges.ts';

/** Size of a part that a row does not have. */
export const ABSENT = -1;

/** A part of the record of each row, built from one or more columns. */
export interface RowPart {
  /** Size of the part in each measured row, or {@link ABSENT}. */
  readonly sizes: Int32Array;
  /** Starts a batch. */
  bind(batch: ColumnBatch): void;
  /** Measures the rows [first, first + count). */
  measure(first: number, count: number): void;
  /** Writes the first `count` measured rows, row `i` at `at[i]`, and advances the positions. */
  write(bytes: Uint8Array, at: Int32Array, count: number): void;
}

/** Returns the error for a row of the batch. */
export type RowError = ListError;

/** One repeated field, from one column. */
export class FieldPart implements RowPart {
  sizes: Int32Array = new Int32Array(0);
  /** Whether each measured row has the field. */
  readonly ranges: ListRanges = new ListRanges();
  readonly #column: number;
  readonly #values: ValueEncoder;
  readonly error: RowError;
  vector!: ColumnVector;
  #first = 0;

  constructor(column: number, values: ValueEncoder, error: RowError) {
    this.#column = column;
    this.#values = values;
    this.error = error;
  }

  bind({ columns }: ColumnBatch): void {
    this.vector = columns[this.#column];
    this.#values.bind(itemsOf(this.vector));
  }

  measure(first: number, count: number): void {
    this.#first = first;
    this.ranges.setRows(this.vector, first, count);
    if (this.vector.type === 'list') checkItems(this.vector.items, this.ranges, this.#atRow);
    this.#values.measure(this.ranges, this.#atRow);
    this.sizes = this.#values.sizes;
  }

  write(bytes: Uint8Array, at: Int32Array, count: number): void {
    this.#values.write(this.ranges, bytes, at, count);
  }

  readonly #atRow: ListError = (code, i, problem) => this.error(code, this.#first + i, problem);
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** One field of text, which is UTF-8. Its column has at most one text per row. */
export class TextPart extends FieldPart {
  override measure(first: number, count: number): void {
    super.measure(first, count);
    const { offsets, data } = this.vector as BytesVector;
    const { has } = this.ranges;
    for (let i = 0; i < count; i++) {
      if (has[i] === 0) continue;
      try {
        decoder.decode(data.subarray(offsets[first + i], offsets[first + i + 1]));
      } catch {
        throw this.error('unrepresentable', first + i, 'expected UTF-8 text, got invalid UTF-8');
      }
    }
  }
}

/**
 * A Feature of an Example or a Value of a Record: a message in a field for its kind. A row has it if
 * its first field is not null.
 */
export class KindPart implements RowPart {
  sizes: Int32Array = new Int32Array(0);
  #bodies: Int32Array = new Int32Array(0);
  readonly #tag: number;
  readonly #fields: readonly FieldPart[];
  readonly #error: RowError;

  constructor(tag: number, fields: readonly FieldPart[], error: RowError) {
    this.#tag = tag;
    this.#fields = fields;
    this.#error = error;
  }

  bind(batch: ColumnBatch): void {
    for (const field of this.#fields) field.bind(batch);
  }

  measure(first: number, count: number): void {
    this.sizes = roomFor(this.sizes, count);
    const { sizes } = this;
    this.#bodies = roomFor(this.#bodies, count);
    const bodies = this.#bodies;
    bodies.fill(0, 0, count);
    const error: ListError = (code, i, problem) => this.#error(code, first + i, problem);
    for (const field of this.#fields) {
      field.measure(first, count);
      addSizes(bodies, field.sizes, count, error);
    }
    const { has } = this.#fields[0].ranges;
    for (let i = 0; i < count; i++) {
      if (has[i] === 1) sizes[i] = checked(sizeOfField(bodies[i]), i, error);
      else if (bodies[i] === 0) sizes[i] = ABSENT;
      else throw error('unrepresentable', i, 'expected no keys, shape or content type without values');
    }
  }

  write(bytes: Uint8Array, at: Int32Array, count: number): void {
    const { sizes } = this;
    const bodies = this.#bodies;
    for (let i = 0; i < count; i++)
      if (sizes[i] !== ABSENT) at[i] = putHead(bytes, at[i], this.#tag, bodies[i]);
    for (const field of this.#fields) field.write(bytes, at, count);
  }
}

const STEP = 0x0a;

/** A FeatureList of a SequenceExample: one Feature per step. A step that is null has no kind. */
export class StepsPart implements RowPart {
  sizes: Int32Array = new Int32Array(0);
  readonly #column: number;
  readonly #tag: number;
  readonly #values: ValueEncoder;
  readonly #error: RowError;
  readonly #rows = new ListRanges();
  readonly #steps = new ListRanges();
  #positions: Int32Array = new Int32Array(0);
  #vector!: ListVector;

  /** @param tag tag of the kind */
  constructor(column: number, tag: number, values: ValueEncoder, error: RowError) {
    this.#column = column;
    this.#tag = tag;
    this.#values = values;
    this.#error = error;
  }

  bind({ columns }: ColumnBatch): void {
    this.#vector = columns[this.#column] as ListVector;
    this.#values.bind(itemsOf(this.#vector.items));
  }

  measure(first: number, count: number): void {
    const rows = this.#rows;
    const steps = this.#steps;
    rows.setRows(this.#vector, first, count);
    steps.setSteps(this.#vector, rows);
    const atStep: ListError = (code, step, problem) =>
      this.#error(code, first + rowOfStep(rows, step), problem);
    checkItems((this.#vector.items as ListVector).items, steps, atStep);
    this.#values.measure(steps, atStep);
    this.sizes = roomFor(this.sizes, count);
    const { sizes } = this;
    const atRow: ListError = (code, i, problem) => this.#error(code, first + i, problem);
    let step = 0;
    for (let i = 0; i < count; i++) {
      let size = 0;
      for (const end = step + rows.to[i] - rows.from[i]; step < end; step++)
        size += sizeOfField(this.#featureSize(step));
      sizes[i] = rows.has[i] === 1 ? checked(size, i, atRow) : ABSENT;
    }
  }

  write(bytes: Uint8Array, at: Int32Array, count: number): void {
    const rows = this.#rows;
    const { has } = this.#steps;
    this.#positions = roomFor(this.#positions, this.#steps.count);
    const positions = this.#positions;
    let step = 0;
    for (let i = 0; i < count; i++) {
      let next = at[i];
      for (const end = step + rows.to[i] - rows.from[i]; step < end; step++) {
        next = putHead(bytes, next, STEP, this.#featureSize(step));
        if (has[step] === 1) next = putHead(bytes, next, this.#tag, this.#values.sizes[step]);
        positions[step] = next;
        next += this.#values.sizes[step];
      }
      at[i] = next;
    }
    this.#values.write(this.#steps, bytes, positions, step);
  }

  #featureSize(step: number): number {
    return this.#steps.has[step] === 1 ? sizeOfField(this.#values.sizes[step]) : 0;
  }
}

const ENTRY_NAME = 0x0a;
const ENTRY_VALUE = 0x12;

/** An entry of a map: a name and a value. */
export class EntryPart implements RowPart {
  sizes: Int32Array = new Int32Array(0);
  /** Name of the entry in UTF-8. */
  readonly name: Uint8Array;
  readonly value: RowPart;
  readonly #tag: number;
  readonly #error: RowError;
  /** The name as a field, and the tag of the value. */
  readonly #head: Uint8Array;

  constructor(tag: number, name: Uint8Array, value: RowPart, error: RowError) {
    this.name = name;
    this.value = value;
    this.#tag = tag;
    this.#error = error;
    this.#head = entryHead(name);
  }

  bind(batch: ColumnBatch): void {
    this.value.bind(batch);
  }

  measure(first: number, count: number): void {
    this.value.measure(first, count);
    const { sizes: values } = this.value;
    this.sizes = roomFor(this.sizes, count);
    const { sizes } = this;
    const before = this.#head.length;
    const error: ListError = (code, i, problem) => this.#error(code, first + i, problem);
    for (let i = 0; i < count; i++) {
      const value = values[i];
      sizes[i] =
        value === ABSENT ? ABSENT : checked(sizeOfField(before + sizeOfLength(value) + value), i, error);
    }
  }

  write(bytes: Uint8Array, at: Int32Array, count: number): void {
    const { sizes: values } = this.value;
    const head = this.#head;
    const before = head.length - 1;
    for (let i = 0; i < count; i++) {
      const value = values[i];
      if (value === ABSENT) continue;
      const next = putHead(bytes, at[i], this.#tag, before + 1 + sizeOfLength(value) + value);
      copyBytes(head, 0, before, bytes, next);
      at[i] = putHead(bytes, next + before, ENTRY_VALUE, value);
    }
    this.value.write(bytes, at, count);
  }
}

/** Returns the field of the name of an entry, and the tag of its value. */
export function entryHead(name: Uint8Array): Uint8Array {
  const head = new Uint8Array(sizeOfField(name.length) + 1);
  head.set(name, putHead(head, 0, ENTRY_NAME, name.length));
  head[head.length - 1] = ENTRY_VALUE;
  return head;
}

/** Adds the sizes of a part to those of the message that contains it. */
export function addSizes(totals: Int32Array, sizes: Int32Array, count: number, error: ListError): void {
  for (let i = 0; i < count; i++) if (sizes[i] > 0) totals[i] = checked(totals[i] + sizes[i], i, error);
}

/** Returns a size that protobuf can represent. @throws the error for a larger one */
export function checked(size: number, i: number, error: ListError): number {
  if (size > MAX_MESSAGE_BYTES) throw tooLarge(i, size, error);
  return size;
}

function itemsOf(vector: ColumnVector): ColumnVector {
  return vector.type === 'list' ? vector.items : vector;
}

/** Checks that no list has an item that is null, because no message can represent it. */
function checkItems({ validity }: ColumnVector, { count, from, to }: ListRanges, error: ListError): void {
  if (validity === undefined) return;
  for (let i = 0; i < count; i++)
    for (let item = from[i]; item < to[i]; item++)
      if (((validity[item >> 3] >> (item & 7)) & 1) === 0)
        throw error('unrepresentable', i, 'expected lists without nulls, got a list with a null');
}

function rowOfStep({ from, to }: ListRanges, step: number): number {
  let row = 0;
  for (let end = to[0] - from[0]; end <= step; end += to[row] - from[row]) row++;
  return row;
}

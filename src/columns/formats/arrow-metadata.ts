import { ARROW_TYPE } from './arrow-data.ts';

/** Facts about a message of an Arrow stream. */
export interface ArrowMessage {
  readonly kind: 'schema' | 'dictionary' | 'batch' | 'other';
  /** Number of bytes that follow the metadata. */
  readonly bodyBytes: number;
}

/** Maximum depth of nested fields. */
const MAX_DEPTH = 64;

/** Contents of a slot of a table: a nested table, a vector of tables, or a vector of values of a size. */
type Slot = { readonly table: Shape } | { readonly tables: Shape } | { readonly items: number };
/** Slots of a table that refer to other places. All other slots contain values. */
type Shape = ReadonlyMap<number, Slot>;

// https://github.com/apache/arrow/blob/main/format/Schema.fbs and Message.fbs
const KEY_VALUE: Shape = new Map([
  [0, { items: 1 }],
  [1, { items: 1 }],
]);
const FIELD = new Map<number, Slot>([
  [0, { items: 1 }],
  [3, { table: new Map() }],
  [4, { table: new Map([[1, { table: new Map() }]]) }],
  [6, { tables: KEY_VALUE }],
]);
FIELD.set(5, { tables: FIELD });
const SCHEMA: Shape = new Map([
  [1, { tables: FIELD }],
  [2, { tables: KEY_VALUE }],
]);
const BATCH: Shape = new Map<number, Slot>([
  [1, { items: 16 }],
  [2, { items: 16 }],
  [3, { table: new Map() }],
  [4, { items: 8 }],
]);
const DICTIONARY: Shape = new Map([[1, { table: BATCH }]]);

const HEADERS: readonly (readonly [ArrowMessage['kind'], Shape])[] = [
  ['other', new Map()],
  ['schema', SCHEMA],
  ['dictionary', DICTIONARY],
  ['batch', BATCH],
];

/**
 * Checks the metadata of a message. The apache-arrow package trusts lengths in the metadata, so that
 * a corrupt length makes it read the wrong bytes, or loop for minutes.
 *
 * @returns a sentence that says what is corrupt, if something is
 */
export function readArrowMessage(metadata: Uint8Array): ArrowMessage | string {
  try {
    return new MessageCheck(metadata).message();
  } catch (error) {
    if (error instanceof CorruptMetadata) return error.message;
    throw error;
  }
}

/**
 * Returns the names of the fields of a schema message that are durations or contain some.
 *
 * @returns an empty set if the message is not a schema, or is corrupt
 */
export function durationFields(metadata: Uint8Array): ReadonlySet<string> {
  const message = readArrowMessage(metadata);
  const isSchema = typeof message === 'object' && message.kind === 'schema';
  return new Set(isSchema ? new MessageCheck(metadata).durations() : []);
}

class CorruptMetadata extends Error {}

class MessageCheck {
  readonly #view: DataView;
  /** Number of tables that a message of this size can have. */
  #tables: number;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#tables = Math.ceil(bytes.byteLength / 4);
  }

  message(): ArrowMessage {
    const root = this.#offsetAt(0);
    this.#table(root, new Map([[4, { tables: KEY_VALUE }]]), 0);
    const [kind, shape] = HEADERS[this.#number(root, 1, 1)] ?? HEADERS[0];
    const bodyBytes = this.#number(root, 3, 8);
    const header = this.#slot(root, 2);
    if (header === 0) throw new CorruptMetadata('the message has no header');
    const table = this.#offsetAt(header);
    this.#table(table, shape, 0);
    if (kind === 'schema' && this.#number(table, 0, 2) !== 0)
      throw new CorruptMetadata('the values are big-endian, which is not supported');
    if (kind === 'batch') this.#batch(table, bodyBytes);
    if (kind === 'dictionary') {
      const data = this.#slot(table, 1);
      if (data === 0) throw new CorruptMetadata('the dictionary has no data');
      this.#batch(this.#offsetAt(data), bodyBytes);
    }
    return { kind, bodyBytes };
  }

  /** Returns the names of the fields of a checked schema that contain durations. */
  durations(): string[] {
    const schema = this.#offsetAt(this.#slot(this.#offsetAt(0), 2));
    const names: string[] = [];
    for (const field of this.#tablesIn(schema, 1)) {
      const name = this.#slot(field, 0);
      if (this.#hasDuration(field)) names.push(name === 0 ? '' : this.#textAt(this.#offsetAt(name)));
    }
    return names;
  }

  #hasDuration(field: number): boolean {
    if (this.#number(field, 2, 1) === ARROW_TYPE.duration) return true;
    return this.#tablesIn(field, 5).some((child) => this.#hasDuration(child));
  }

  /** Returns the tables of a vector in a slot. */
  #tablesIn(table: number, slot: number): number[] {
    const at = this.#slot(table, slot);
    if (at === 0) return [];
    const vector = this.#offsetAt(at);
    return Array.from({ length: this.#uint32(vector) }, (_, i) => this.#offsetAt(vector + 4 + 4 * i));
  }

  #textAt(at: number): string {
    const { buffer, byteOffset } = this.#view;
    return new TextDecoder().decode(new Uint8Array(buffer, byteOffset + at + 4, this.#uint32(at)));
  }

  /** Checks that all buffers are inside of the body, and that no node has more nulls than values. */
  #batch(table: number, bodyBytes: number): void {
    const rows = this.#number(table, 0, 8);
    this.#eachPair(table, 1, (length, nulls) => {
      if (nulls > length) throw new CorruptMetadata(`a column has ${nulls} nulls in ${length} values`);
    });
    this.#eachPair(table, 2, (offset, length) => {
      if (offset + length > bodyBytes)
        throw new CorruptMetadata(`a buffer ends at ${offset + length}, but the body has ${bodyBytes} bytes`);
    });
    if (rows > 0x7fffffff) throw new CorruptMetadata(`the batch has ${rows} rows`);
  }

  #eachPair(table: number, slot: number, check: (first: number, second: number) => void): void {
    const at = this.#slot(table, slot);
    if (at === 0) return;
    const vector = this.#offsetAt(at);
    const count = this.#uint32(vector);
    for (let i = 0; i < count; i++)
      check(this.#uint64(vector + 4 + 16 * i), this.#uint64(vector + 12 + 16 * i));
  }

  /** Checks a table and everything that it refers to. */
  #table(at: number, shape: Shape, depth: number): void {
    if (depth > MAX_DEPTH) throw new CorruptMetadata('the fields are nested too deeply');
    if (--this.#tables < 0) throw new CorruptMetadata('the metadata refers to itself');
    const slots = at - this.#int32(at);
    const slotBytes = this.#uint16(slots);
    const tableBytes = this.#uint16(slots + 2);
    this.#inside(slots, slotBytes);
    this.#inside(at, tableBytes);
    for (let slot = 0; 4 + 2 * slot + 2 <= slotBytes; slot++) {
      const place = this.#uint16(slots + 4 + 2 * slot);
      if (place === 0) continue;
      const contents = shape.get(slot);
      if (place + (contents === undefined ? 1 : 4) > tableBytes)
        throw new CorruptMetadata('a field of the metadata is out of range');
      if (contents !== undefined) this.#contents(this.#offsetAt(at + place), contents, depth + 1);
    }
  }

  #contents(at: number, slot: Slot, depth: number): void {
    if ('table' in slot) {
      this.#table(at, slot.table, depth);
      return;
    }
    const count = this.#uint32(at);
    this.#inside(at + 4, count * ('items' in slot ? slot.items : 4));
    if ('tables' in slot)
      for (let i = 0; i < count; i++) this.#table(this.#offsetAt(at + 4 + 4 * i), slot.tables, depth);
  }

  /** Returns the position of the value in a slot of a table, or 0 if the slot is empty. */
  #slot(table: number, slot: number): number {
    const slots = table - this.#int32(table);
    if (4 + 2 * slot + 2 > this.#uint16(slots)) return 0;
    const place = this.#uint16(slots + 4 + 2 * slot);
    return place === 0 ? 0 : table + place;
  }

  #number(table: number, slot: number, size: 1 | 2 | 8): number {
    const at = this.#slot(table, slot);
    if (at === 0) return 0;
    if (size === 8) return this.#uint64(at);
    this.#inside(at, size);
    return size === 1 ? this.#view.getUint8(at) : this.#view.getUint16(at, true);
  }

  #offsetAt(at: number): number {
    return at + this.#uint32(at);
  }

  #uint16(at: number): number {
    this.#inside(at, 2);
    return this.#view.getUint16(at, true);
  }

  #int32(at: number): number {
    this.#inside(at, 4);
    return this.#view.getInt32(at, true);
  }

  #uint32(at: number): number {
    this.#inside(at, 4);
    return this.#view.getUint32(at, true);
  }

  #uint64(at: number): number {
    this.#inside(at, 8);
    const value = this.#view.getUint32(at + 4, true) * 2 ** 32 + this.#view.getUint32(at, true);
    if (value > Number.MAX_SAFE_INTEGER) throw new CorruptMetadata(`a length is ${value}`);
    return value;
  }

  #inside(at: number, size: number): void {
    if (at < 0 || at + size > this.#view.byteLength)
      throw new CorruptMetadata('a part of the metadata is out of range');
  }
}

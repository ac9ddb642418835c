import { WireFault, WireReader } from '../../bytes/wire/wire-reader.ts';
import { type ErrorPlace, RecordpipeError } from '../../errors.ts';
import { SlotFinder } from '../example/found-features.ts';
import { ENTRY, RECORD, VALUE } from '../sagemaker/record.ts';
import { fieldBody, TensorReader } from '../sagemaker/tensor-reader.ts';

/** Requested features, labels and texts of Records. */
export interface RequestedTensors {
  readonly features: readonly string[];
  readonly labels: readonly string[];
  /** Tags of fields. */
  readonly texts: readonly number[];
}

/** Kind of a text of the record itself. */
const TEXT = 1;
const KINDS: ReadonlySet<number> = new Set(Object.values(VALUE));
const KIND_NAMES = new Map<number, string>(Object.entries(VALUE).map(([name, tag]) => [tag, name]));

/**
 * Positions of the requested values of some Records. Each record is traversed once to find them,
 * and the values are read later, column by column. Slots are features, then labels, then texts.
 */
export class FoundTensors {
  /** Reads the value opened by `open`. */
  readonly tensor: TensorReader = new TensorReader();
  records = 0;
  readonly #names: readonly string[];
  readonly #features: SlotFinder;
  readonly #labels: SlotFinder;
  readonly #firstLabel: number;
  readonly #texts: readonly number[];
  readonly #exact: boolean;
  readonly #reader = new WireReader();
  readonly #bytes: Uint8Array[] = [];
  /** Kind of each value by record and slot; 0 for a missing one. */
  #kinds = new Uint8Array(0);
  #starts = new Uint32Array(0);
  #ends = new Uint32Array(0);
  /** Values that a record stores in several parts, joined as in protobuf. */
  readonly #joined = new Map<number, Uint8Array>();
  #placeOf: (record: number) => ErrorPlace = () => ({});

  /** @param exact whether content that is not requested is an error */
  constructor({ features, labels, texts }: RequestedTensors, exact: boolean) {
    const quoted = (group: string) => (name: string) => `${group} ${JSON.stringify(name)}`;
    this.#names = [
      ...features.map(quoted('feature')),
      ...labels.map(quoted('label')),
      ...texts.map(textName),
    ];
    this.#features = new SlotFinder(features);
    this.#labels = new SlotFinder(labels);
    this.#firstLabel = features.length;
    this.#texts = texts;
    this.#exact = exact;
  }

  /** Starts a batch of at most `maxRecords` records. */
  begin(maxRecords: number, placeOf: (record: number) => ErrorPlace): void {
    const count = maxRecords * this.#names.length;
    if (count > this.#kinds.length) {
      this.#kinds = new Uint8Array(count);
      this.#starts = new Uint32Array(count);
      this.#ends = new Uint32Array(count);
    } else this.#kinds.fill(0, 0, count);
    this.records = 0;
    this.#placeOf = placeOf;
  }

  /** Releases the records. */
  close(): void {
    this.#bytes.length = 0;
    this.#joined.clear();
  }

  /** Finds the values of the record at [start, end) of `bytes`. */
  add(bytes: Uint8Array, start: number, end: number): void {
    const record = this.records++;
    this.#bytes[record] = bytes;
    const first = record * this.#names.length;
    const reader = this.#reader;
    this.#features.begin();
    this.#labels.begin();
    try {
      for (reader.reset(bytes, start); reader.nextField(end); ) {
        const { tag, end: next } = reader;
        if (tag === RECORD.features) this.#entry(record, this.#features, first, 'feature');
        else if (tag === RECORD.label) this.#entry(record, this.#labels, first + this.#firstLabel, 'label');
        else {
          const text = this.#texts.indexOf(tag);
          if (text >= 0)
            this.#set(first + this.#names.length - this.#texts.length + text, TEXT, reader.start, next);
          else if (this.#exact)
            throw this.#mismatch(record, `expected a column for field ${tag >>> 3}, got none`);
        }
        reader.reset(bytes, next);
      }
    } catch (error) {
      if (!(error instanceof WireFault)) throw error;
      const where = reader.bytes === bytes ? ` (at byte ${error.at - start} of the record)` : '';
      throw this.#malformed(record, `${error.message}${where}`);
    }
  }

  /**
   * Opens a value of each record and calls `visit` with its kind, or with 0 if the record does not
   * have it.
   *
   * @throws RecordpipeError `malformed-example` for a value that could not be read
   */
  eachRecord(slot: number, visit: (record: number, kind: number) => void): void {
    let record = 0;
    try {
      for (; record < this.records; record++) {
        const place = record * this.#names.length + slot;
        const kind = this.#kinds[place];
        if (kind !== 0) {
          const bytes = this.#joined.get(place) ?? this.#bytes[record];
          this.tensor.openAt(bytes, this.#starts[place], this.#ends[place]);
        }
        visit(record, kind);
      }
    } catch (error) {
      if (!(error instanceof WireFault)) throw error;
      throw this.#malformed(record, `${this.#names[slot]}: ${error.message}`);
    }
  }

  /** Returns the error for a value that its column cannot represent. */
  mismatch(record: number, slot: number, what: string): RecordpipeError {
    return this.#mismatch(record, `${this.#names[slot]}: ${what}`);
  }

  /** Reads the field as an entry of a map. The last name is used, and values are joined. */
  #entry(record: number, finder: SlotFinder, first: number, group: string): void {
    const reader = this.#reader;
    const { bytes, start, end } = reader;
    let nameStart = start;
    let nameEnd = start;
    let valueStart = start;
    let valueEnd = start;
    let values = 0;
    for (reader.reset(bytes, start); reader.nextField(end); ) {
      if (reader.tag === ENTRY.name) {
        nameStart = reader.start;
        nameEnd = reader.end;
      } else if (reader.tag === ENTRY.value) {
        valueStart = reader.start;
        valueEnd = reader.end;
        values++;
      }
    }
    const slot = finder.find(bytes, nameStart, nameEnd);
    if (slot < 0 && !this.#exact) return;
    const what = (): string => `${group} ${JSON.stringify(utf8.decode(bytes.subarray(nameStart, nameEnd)))}`;
    if (slot < 0)
      throw this.#mismatch(
        record,
        `${what()}: expected only values that have a column in the schema, got a value without a column`,
      );
    let body = bytes;
    if (values > 1) {
      const joined = fieldBody(reader, { bytes, start, end }, start, ENTRY.value)!;
      body = joined.bytes;
      valueStart = joined.start;
      valueEnd = joined.end;
    }
    if (!this.#value(first + slot, body, valueStart, valueEnd) && this.#exact)
      throw this.#mismatch(record, `${what()}: expected a value with a kind, got a value without a kind`);
  }

  /**
   * Reads a Value. The last kind is used, with all of its parts after the last part of a different kind.
   * Returns false for a value without a kind.
   */
  #value(place: number, bytes: Uint8Array, start: number, end: number): boolean {
    const reader = this.#reader;
    let kind = 0;
    let from = start;
    let parts = 0;
    let bodyStart = start;
    let bodyEnd = start;
    reader.reset(bytes, start);
    for (let at = start; reader.nextField(end); at = reader.at) {
      if (!KINDS.has(reader.tag)) continue;
      if (reader.tag !== kind) {
        kind = reader.tag;
        from = at;
        parts = 0;
      }
      bodyStart = reader.start;
      bodyEnd = reader.end;
      parts++;
    }
    let body = bytes;
    if (parts > 1) {
      const joined = fieldBody(reader, { bytes, start, end }, from, kind)!;
      body = joined.bytes;
      bodyStart = joined.start;
      bodyEnd = joined.end;
    }
    this.#set(place, kind, bodyStart, bodyEnd);
    if (body === this.#bytes[this.records - 1]) this.#joined.delete(place);
    else this.#joined.set(place, body);
    return kind !== 0;
  }

  #set(place: number, kind: number, start: number, end: number): void {
    this.#kinds[place] = kind;
    this.#starts[place] = start;
    this.#ends[place] = end;
  }

  #mismatch(record: number, what: string): RecordpipeError {
    return new RecordpipeError('schema-mismatch', `record: ${what}`, this.#placeOf(record));
  }

  #malformed(record: number, what: string): RecordpipeError {
    return new RecordpipeError('malformed-example', `record: ${what}`, this.#placeOf(record));
  }
}

/** Returns the name of a kind of values. */
export function kindName(kind: number): string {
  return KIND_NAMES.get(kind) ?? 'none';
}

function textName(tag: number): string {
  return Object.entries(RECORD).find(([, one]) => one === tag)?.[0] ?? 'text';
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

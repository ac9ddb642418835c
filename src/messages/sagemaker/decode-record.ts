import { checkRecordOptions } from '../../bytes/arguments.ts';
import { WireFault, WireReader } from '../../bytes/wire/wire-reader.ts';
import { type ErrorPlace, RecordpipeError, UsageError } from '../../errors.ts';
import {
  BYTES,
  ENTRY,
  RECORD,
  type SageMakerRecord,
  type SageMakerValue,
  type Uint64Mode,
  VALUE,
} from './record.ts';
import { fieldBody, type MessageBody, TensorReader } from './tensor-reader.ts';

/** Options of {@link decodeSageMakerRecord}. */
export interface DecodeSageMakerRecordOptions<M extends Uint64Mode = Uint64Mode> {
  /**
   * Type of keys and shapes: `Float64Array` (`number`: an integer beyond 2^53 - 1 is an error) or
   * `BigUint64Array` (`bigint`).
   */
  readonly uint64: M;
  /** Source of the record, for errors. */
  readonly place: ErrorPlace;
}

/** Default options of {@link decodeSageMakerRecord}. */
export const DEFAULT_DECODE_SAGEMAKER_RECORD_OPTIONS: Readonly<DecodeSageMakerRecordOptions<'number'>> =
  Object.freeze({ uint64: 'number', place: Object.freeze({}) });

const OPTIONS: readonly (keyof DecodeSageMakerRecordOptions)[] = ['uint64', 'place'];
const KINDS = new Map<number, keyof typeof VALUE>(
  Object.entries(VALUE).map(([kind, tag]) => [tag, kind as keyof typeof VALUE]),
);
const NONE: SageMakerValue<never> = Object.freeze({ kind: 'none' });

/**
 * Decodes an aialgs.data.Record, which is the payload of a record in SageMaker's recordio-protobuf.
 * Bytes are views of the record, and so are floats that begin at a multiple of their size in its
 * memory. Other floats and all integers are copies.
 *
 * All rules of protobuf apply: the last feature with a given name and the last kind of a value are
 * used, lists in several parts are joined, packed or not, and unknown fields are skipped. Keys and
 * shape are not compared with the values. Declared lengths are checked before memory is allocated.
 *
 * The format is defined by record.proto in the SageMaker Python SDK.
 *
 * @throws RecordpipeError `malformed-example` with the name of the feature or label and the byte
 *   offset in the record
 * @example
 * ```ts
 * import { decodeSageMakerRecord, encodeSageMakerRecord } from 'recordpipe/messages';
 * const bytes = encodeSageMakerRecord({
 *   features: { values: { kind: 'float32', values: [0.5, 2], keys: [3, 70], shape: [100] } },
 *   label: { values: { kind: 'float32', values: [1] } },
 * });
 * const { features } = decodeSageMakerRecord(bytes);
 * const tensor = features.get('values');
 * if (tensor?.kind === 'float32') console.log(tensor.values.length, tensor.keys[1], tensor.shape[0]); // 2 70 100
 * ```
 */
export function decodeSageMakerRecord<M extends Uint64Mode = 'number'>(
  record: Uint8Array,
  options: Partial<DecodeSageMakerRecordOptions<M>> = {},
): SageMakerRecord<M> {
  checkRecordOptions('decodeSageMakerRecord', options, OPTIONS);
  const { uint64 = 'number', place = DEFAULT_DECODE_SAGEMAKER_RECORD_OPTIONS.place } = options;
  if (uint64 !== 'number' && uint64 !== 'bigint')
    throw new UsageError(`uint64: expected 'number' or 'bigint', got ${String(uint64)}`);
  return new Decoding(record, uint64 as M, place).record();
}

class Decoding<M extends Uint64Mode> {
  readonly #bytes: Uint8Array;
  readonly #uint64: M;
  readonly #place: ErrorPlace;
  readonly #reader: WireReader;
  readonly #tensors = new TensorReader();
  /** Name of the value that is being read, for errors. */
  #what = '';
  /** Start of the value that is being read, for errors. */
  #whatAt = 0;
  #body: Uint8Array;

  constructor(bytes: Uint8Array, uint64: M, place: ErrorPlace) {
    this.#bytes = this.#body = bytes;
    this.#uint64 = uint64;
    this.#place = place;
    this.#reader = new WireReader(bytes);
  }

  record(): SageMakerRecord<M> {
    try {
      return this.#record();
    } catch (error) {
      if (!(error instanceof WireFault)) throw error;
      const at = this.#body === this.#bytes ? error.at : this.#whatAt;
      throw new RecordpipeError(
        'malformed-example',
        `record: ${this.#what}${error.message} (at byte ${at} of the ${this.#bytes.length}-byte record)`,
        this.#place,
      );
    }
  }

  #record(): SageMakerRecord<M> {
    const reader = this.#reader;
    const size = this.#bytes.length;
    const features = new Map<string, SageMakerValue<M>>();
    const label = new Map<string, SageMakerValue<M>>();
    const texts = new Map<number, string>();
    while (reader.nextField(size)) {
      const { tag, end } = reader;
      if (tag === RECORD.features) this.#entry('feature', features);
      else if (tag === RECORD.label) this.#entry('label', label);
      else if (tag === RECORD.uid || tag === RECORD.metadata || tag === RECORD.configuration)
        texts.set(tag, this.#text());
      this.#read(this.#bytes, end);
      this.#what = '';
    }
    return {
      features,
      label,
      uid: texts.get(RECORD.uid),
      metadata: texts.get(RECORD.metadata),
      configuration: texts.get(RECORD.configuration),
    };
  }

  /** Reads the field as an entry of a map. */
  #entry(what: string, map: Map<string, SageMakerValue<M>>): void {
    const reader = this.#reader;
    const { start, end } = reader;
    this.#whatAt = start;
    this.#what = `${what}: `;
    let name = '';
    this.#read(this.#bytes, start);
    while (reader.nextField(end)) if (reader.tag === ENTRY.name) name = this.#text();
    this.#what = `${what} ${JSON.stringify(name)}: `;
    const value = fieldBody(reader, { bytes: this.#bytes, start, end }, start, ENTRY.value);
    map.set(name, value === undefined ? NONE : this.#value(value));
  }

  /**
   * Reads a Value. The last kind is used, with all of its parts after the last part of another
   * kind.
   */
  #value(value: MessageBody): SageMakerValue<M> {
    const reader = this.#reader;
    let last = 0;
    let from = value.start;
    this.#read(value.bytes, value.start);
    for (let { at } = reader; reader.nextField(value.end); at = reader.at) {
      if (reader.tag === last || !KINDS.has(reader.tag)) continue;
      last = reader.tag;
      from = at;
    }
    const kind = KINDS.get(last);
    if (kind === undefined) return NONE;
    const body = fieldBody(reader, value, from, last)!;
    if (kind === 'bytes') return this.#bytesValue(body);
    const tensors = this.#tensors;
    this.#body = body.bytes;
    tensors.open(body);
    const places = {
      keys: tensors.uint64s('keys', this.#uint64),
      shape: tensors.uint64s('shape', this.#uint64),
    };
    switch (kind) {
      case 'float32':
        return { kind, values: tensors.float32s(), ...places };
      case 'float64':
        return { kind, values: tensors.float64s(), ...places };
      default:
        return { kind, values: tensors.int32s(), ...places };
    }
  }

  #bytesValue({ bytes, start, end }: MessageBody): SageMakerValue<M> {
    const reader = this.#reader;
    const values: Uint8Array[] = [];
    let contentType: string | undefined;
    this.#read(bytes, start);
    while (reader.nextField(end)) {
      const { tag, start: from } = reader;
      if (tag === BYTES.value)
        values.push(new Uint8Array(bytes.buffer, bytes.byteOffset + from, reader.end - from));
      else if (tag === BYTES.contentType) contentType = this.#text();
    }
    return { kind: 'bytes', values, contentType };
  }

  #read(bytes: Uint8Array, at: number): void {
    this.#body = bytes;
    this.#reader.reset(bytes, at);
  }

  /** Returns the field as text. */
  #text(): string {
    const { bytes, start, end } = this.#reader;
    try {
      return utf8.decode(bytes.subarray(start, end));
    } catch {
      throw new WireFault(start, 'expected UTF-8 text, got invalid bytes');
    }
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

import { WireFault, WireReader } from '../../bytes/wire/wire-reader.ts';
import { type ErrorPlace, RecordpipeError, UsageError } from '../../errors.ts';
import type { SageMakerRecord, SageMakerValue, Uint64Mode } from './record.ts';
import { TensorReader } from './tensor-reader.ts';

/** Tags of the fields of aialgs.data.Record. Source: record.proto of the SageMaker Python SDK (`sagemaker.amazon.record_pb2`). */
export const RECORD = {
  features: 0x0a,
  label: 0x12,
  uid: 0x1a,
  metadata: 0x22,
  configuration: 0x2a,
} as const;

/** Tags of the kinds of a Value. */
export const VALUE = { float32: 0x12, float64: 0x1a, int32: 0x3a, bytes: 0x4a } as const;

/** Tags of the fields of each tensor, packed. */
export const TENSOR = { values: 0x0a, keys: 0x12, shape: 0x1a } as const;

/** Tags of the fields of Bytes. */
export const BYTES = { value: 0x0a, contentType: 0x12 } as const;

/** Tags of the fields of an entry of a map. */
export const ENTRY = { name: 0x0a, value: 0x12 } as const;

/** The body of a message: of a record, or, where protobuf has us join what lies apart, a copy. */
export interface MessageBody {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** The bodies of all fields with `tag` from `from` to the end of a message, joined: what protobuf means by merging. Undefined where there is none. */
export function fieldBody(
  reader: WireReader,
  { bytes, end }: MessageBody,
  from: number,
  tag: number,
): MessageBody | undefined {
  let parts = 0;
  let size = 0;
  let last = from;
  for (let partEnd = nextField(reader, from, end, tag); partEnd >= 0; ) {
    last = reader.at;
    size += partEnd - last;
    parts++;
    partEnd = nextField(reader, partEnd, end, tag);
  }
  if (parts === 0) return undefined;
  if (parts === 1) return { bytes, start: last, end: last + size };
  const joined = new Uint8Array(size);
  let filled = 0;
  for (let partEnd = nextField(reader, from, end, tag); partEnd >= 0; ) {
    joined.set(bytes.subarray(reader.at, partEnd), filled);
    filled += partEnd - reader.at;
    partEnd = nextField(reader, partEnd, end, tag);
  }
  return { bytes: joined, start: 0, end: size };
}

/** Moves `reader` to the body of the next delimited field with `tag`; gives where that ends, or -1. */
export function nextField(reader: WireReader, from: number, end: number, tag: number): number {
  reader.at = from;
  while (reader.at < end) {
    const found = reader.tag(end);
    if (found === tag) return reader.fieldEnd(end);
    reader.skip(found, end);
  }
  return -1;
}

/** How a Record is decoded. */
export interface DecodeSageMakerRecordOptions<M extends Uint64Mode = Uint64Mode> {
  /** Keys and shapes as `Float64Array` (`number`; an error names what has one beyond 2^53 - 1), or as `BigUint64Array` (`bigint`). */
  readonly uint64: M;
  /** Where the record is from, for errors. */
  readonly place: ErrorPlace;
}

/** What holds where nothing is said. */
export const DEFAULT_DECODE_SAGEMAKER_RECORD_OPTIONS: Readonly<DecodeSageMakerRecordOptions<'number'>> =
  Object.freeze({ uint64: 'number', place: Object.freeze({}) });

const KINDS = new Map<number, keyof typeof VALUE>(
  Object.entries(VALUE).map(([kind, tag]) => [tag, kind as keyof typeof VALUE]),
);
const NONE: SageMakerValue<never> = Object.freeze({ kind: 'none' });

/**
 * Decodes an aialgs.data.Record: what the payload of a record in SageMaker's recordio-protobuf is. Bytes are views of the record, and so are floats that
 * lie at a multiple of their size in its memory; others, and integers, are copies.
 *
 * Every rule of protobuf holds: the last feature of a name and the last kind of a value count, lists in several parts are joined, packed or not, unknown
 * fields are passed over. Whether keys and shape fit the values is not asked. Declared lengths are compared with what is there before anything is made of them.
 *
 * The format is that of record.proto in the SageMaker Python SDK.
 *
 * @throws RecordpipeError `malformed-example` with the name of the feature or label and the byte of the record
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
  /** What is being read, and where it begins: for errors. */
  #what = '';
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
        `record: ${this.#what}${error.message} (at byte ${at} of the ${this.#bytes.length} of the record)`,
        this.#place,
      );
    }
  }

  #record(): SageMakerRecord<M> {
    const reader = this.#reader;
    const end = this.#bytes.length;
    const features = new Map<string, SageMakerValue<M>>();
    const label = new Map<string, SageMakerValue<M>>();
    const texts = new Map<number, string>();
    while (reader.at < end) {
      this.#what = '';
      const tag = reader.tag(end);
      switch (tag) {
        case RECORD.features:
        case RECORD.label: {
          const entryEnd = reader.fieldEnd(end);
          if (tag === RECORD.features) this.#entry('feature', features, entryEnd);
          else this.#entry('label', label, entryEnd);
          this.#read(this.#bytes, entryEnd);
          break;
        }
        case RECORD.uid:
        case RECORD.metadata:
        case RECORD.configuration:
          texts.set(tag, this.#text(reader.fieldEnd(end)));
          break;
        default:
          reader.skip(tag, end);
      }
    }
    return {
      features,
      label,
      uid: texts.get(RECORD.uid),
      metadata: texts.get(RECORD.metadata),
      configuration: texts.get(RECORD.configuration),
    };
  }

  /** One entry of a map, from here to `end`. */
  #entry(what: string, map: Map<string, SageMakerValue<M>>, end: number): void {
    const reader = this.#reader;
    const start = reader.at;
    const entry: MessageBody = { bytes: this.#bytes, start, end };
    this.#whatAt = start;
    this.#what = `${what}: `;
    let name = '';
    for (let at = start; ; ) {
      const nameEnd = nextField(reader, at, end, ENTRY.name);
      if (nameEnd < 0) break;
      name = this.#text(nameEnd);
      at = nameEnd;
    }
    this.#what = `${what} ${JSON.stringify(name)}: `;
    const value = fieldBody(reader, entry, start, ENTRY.value);
    map.set(name, value === undefined ? NONE : this.#value(value));
  }

  /** The last kind counts, with all of its parts behind the last of another kind. */
  #value(value: MessageBody): SageMakerValue<M> {
    const reader = this.#reader;
    let last = 0;
    let from = value.start;
    this.#read(value.bytes, value.start);
    while (reader.at < value.end) {
      const { at } = reader;
      const tag = reader.tag(value.end);
      reader.skip(tag, value.end);
      if (tag === last || !KINDS.has(tag)) continue;
      last = tag;
      from = at;
    }
    const body = fieldBody(reader, value, from, last);
    const kind = KINDS.get(last);
    if (kind === undefined || body === undefined) return NONE;
    if (kind === 'bytes') return this.#bytesValue(body);
    const tensor = this.#tensors;
    this.#body = body.bytes;
    tensor.open(body);
    const places = {
      keys: tensor.uint64s('keys', this.#uint64),
      shape: tensor.uint64s('shape', this.#uint64),
    };
    switch (kind) {
      case 'float32':
        return { kind, values: tensor.float32s(), ...places };
      case 'float64':
        return { kind, values: tensor.float64s(), ...places };
      default:
        return { kind, values: tensor.int32s(), ...places };
    }
  }

  #bytesValue({ bytes, start, end }: MessageBody): SageMakerValue<M> {
    const reader = this.#reader;
    const values: Uint8Array[] = [];
    let contentType: string | undefined;
    this.#read(bytes, start);
    while (reader.at < end) {
      const tag = reader.tag(end);
      if (tag === BYTES.value) {
        const valueEnd = reader.fieldEnd(end);
        values.push(new Uint8Array(bytes.buffer, bytes.byteOffset + reader.at, valueEnd - reader.at));
        reader.at = valueEnd;
      } else if (tag === BYTES.contentType) contentType = this.#text(reader.fieldEnd(end));
      else reader.skip(tag, end);
    }
    return { kind: 'bytes', values, contentType };
  }

  #read(bytes: Uint8Array, at: number): void {
    this.#reader.bytes = this.#body = bytes;
    this.#reader.at = at;
  }

  /** Text in UTF-8 from here to `end`. */
  #text(end: number): string {
    const reader = this.#reader;
    const { at } = reader;
    try {
      const text = utf8.decode(reader.bytes.subarray(at, end));
      reader.at = end;
      return text;
    } catch {
      throw new WireFault(at, 'wanted text in UTF-8, found other bytes');
    }
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

import { WireReader } from '../../bytes/wire/wire-reader.ts';
import { decodeSageMakerRecord } from '../sagemaker/decode-record.ts';
import type { SageMakerRecord, SageMakerValue } from '../sagemaker/record.ts';

/** Values of a field of a Record. */
export type SageMakerValues =
  | Float32Array
  | Float64Array
  | Int32Array
  | BigUint64Array
  | readonly Uint8Array[];

const FIELD_1 = 0x0a;
const FIELD_2 = 0x12;
const FIELD_5 = 0x2a;
const reader = new WireReader();

/**
 * Reports whether a record is an aialgs.data.Record of SageMaker rather than an Example or
 * SequenceExample, from its first field. In all three, fields 1 and 2 are messages. Those of a Record
 * are entries of a map, which have a second field; those of an Example have only fields 1. Fields 3 to 5
 * occur only in a Record.
 */
export function isSageMakerRecord(bytes: Uint8Array, start: number, end: number): boolean {
  const tag = bytes[start];
  if (end - start < 2 || tag < FIELD_1 || tag > FIELD_5 || (tag & 7) !== (FIELD_1 & 7)) return false;
  if (tag > FIELD_2) return true;
  reader.bytes = bytes;
  const bodyEnd = reader.delimitedEnd(start + 1, end);
  const body = reader.start;
  if (bodyEnd <= body) return false;
  if (bytes[body] !== FIELD_1) return bytes[body] === FIELD_2;
  const next = reader.delimitedEnd(body + 1, bodyEnd);
  return next > 0 && next < bodyEnd && bytes[next] === FIELD_2;
}

/** Finds the value of one field of a Record. */
type Field = (record: SageMakerRecord<'bigint'>) => SageMakerValues | undefined;

/**
 * The fields of Records by the names that `stats` gives them: `features/NAME` and `label/NAME`,
 * followed by `/keys` or `/shape`, and `uid`, `metadata` and `configuration`. `label` and `features`
 * are short for `label/values` and `features/values`.
 */
export class SageMakerFields {
  readonly #fields: readonly Field[];
  readonly #values: (SageMakerValues | undefined)[] = [];
  #record: SageMakerRecord<'bigint'> | undefined;

  constructor(names: readonly string[]) {
    this.#fields = names.map(fieldOf);
  }

  /** Reads a record. Sets `seen` for each field that it has. @throws WireFault */
  read(bytes: Uint8Array, start: number, end: number, seen: Uint8Array): void {
    const record = decodeSageMakerRecord(bytes.subarray(start, end), { uint64: 'bigint' });
    this.#record = record;
    for (const [slot, field] of this.#fields.entries()) {
      const values = field(record);
      this.#values[slot] = values;
      if (values !== undefined) seen[slot] = 1;
    }
  }

  /** Returns the values of a field; undefined if the record does not have it. */
  values(slot: number): SageMakerValues | undefined {
    return this.#values[slot];
  }

  /** Returns the names of the fields of the record. */
  *names(): Generator<string> {
    const { features, label } = this.#record!;
    for (const name of features.keys()) yield `features/${name}`;
    for (const name of label.keys()) yield `label/${name}`;
    for (const name of TEXTS) if (this.#record![name] !== undefined) yield name;
  }

  /** Releases the record. */
  close(): void {
    this.#record = undefined;
    this.#values.fill(undefined);
  }
}

const TEXTS = ['uid', 'metadata', 'configuration'] as const;
const utf8 = new TextEncoder();

function fieldOf(name: string): Field {
  const text = TEXTS.find((one) => one === name);
  if (text !== undefined)
    return (record) => {
      const value = record[text];
      return value === undefined ? undefined : [utf8.encode(value)];
    };
  const [, map, rest = 'values'] = /^(features|label)(?:\/(.*))?$/s.exec(name) ?? [];
  if (map === undefined) return () => undefined;
  const [, tensor, list] = /^(.*)\/(keys|shape)$/s.exec(rest) ?? [];
  return (record) => {
    const values = record[map as 'features' | 'label'];
    const own = values.get(rest);
    if (own !== undefined || tensor === undefined) return valuesOf(own);
    const value = values.get(tensor);
    if (value === undefined || value.kind === 'none' || value.kind === 'bytes') return undefined;
    const places = value[list as 'keys' | 'shape'];
    return places.length === 0 ? undefined : places;
  };
}

function valuesOf(value: SageMakerValue<'bigint'> | undefined): SageMakerValues | undefined {
  return value === undefined || value.kind === 'none' ? undefined : value.values;
}

import { countVarints, int32sInto, LITTLE_ENDIAN, varintsInto } from '../../bytes/wire/varints.ts';
import { DELIMITED, FIXED32, FIXED64, VARINT, WireFault } from '../../bytes/wire/wire-reader.ts';
import type { TensorReader } from '../sagemaker/tensor-reader.ts';
import type { BytesVector, NumberVector } from './column-batch.ts';

/**
 * Collects the items of one list of each tensor. All lists are counted before memory is allocated,
 * and then read.
 */
export interface TensorItems {
  /** Counts the items of the open tensor. @throws WireFault */
  count(tensor: TensorReader): number;
  /** Allocates memory for `items` items. */
  allocate(items: number): void;
  /** Reads the items of the open tensor, starting at index `to`. */
  read(tensor: TensorReader, to: number): void;
  /** Returns all items, which the caller owns. */
  finish(): NumberVector | BytesVector;
}

/** Returns the collector of items of a type. @param tag tag of the list */
export function tensorItems(type: (NumberVector | BytesVector)['type'], tag: number): TensorItems {
  switch (type) {
    case 'float':
      return new FixedItems(tag, 'float');
    case 'float64':
      return new FixedItems(tag, 'float64');
    case 'int32':
      return new Int32Items(tag);
    case 'int64':
    case 'uint64':
      return new Uint64Items(tag);
    default:
      return new BytesItems(tag, type);
  }
}

class FixedItems implements TensorItems {
  readonly #tag: number;
  readonly #type: 'float' | 'float64';
  readonly #size: number;
  readonly #single: number;
  #bytes = new Uint8Array(0);

  constructor(tag: number, type: 'float' | 'float64') {
    this.#tag = tag;
    this.#type = type;
    this.#size = type === 'float' ? 4 : 8;
    this.#single = type === 'float' ? FIXED32 : FIXED64;
  }

  count(tensor: TensorReader): number {
    const size = this.#size;
    let bytes = 0;
    for (tensor.begin(); tensor.nextRun(this.#tag, this.#single); ) {
      const length = tensor.end - tensor.start;
      if (length % size !== 0)
        throw new WireFault(tensor.start, `expected packed floats of ${size} bytes, got ${length} bytes`);
      bytes += length;
    }
    return bytes / size;
  }

  allocate(items: number): void {
    this.#bytes = new Uint8Array(items * this.#size);
  }

  read(tensor: TensorReader, to: number): void {
    let at = to * this.#size;
    const bytes = this.#bytes;
    for (tensor.begin(); tensor.nextRun(this.#tag, this.#single); ) at = copied(tensor, bytes, at);
  }

  finish(): NumberVector {
    const { buffer, length } = this.#bytes;
    if (!LITTLE_ENDIAN)
      for (let at = 0; at < length; at += this.#size) this.#bytes.subarray(at, at + this.#size).reverse();
    return this.#type === 'float'
      ? { type: 'float', length: length / 4, values: new Float32Array(buffer) }
      : { type: 'float64', length: length / 8, values: new Float64Array(buffer) };
  }
}

class Int32Items implements TensorItems {
  readonly #tag: number;
  #values = new Int32Array(0);

  constructor(tag: number) {
    this.#tag = tag;
  }

  count(tensor: TensorReader): number {
    return countOf(tensor, this.#tag);
  }

  allocate(items: number): void {
    this.#values = new Int32Array(items);
  }

  read(tensor: TensorReader, to: number): void {
    for (tensor.begin(); tensor.nextRun(this.#tag, VARINT); )
      to = int32sInto(tensor.bytes, tensor.start, tensor.end, this.#values, to);
  }

  finish(): NumberVector {
    return { type: 'int32', length: this.#values.length, values: this.#values };
  }
}

class Uint64Items implements TensorItems {
  readonly #tag: number;
  #words = new Int32Array(0);

  constructor(tag: number) {
    this.#tag = tag;
  }

  count(tensor: TensorReader): number {
    return countOf(tensor, this.#tag);
  }

  allocate(items: number): void {
    this.#words = new Int32Array(2 * items);
  }

  read(tensor: TensorReader, to: number): void {
    let word = 2 * to;
    for (tensor.begin(); tensor.nextRun(this.#tag, VARINT); )
      word = varintsInto(tensor.bytes, tensor.start, tensor.end, this.#words, word);
  }

  finish(): NumberVector {
    const { buffer, length } = this.#words;
    return { type: 'uint64', length: length / 2, values: new BigUint64Array(buffer) };
  }
}

class BytesItems implements TensorItems {
  readonly #tag: number;
  readonly #type: 'bytes' | 'text';
  #total = 0;
  #data = new Uint8Array(0);
  #offsets = new Int32Array(1);
  #at = 0;

  constructor(tag: number, type: 'bytes' | 'text') {
    this.#tag = tag;
    this.#type = type;
  }

  count(tensor: TensorReader): number {
    let count = 0;
    for (tensor.begin(); tensor.nextRun(this.#tag, DELIMITED); count++)
      this.#total += tensor.end - tensor.start;
    return count;
  }

  allocate(items: number): void {
    this.#data = new Uint8Array(this.#total);
    this.#offsets = new Int32Array(items + 1);
    this.#total = this.#at = 0;
  }

  read(tensor: TensorReader, to: number): void {
    for (tensor.begin(); tensor.nextRun(this.#tag, DELIMITED); ) {
      this.#at = copied(tensor, this.#data, this.#at);
      this.#offsets[++to] = this.#at;
    }
  }

  finish(): BytesVector {
    const offsets = this.#offsets;
    // Nulls have no bytes.
    for (let i = 1; i < offsets.length; i++) if (offsets[i] < offsets[i - 1]) offsets[i] = offsets[i - 1];
    return { type: this.#type, length: offsets.length - 1, offsets, data: this.#data };
  }
}

/** Copies the run of a tensor to `target`. Returns the index after it. */
function copied({ bytes, start, end }: TensorReader, target: Uint8Array, at: number): number {
  target.set(bytes.subarray(start, end), at);
  return at + end - start;
}

/** Counts the varints of a list. */
function countOf(tensor: TensorReader, tag: number): number {
  let count = 0;
  for (tensor.begin(); tensor.nextRun(tag, VARINT); )
    count += countVarints(tensor.bytes, tensor.start, tensor.end);
  return count;
}

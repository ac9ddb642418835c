import { UsageError } from '../../errors.ts';
/**
 * Values that can be padded: scalars, nested arrays, typed arrays (vectors of numbers), and objects
 * with such fields.
 */
export type Paddable =
  | number
  | bigint
  | boolean
  | string
  | Vector
  | readonly Paddable[]
  | { readonly [field: string]: Paddable };

/**
 * Typed arrays that can be padded. A `Uint8Array` is a vector of numbers here, not a byte string.
 */
export type Vector =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

/** A padding value. */
export type Scalar = number | bigint | boolean | string;
/** Length per dimension. null or -1 means the length of the longest element. */
export type Shape = readonly (number | null)[];

/** How to pad elements. */
export interface Padding {
  /**
   * Target shape; for objects, a shape per field. Default: the shape of the longest element of the
   * batch.
   */
  readonly shape?: Shape | { readonly [field: string]: Shape } | undefined;
  /**
   * Padding value; for objects, a value per field. Default: 0, 0n, false or the empty string,
   * depending on the element type.
   */
  readonly value?: Scalar | { readonly [field: string]: Scalar } | undefined;
}

/**
 * Returns elements padded to a common shape as new arrays. Elements that need no padding are
 * returned unchanged.
 * @throws UsageError if elements have different ranks or fields, or are larger than the shape
 */
export function padded<T extends Paddable>(batch: readonly T[], padding: Padding): T[] {
  return padComponent(batch, padding, 'element') as T[];
}

function padComponent(batch: readonly Paddable[], { shape, value }: Padding, name: string): Paddable[] {
  const first = batch[0];
  if (isFields(first)) return padFields(batch, { shape, value }, name);
  if (shape !== undefined && !Array.isArray(shape))
    throw new UsageError(
      `paddedBatch: ${name}: expected elements with the same fields as the shape, got ${kind(first)}`,
    );
  const dims = commonShape(batch, name);
  const wanted = shape === undefined ? dims : wantedShape(dims, shape as Shape, name);
  const fill = value === undefined ? zeroLike(batch) : (value as Scalar);
  return batch.map((element) => pad(element, wanted, 0, fill));
}

function padFields(batch: readonly Paddable[], { shape, value }: Padding, name: string): Paddable[] {
  const fields = Object.keys(batch[0] as object);
  const columns = fields.map((field) => {
    const column = batch.map((element, i) => {
      if (!isFields(element) || !(field in element) || Object.keys(element).length !== fields.length)
        throw new UsageError(
          `paddedBatch: ${name} ${i} of the batch: expected the fields ${fields.join(', ')}, got ${isFields(element) ? Object.keys(element).join(', ') : kind(element)}`,
        );
      return element[field];
    });
    return padComponent(column, { shape: ofField(shape, field), value: ofField(value, field) }, field);
  });
  return batch.map((_, i) => Object.fromEntries(fields.map((field, at) => [field, columns[at][i]])));
}

function ofField<V>(given: V | { readonly [field: string]: V } | undefined, field: string): V | undefined {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return given as V | undefined;
  return (given as { readonly [field: string]: V })[field];
}

/** Returns the maximum length of each dimension. */
function commonShape(batch: readonly Paddable[], name: string): number[] {
  const shape = shapeOf(batch[0]);
  for (let i = 1; i < batch.length; i++) {
    const next = shapeOf(batch[i]);
    // An empty array does not reveal its number of dimensions.
    const empty = shape.includes(0) || next.includes(0);
    if (next.length !== shape.length && !(empty && next.length > 0 && shape.length > 0))
      throw new UsageError(
        `paddedBatch: ${name} ${i} of the batch: expected rank ${shape.length} like the first element, got rank ${next.length}`,
      );
    for (let d = 0; d < next.length; d++) shape[d] = Math.max(shape[d] ?? 0, next[d]);
  }
  return shape;
}

function shapeOf(element: Paddable): number[] {
  if (isVector(element)) return [element.length];
  if (!Array.isArray(element)) return [];
  const below: number[] = [];
  for (const inner of element)
    shapeOf(inner).forEach((length, d) => {
      below[d] = Math.max(below[d] ?? 0, length);
    });
  return [element.length, ...below];
}

function wantedShape(found: readonly number[], given: Shape, name: string): number[] {
  const unknownRank = found.includes(0) && found.length > 0 && found.length < given.length;
  if (given.length !== found.length && !unknownRank)
    throw new UsageError(
      `paddedBatch: ${name}: expected elements of rank ${given.length} like the shape, got rank ${found.length}`,
    );
  return given.map((length, d) => {
    const most = found[d] ?? 0;
    if (length === null || length === -1) return most;
    if (most > length)
      throw new UsageError(
        `paddedBatch: ${name}: expected at most ${length} in dimension ${d}, got ${most}; pass a larger shape, or null`,
      );
    return length;
  });
}

function pad(element: Paddable, shape: readonly number[], depth: number, fill: Scalar): Paddable {
  if (depth === shape.length) return element;
  const length = shape[depth];
  if (isVector(element)) return padVector(element, length, fill);
  const inner = element as readonly Paddable[];
  if (inner.length === length && depth + 1 === shape.length) return inner;
  return Array.from({ length }, (_, i) =>
    i < inner.length ? pad(inner[i], shape, depth + 1, fill) : filled(shape, depth + 1, fill),
  );
}

function filled(shape: readonly number[], depth: number, fill: Scalar): Paddable {
  if (depth === shape.length) return fill;
  return Array.from({ length: shape[depth] }, () => filled(shape, depth + 1, fill));
}

function padVector(vector: Vector, length: number, fill: Scalar): Vector {
  if (vector.length === length) return vector;
  const Kind = vector.constructor as new (length: number) => Vector;
  const longer = new Kind(length);
  (longer as Uint8Array).set(vector as Uint8Array);
  if (fill !== 0 && fill !== 0n) (longer as Uint8Array).fill(fill as number, vector.length);
  return longer;
}

/** Returns the zero of the element's type, or 0 if the element is empty. */
function zeroLike(element: Paddable): Scalar {
  if (isVector(element))
    return element instanceof BigInt64Array || element instanceof BigUint64Array ? 0n : 0;
  if (!Array.isArray(element)) return ZEROS[typeof element as keyof typeof ZEROS] ?? 0;
  for (const inner of element) {
    const zero = holds(inner) ? zeroLike(inner) : undefined;
    if (zero !== undefined) return zero;
  }
  return 0;
}

const ZEROS = { number: 0, bigint: 0n, boolean: false, string: '' } as const;

function holds(element: Paddable): boolean {
  return !Array.isArray(element) || element.some(holds);
}

function isVector(element: Paddable): element is Vector {
  return ArrayBuffer.isView(element) && !(element instanceof DataView);
}

function isFields(element: Paddable): element is { readonly [field: string]: Paddable } {
  return typeof element === 'object' && element !== null && !Array.isArray(element) && !isVector(element);
}

function kind(element: unknown): string {
  return Array.isArray(element) ? 'an array' : element === null ? 'null' : typeof element;
}

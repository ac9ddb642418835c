import { UsageError } from '../errors.ts';
import type { Uint64Input } from './encode-input.ts';

/** Complains of keys and a shape that do not fit so many values. Both are integers already. */
export function checkPlaces(what: string, values: number, keys: Uint64Input, shape: Uint64Input): void {
  if (shape.length === 0) {
    if (keys.length > 0) throw new UsageError(`${what}: expected a shape beside keys, got none`);
    return;
  }
  if (keys.length > 0 && keys.length !== values)
    throw new UsageError(`${what}: expected as many keys as values (${values}), got ${keys.length}`);
  // A sparse tensor may be without values.
  if (values === 0) return;
  const elements = elementsOf(shape);
  if (keys.length === 0) {
    if (elements !== BigInt(values))
      throw new UsageError(`${what}: expected ${elements} values, as the shape says, or keys, got ${values}`);
    return;
  }
  for (let i = 0; i < keys.length; i++) {
    if (keys[i] >= elements)
      throw new UsageError(`${what}: expected keys below ${elements}, as the shape says, got ${keys[i]}`);
  }
}

function elementsOf(shape: Uint64Input): bigint {
  let elements = 1n;
  for (const size of shape) elements *= BigInt(size);
  return elements;
}

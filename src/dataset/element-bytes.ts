/** About what an object or array takes by itself. */
const OBJECT_BYTES = 16;
const NUMBER_BYTES = 8;

/** About how many bytes of memory an element takes: exactly those of its buffers, the rest by rule of thumb. */
export function elementBytes(element: unknown): number {
  switch (typeof element) {
    case 'string':
      return OBJECT_BYTES + 2 * element.length;
    case 'object':
      return element === null ? NUMBER_BYTES : objectBytes(element);
    default:
      return NUMBER_BYTES;
  }
}

function objectBytes(element: object): number {
  if (ArrayBuffer.isView(element) || element instanceof ArrayBuffer) return OBJECT_BYTES + element.byteLength;
  let bytes = OBJECT_BYTES;
  for (const value of Array.isArray(element) ? element : Object.values(element)) bytes += elementBytes(value);
  return bytes;
}

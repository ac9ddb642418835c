// The function that test threads run. The value that they receive selects what it does.
const kept = new Float64Array(4);

export default async function work(value) {
  if (value instanceof Uint8Array)
    return { length: value.length, buffer: value.buffer.byteLength, sum: value.reduce((a, b) => a + b, 0) };
  if (value === 'bytes') return new Uint8Array(10).fill(7).subarray(2, 5);
  if (value === 'kept') return kept;
  if (value === 'die') process.exit(3);
  if (value === 'hang') return new Promise(() => {});
  if (value === 'block') for (;;);
  if (value === 'function') return () => 1;
  if (value === 'throw') throw new RangeError('thrown by work');
  if (typeof value === 'number') {
    await new Promise((resolve) => setTimeout(resolve, (value * 7) % 5));
    return value * value;
  }
  return value;
}

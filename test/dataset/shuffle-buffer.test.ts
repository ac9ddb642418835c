import { expect, test } from 'vitest';
import { Dataset } from '../../src/dataset/index.ts';

const CHUNK_BYTES = 2 ** 20;

/** Yields views of chunks, `perChunk` of each. Each view begins with its number. */
function* records(chunks: number, perChunk: number): Generator<Uint8Array> {
  const size = Math.floor(CHUNK_BYTES / perChunk);
  for (let c = 0; c < chunks; c++) {
    const chunk = new Uint8Array(CHUNK_BYTES);
    for (let i = 0; i < perChunk; i++) {
      new DataView(chunk.buffer, i * size).setUint32(0, c * perChunk + i);
      yield chunk.subarray(i * size, (i + 1) * size);
    }
  }
}

const numberOf = (record: Uint8Array): number => new DataView(record.buffer, record.byteOffset).getUint32(0);

test('the order and the bytes do not depend on whether records are copied', async () => {
  for (const perChunk of [1, 3, 9, 40, 1000]) {
    const source = Dataset.from(() => records(40, perChunk));
    const [views, copies, numbers] = await Promise.all([
      source.shuffle(97, { seed: 5 }).map(numberOf).toArray(),
      source.shuffle(97, { seed: 5, maxBytes: Number.MAX_SAFE_INTEGER }).map(numberOf).toArray(),
      Dataset.range(40 * perChunk)
        .shuffle(97, { seed: 5 })
        .toArray(),
    ]);
    expect(views).toEqual(numbers);
    expect(copies).toEqual(numbers);
  }
});

test('chunks of buffered records take at most about twice the memory of the records', async () => {
  const chunkOf = new Map<number, ArrayBufferLike>();
  let requested = 0;
  const source = Dataset.from(() => records(100, 9)).map((record) => {
    requested++;
    chunkOf.set(numberOf(record), record.buffer);
    return record;
  });
  const views: { number: number; chunk: ArrayBufferLike; until: number }[] = [];
  for await (const record of source.shuffle(128, { seed: 11 })) {
    const number = numberOf(record);
    if (record.buffer === chunkOf.get(number)) views.push({ number, chunk: record.buffer, until: requested });
  }
  expect(views.length).toBeGreaterThan(requested / 2);
  // At any time, the chunks in memory are at least those of the buffered records that stay views.
  for (let now = 0; now <= requested; now += 9) {
    const held = new Set(
      views.filter(({ number, until }) => number < now && now <= until).map(({ chunk }) => chunk),
    );
    expect(held.size).toBeLessThan((2 * 128) / 9 + 9);
  }
});

test('with maxBytes, all records are copies', async () => {
  const shuffled = await Dataset.from(() => records(3, 9))
    .shuffle(20, { maxBytes: 2 ** 30 })
    .toArray();
  for (const record of shuffled) expect(record.buffer.byteLength).toBe(record.byteLength);
});

import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { tfrecordDecoderStream, tfrecordEncoderStream } from '../../../src/index.ts';
import { concat } from '../../support/oracle-tfrecord.ts';
import { rechunk, webStream } from '../../support/rechunk.ts';
import { encoded, expectBytes, expectRecords, failureOf, somePayloads } from './written.ts';

const payloads = somePayloads(21);
const file = encoded(payloads);

async function all(stream: ReadableStream<Uint8Array>): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

test('records to bytes', async () => {
  expectBytes(concat(await all(webStream(payloads).pipeThrough(tfrecordEncoderStream()))), file);
});

test.each([1, 100, 65_536])('bytes in chunks of %i to records, kept while more come', async (size) => {
  expectRecords(await all(webStream(rechunk(file, size)).pipeThrough(tfrecordDecoderStream())), payloads);
});

test.each([
  ['gzip', 'gzip'],
  ['zlib', 'deflate'],
] as const)('through CompressionStream: %s', async (_name, format) => {
  const compressed = webStream(payloads)
    .pipeThrough(tfrecordEncoderStream())
    .pipeThrough(new CompressionStream(format) as unknown as TransformStream<Uint8Array, Uint8Array>);
  expectRecords(await all(compressed.pipeThrough(tfrecordDecoderStream())), payloads);
});

test('no input gives no output', async () => {
  const encoding = webStream([]).pipeThrough(tfrecordEncoderStream());
  expect(await all(encoding.pipeThrough(tfrecordDecoderStream()))).toEqual([]);
});

describe('errors', () => {
  test('the valid records, then the error; the source is cancelled', async () => {
    let cancelled: unknown = 'no';
    const damaged = Uint8Array.from(file);
    damaged[damaged.length - 1] ^= 1;
    const chunks = rechunk(concat([damaged, file]), 1000);
    const source = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(chunks.next().value!),
      cancel: (reason) => {
        cancelled = reason;
      },
    });
    const records: Uint8Array[] = [];
    const error = await failureOf(async () => {
      for await (const record of source.pipeThrough(tfrecordDecoderStream())) records.push(record);
    });
    expect(error).toMatchObject({ code: 'data-checksum', record: payloads.length - 1 });
    expectRecords(records, payloads.slice(0, -1));
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(cancelled).not.toBe('no');
  });

  test('a source that fails', async () => {
    const failure = new Error('broken');
    const source = new ReadableStream<Uint8Array>({
      start: (controller) => controller.error(failure),
    });
    await expect(all(source.pipeThrough(tfrecordDecoderStream()))).rejects.toMatchObject({
      code: 'io-failure',
      cause: failure,
    });
    const second = new ReadableStream<Uint8Array>({ start: (controller) => controller.error(failure) });
    await expect(all(second.pipeThrough(tfrecordEncoderStream()))).rejects.toBe(failure);
  });

  test.each([['text'], [5], [new Uint16Array(3)]])('%j is not a record', async (value) => {
    const stream = webStream([value as unknown as Uint8Array]).pipeThrough(tfrecordEncoderStream());
    await expect(all(stream)).rejects.toThrow(UsageError);
  });

  test('an invalid option is a UsageError', () => {
    expect(() => tfrecordDecoderStream({ checksum: 'no' as 'off' })).toThrow(UsageError);
  });
});

describe('cancelling', () => {
  test('reaches the source, even a silent one', async () => {
    let cancelled: unknown;
    const source = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(file.subarray(0, 20)),
      cancel: (reason) => {
        cancelled = reason;
      },
    });
    const reader = source.pipeThrough(tfrecordDecoderStream()).getReader();
    expect((await reader.read()).value).toEqual(payloads[0]);
    const waiting = reader.read();
    await reader.cancel('enough');
    expect(await waiting).toEqual({ done: true, value: undefined });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(cancelled).toBe('enough');
  });

  test('between records', async () => {
    let cancelled = false;
    const chunks = rechunk(file, 100);
    const source = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(chunks.next().value!),
      cancel: () => {
        cancelled = true;
      },
    });
    for await (const record of source.pipeThrough(tfrecordDecoderStream())) {
      expect(record).toEqual(payloads[0]);
      break;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(cancelled).toBe(true);
  });
});

test('backpressure: nothing is read ahead for a reader that does not read', async () => {
  let given = 0;
  const chunk = encoded([new Uint8Array(1000)]);
  const source = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      given++;
      controller.enqueue(chunk);
    },
  });
  const reader = source.pipeThrough(tfrecordDecoderStream()).getReader();
  for (let i = 0; i < 10; i++) await reader.read();
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(given).toBeLessThan(20);
  await reader.cancel();
});

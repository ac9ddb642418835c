import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { tfrecordDecoderStream, tfrecordEncoderStream } from '../../src/index.ts';
import { rechunk, webStream } from '../support/rechunk.ts';
import { FILE, flipped, OFFSETS, PAYLOADS } from '../support/samples.ts';

async function collect(stream: ReadableStream<Uint8Array>): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return chunks;
    chunks.push(value);
  }
}

describe('tfrecordDecoderStream', () => {
  test.each([1, 7, 100, 5000])('bytes in chunks of %i go in, records come out', async (size) => {
    expect(await collect(webStream(rechunk(FILE, size)).pipeThrough(tfrecordDecoderStream()))).toEqual(
      PAYLOADS,
    );
    const packed = webStream(rechunk(gzipSync(FILE), size));
    expect(await collect(packed.pipeThrough(tfrecordDecoderStream()))).toEqual(PAYLOADS);
  });

  test('no input gives no output', async () => {
    expect(await collect(webStream([]).pipeThrough(tfrecordDecoderStream()))).toEqual([]);
  });

  test('damage: the records before it, then the typed error', async () => {
    const bad = flipped(FILE, OFFSETS[4] - 1);
    const reader = webStream(rechunk(bad, 50)).pipeThrough(tfrecordDecoderStream()).getReader();
    for (const payload of PAYLOADS.slice(0, 3)) expect((await reader.read()).value).toEqual(payload);
    await expect(reader.read()).rejects.toMatchObject({
      code: 'data-checksum',
      record: 3,
      offset: OFFSETS[3],
    });
  });

  test('an invalid option is an immediate error', () => {
    expect(() => tfrecordDecoderStream({ checksum: 'none' as never })).toThrow(UsageError);
  });

  test('an error of the source is passed on', async () => {
    const broken = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(FILE.slice(0, OFFSETS[2]));
        setTimeout(() => controller.error(new Error('reset')), 5);
      },
    });
    await expect(collect(broken.pipeThrough(tfrecordDecoderStream()))).rejects.toThrow('reset');
  });

  test('cancelling it cancels the source, even a silent one', async () => {
    for (const bytes of [0, OFFSETS[2] + 5]) {
      let reason: unknown;
      const silent = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(FILE.slice(0, bytes)),
        cancel(given) {
          reason = given;
        },
      });
      const reader = silent.pipeThrough(tfrecordDecoderStream()).getReader();
      if (bytes > 0) await reader.read();
      await reader.cancel('enough');
      await sleep(5);
      expect(reason).toBe('enough');
    }
  });

  test('a slow consumer slows down the source', async () => {
    let pulls = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulls++;
        controller.enqueue(FILE.slice());
      },
    });
    const reader = endless.pipeThrough(tfrecordDecoderStream()).getReader();
    await reader.read();
    await sleep(20);
    expect(pulls).toBeLessThan(12);
    await reader.cancel();
  });
});

describe('tfrecordEncoderStream', () => {
  test('records go in, a file comes out', async () => {
    const chunks = await collect(webStream(PAYLOADS).pipeThrough(tfrecordEncoderStream()));
    expect(Buffer.concat(chunks)).toEqual(Buffer.from(FILE));
  });

  test('there and back', async () => {
    const back = webStream(PAYLOADS)
      .pipeThrough(tfrecordEncoderStream())
      .pipeThrough(tfrecordDecoderStream());
    expect(await collect(back)).toEqual(PAYLOADS);
  });

  test('anything other than a record is an error', async () => {
    const wrong = webStream(['text'] as never).pipeThrough(tfrecordEncoderStream());
    await expect(collect(wrong)).rejects.toThrow(UsageError);
  });
});

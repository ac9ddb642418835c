import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, createReadStream, existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { TFRecordFramer } from '../../../src/formats/tfrecord/encode.ts';
import { scanTFRecords } from '../../../src/records/index.ts';
import { FrameQueue } from '../../../src/records/write/frame-queue.ts';
import { openTFRecordShards, openTFRecordWriter, writeWhole } from '../../../src/records/write/index.ts';
import type { Sink } from '../../../src/storage/storage.ts';
import { concat } from '../../support/oracle-tfrecord.ts';
import { readAll } from '../../support/outcome.ts';
import { openDescriptors, tempDir } from '../../support/temp-dir.ts';
import {
  bytesOf,
  encoded,
  expectBytes,
  expectRecords,
  failureOf,
  namesIn,
  recordsOf,
  somePayloads,
} from './written.ts';

const folder = tempDir();

/** Mounts a file system of 256 KiB, if the machine allows the tests to do so. */
function smallDisk(): string | undefined {
  const place = folder.file('small-disk');
  mkdirSync(place);
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'recordpipe-test', place]);
  if (status !== 0) return undefined;
  afterAll(() => spawnSync('umount', ['-l', place]));
  return place;
}

const disk = smallDisk();
const noise = somePayloads(5, 300);

describe.runIf(disk !== undefined)('a full disk', () => {
  test.each(['none', 'gzip', 'zlib'] as const)('%s: an error, and nothing is left', async (compression) => {
    const path = join(disk!, 'data');
    const writer = await openTFRecordWriter(path, { compression, bufferBytes: 65_536 });
    const error = await failureOf(async () => {
      for (let i = 0; i < 40; i++) for (const payload of noise) await writer.write(payload);
      await writer.close();
    });
    expect(error).toMatchObject({ code: 'io-failure', uri: path });
    expect(error.message).toContain('no space left');
    for (const call of [() => writer.write(noise[0]), () => writer.flush(), () => writer.close()])
      expect((await failureOf(call)).code).toBe('io-failure');
    expect(namesIn(disk!)).toEqual([]);
    expect(openDescriptors(disk!)).toBe(0);
  });

  test('for a record larger than the buffer, its own promise rejects', async () => {
    const writer = await openTFRecordWriter(join(disk!, 'data'), { bufferBytes: 4096 });
    const error = await failureOf(() => writer.write(new Uint8Array(1_000_000)));
    expect(error.code).toBe('io-failure');
    await writer.abort();
    expect(namesIn(disk!)).toEqual([]);
  });

  test.each(['none', 'gzip'] as const)(
    '%s: a failed append leaves the file unchanged',
    async (compression) => {
      const path = join(disk!, 'data');
      const first = await openTFRecordWriter(path, { compression });
      await first.write(noise[3]);
      await first.close();
      const before = bytesOf(path);
      const writer = await openTFRecordWriter(path, { append: true, bufferBytes: 4096 });
      const error = await failureOf(async () => {
        for (let i = 0; i < 40; i++) for (const payload of noise) await writer.write(payload);
        await writer.close();
      });
      expect(error.code).toBe('io-failure');
      await writer.abort();
      expectBytes(bytesOf(path), before);
      await (await openTFRecordWriter(path, { overwrite: true })).abort();
      spawnSync('rm', [path]);
    },
  );

  test('a document leaves nothing, and an existing one remains', async () => {
    const path = join(disk!, 'report.json');
    await writeWhole(path, [Buffer.from('older')]);
    const error = await failureOf(() => writeWhole(path, [new Uint8Array(1_000_000)], { overwrite: true }));
    expect(error).toMatchObject({ code: 'io-failure', uri: path });
    expect(namesIn(disk!)).toEqual(['report.json']);
    expect(readFileSync(path, 'utf8')).toBe('older');
    rmSync(path);
  });

  test('no shard is left', async () => {
    const error = await failureOf(async () => {
      await using writer = openTFRecordShards(join(disk!, 'train'), {
        maxShardBytes: 100_000,
        bufferBytes: 4096,
      });
      for (let i = 0; i < 40; i++) for (const payload of noise) await writer.write(payload);
    });
    expect(error.code).toBe('io-failure');
    expect(namesIn(disk!)).toEqual([]);
    expect(openDescriptors(disk!)).toBe(0);
  });
});

test('/dev/full', async () => {
  const writer = await openTFRecordWriter('/dev/full', { bufferBytes: 4096 });
  void writer.write(new Uint8Array(100));
  expect(await failureOf(() => writer.flush())).toMatchObject({ code: 'io-failure', uri: '/dev/full' });
  await writer.abort();
  expect(statSync('/dev/full').isCharacterDevice()).toBe(true);
});

test('a directory without write permission', async () => {
  const place = folder.file('locked');
  mkdirSync(place);
  chmodSync(place, 0o555);
  const root = process.geteuid?.() === 0;
  if (root) chmodSync(folder.path, 0o755);
  if (root) process.seteuid!(65_534);
  try {
    const error = await failureOf(() => openTFRecordWriter(join(place, 'data')));
    expect(error).toMatchObject({ code: 'access-denied', uri: join(place, 'data') });
    const shards = openTFRecordShards(join(place, 'train'));
    expect((await failureOf(() => shards.write(noise[0]))).code).toBe('access-denied');
    expect((await failureOf(() => shards.close())).code).toBe('access-denied');
  } finally {
    if (root) process.seteuid!(0);
  }
  expect(namesIn(place)).toEqual([]);
});

describe('not a regular file', () => {
  test.each(['none', 'gzip'] as const)('/dev/null, %s: written in place', async (compression) => {
    const writer = await openTFRecordWriter('/dev/null', { compression });
    for (const payload of noise) await writer.write(payload);
    expect((await writer.close()).records).toBe(noise.length);
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
    const appending = await openTFRecordWriter('/dev/null', { append: true, compression });
    await appending.write(noise[3]);
    await appending.abort();
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  });

  test('a FIFO: a reader receives the records while they are written', async () => {
    const path = folder.file('fifo');
    execFileSync('mkfifo', [path]);
    const read = readAll(createReadStream(path));
    const writer = await openTFRecordWriter(path, { bufferBytes: 4096 });
    for (const payload of noise) await writer.write(payload);
    await writer.close();
    const { payloads, error } = await read;
    expect(error).toBeUndefined();
    expectRecords(payloads, noise);
    expect(statSync(path).isFIFO()).toBe(true);
  });

  test('a FIFO whose reader closes it', async () => {
    const path = folder.file('left-fifo');
    execFileSync('mkfifo', [path]);
    const reader = spawn('head', ['-c', '10000', path], { stdio: 'ignore' });
    const left = once(reader, 'close');
    const writer = await openTFRecordWriter(path, { bufferBytes: 4096 });
    const error = await failureOf(async () => {
      for (let i = 0; i < 40; i++) for (const payload of noise) await writer.write(payload);
      await writer.close();
    });
    expect(error).toMatchObject({ code: 'io-failure', uri: path });
    await left;
    await writer.abort();
    expect(statSync(path).isFIFO()).toBe(true);
  });
});

/** Records what it receives, once it is allowed to continue. */
class SlowSink implements Sink {
  readonly written: Uint8Array[] = [];
  bytes = 0;
  async write(bytes: Uint8Array): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    this.written.push(bytes.slice());
    this.bytes += bytes.length;
  }
  async flush(): Promise<void> {}
  async close(): Promise<void> {}
  async destroy(): Promise<void> {}
}

describe('a slow disk', () => {
  test.each([4096, 10_000])(
    'a caller that awaits is never more than the buffers ahead (%i bytes)',
    async (bufferBytes) => {
      const sink = new SlowSink();
      const queue = new FrameQueue(sink, new TFRecordFramer(), bufferBytes);
      let taken = 0;
      let most = 0;
      for (const payload of noise) {
        await queue.push(payload, payload.length + 16);
        taken += payload.length + 16;
        most = Math.max(most, taken - sink.bytes);
      }
      await queue.drain();
      expect(most).toBeLessThanOrEqual(3 * bufferBytes);
      expect(most).toBeGreaterThan(bufferBytes);
      expectBytes(concat(sink.written), encoded(noise));
    },
  );

  test('records of a caller that does not await keep their order', async () => {
    const sink = new SlowSink();
    const queue = new FrameQueue(sink, new TFRecordFramer(), 4096);
    const waits = noise.map((payload) => queue.push(payload, payload.length + 16));
    await queue.drain();
    await Promise.all(waits);
    expectBytes(concat(sink.written), encoded(noise));
  });

  test('every waiting record is rejected with the failure, and nothing is written after it', async () => {
    const sink = new SlowSink();
    const failure = new Error('broken');
    const writes: number[] = [];
    sink.write = async (bytes) => {
      writes.push(bytes.length);
      await new Promise((resolve) => setImmediate(resolve));
      throw failure;
    };
    const queue = new FrameQueue(sink, new TFRecordFramer(), 4096);
    const waits = noise
      .map((payload) => queue.push(payload, payload.length + 16))
      .filter((promise) => promise !== undefined);
    const outcomes = await Promise.allSettled(waits);
    expect(waits.length).toBeGreaterThan(200);
    for (const outcome of outcomes) expect(outcome).toEqual({ status: 'rejected', reason: failure });
    await expect(queue.drain()).rejects.toBe(failure);
    expect(writes).toHaveLength(1);
  });
});

describe('steps run one after the other', () => {
  test('a flush that is not awaited does not overlap with writes', async () => {
    const sink = new SlowSink();
    let under = 0;
    let most = 0;
    const watched = async (step: () => Promise<void>): Promise<void> => {
      most = Math.max(most, ++under);
      await step();
      under--;
    };
    const write = sink.write.bind(sink);
    sink.write = (bytes) => watched(() => write(bytes));
    sink.flush = () => watched(() => new Promise((resolve) => setImmediate(resolve)));
    sink.close = () => watched(() => new Promise((resolve) => setImmediate(resolve)));
    const queue = new FrameQueue(sink, new TFRecordFramer(), 4096);
    const steps: Promise<unknown>[] = [];
    for (const [i, payload] of noise.entries()) {
      const taken = queue.push(payload, payload.length + 16);
      if (i % 7 === 0) steps.push(queue.afterAll(() => sink.flush()));
      if (i % 3 === 0) await taken;
    }
    steps.push(queue.afterAll(() => sink.close()));
    await Promise.all(steps);
    expect(most).toBe(1);
    expectBytes(concat(sink.written), encoded(noise));
  });

  test('a failed flush is the failure of the queue', async () => {
    const sink = new SlowSink();
    const failure = new Error('broken');
    const queue = new FrameQueue(sink, new TFRecordFramer(), 4096);
    await expect(queue.afterAll(() => Promise.reject(failure))).rejects.toBe(failure);
    expect(queue.failure).toBe(failure);
    await expect(queue.drain()).rejects.toBe(failure);
  });
});

test('an aborted writer does not write the rest of a large record', async () => {
  const sink = new SlowSink();
  const queue = new FrameQueue(sink, new TFRecordFramer(), 4096);
  const failure = new Error('given up');
  const write = sink.write.bind(sink);
  sink.write = async (bytes) => {
    await write(bytes);
    queue.failure ??= failure;
  };
  const taken = queue.push(new Uint8Array(20_000_000), 20_000_016);
  await expect(taken).rejects.toBe(failure);
  await queue.settled();
  expect(sink.bytes).toBeLessThan(3_000_000);
});

test('a record whose frame cannot be allocated fails, and nothing waits forever', async () => {
  const sink = new SlowSink();
  const framer = new TFRecordFramer();
  const failure = new UsageError('no memory');
  framer.encode = () => {
    throw failure;
  };
  const queue = new FrameQueue(sink, framer, 4096);
  const large = queue.push(new Uint8Array(10_000), 10_016);
  const small = queue.push(new Uint8Array(10), 26);
  await expect(large).rejects.toBe(failure);
  await Promise.allSettled([small]);
  await expect(queue.drain()).rejects.toBe(failure);
});

test('many small writers, sequentially and concurrently', async () => {
  const names = Array.from({ length: 200 }, (_, i) => folder.file(`many-${i}`));
  await Promise.all(
    names.map(async (name, i) => {
      const writer = await openTFRecordWriter(name, { bufferBytes: 4096 });
      for (let j = 0; j < 10; j++) await writer.write(new Uint8Array(1000).fill(i));
      await writer.close();
    }),
  );
  for (const [i, name] of names.entries()) expect((await recordsOf(name))[9][999]).toBe(i);
  expect(openDescriptors(folder.path)).toBe(0);
});

describe('a writer that blocks', () => {
  test('fails in the call that cannot write, and in every later one; nothing is left', async () => {
    const writer = await openTFRecordWriter('/dev/full', { blocking: true, bufferBytes: 4096 });
    const fill = (): void => {
      for (let i = 0; i < 100; i++) writer.write(new Uint8Array(100));
    };
    expect(fill).toThrow(/no space left/);
    expect(fill).toThrow(/no space left/);
    await expect(writer.close()).rejects.toThrow(/no space left/);
  });
});

test('a record whose buffer was moved to another thread is rejected, and leaves no gap in the file', async () => {
  for (const blocking of [false, true]) {
    const path = folder.file(`moved-${blocking}.tfrecord`);
    const writer = await openTFRecordWriter(path, { blocking });
    await writer.write(Uint8Array.of(1));
    const moved = Uint8Array.of(2, 3);
    structuredClone(moved.buffer, { transfer: [moved.buffer] });
    expect(() => writer.write(moved)).toThrow(/detached/);
    expect(() => writer.write(moved)).toThrow(UsageError);
    await writer.write(new Uint8Array(0));
    await writer.write(Uint8Array.of(4));
    expect(await writer.close()).toMatchObject({ records: 3 });
    expect((await scanTFRecords(path)).records).toBe(3);
  }
});

test('a record that is moved while it waits for room fails the writer, and nothing is published', async () => {
  const path = folder.file('waiting.tfrecord');
  const writer = await openTFRecordWriter(path, { bufferBytes: 4096 });
  let waits: Promise<void> | undefined;
  for (let i = 0; i < 20 && waits === undefined; i++) {
    const payload = new Uint8Array(4000);
    waits = writer.write(payload);
    if (waits !== undefined) structuredClone(payload.buffer, { transfer: [payload.buffer] });
  }
  await expect(writer.close()).rejects.toBeInstanceOf(UsageError);
  await expect(waits).rejects.toThrow(/await the promise/);
  expect(existsSync(path)).toBe(false);
});

import { once } from 'node:events';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { encodeRecordIO, encodeTFRecord } from '../../../src/index.ts';
import {
  type ManifestTuple,
  PipeModeDataset,
  PipeModeError,
  type PipeModeMetrics,
} from '../../../src/pipemode/index.ts';
import { type ChannelPlace, channelPlace, ended, makePipes, start, writeInto } from './channel-place.ts';
import { missingProgram } from './programs.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (record: Uint8Array): string => new TextDecoder().decode(record);

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** An epoch as a regular file, which works like a pipe. */
function epochFile(place: ChannelPlace, epoch: number, lines: readonly string[], channel?: string): void {
  writeFileSync(place.pipe(epoch, channel), joined(lines.map((line) => encodeRecordIO(utf8(line)))));
}

/** An epoch through a pipe, written by another process. */
function epochPipe(
  place: ChannelPlace,
  epoch: number,
  bytes: Uint8Array,
  channel?: string,
): ReturnType<typeof start> {
  const file = `${place.root}/${channel ?? 'train'}-${epoch}.bin`;
  writeFileSync(file, bytes);
  makePipes(place.pipe(epoch, channel));
  return writeInto(place.pipe(epoch, channel), file);
}

describe('epochs', () => {
  test('each iteration reads the next epoch, even in another dataset', async () => {
    const place = channelPlace();
    for (const epoch of [0, 1, 2, 3]) epochFile(place, epoch, [`epoch ${epoch}`, 'x']);
    const dataset = new PipeModeDataset('train', place.dirs);
    expect((await dataset.toArray()).map(text)).toEqual(['epoch 0', 'x']);
    expect((await dataset.repeat(2).toArray()).map(text)).toEqual(['epoch 1', 'x', 'epoch 2', 'x']);
    const again = new PipeModeDataset('train', { ...place.dirs, record_format: 'RecordIO' });
    expect((await again.map(text).batch(2).toArray())[0]).toEqual(['epoch 3', 'x']);
    expect(place.state()).toBe('4');
    expect(again.metrics()).toMatchObject({
      channel: 'train',
      epoch: 3,
      records: 2,
      payloadBytes: 8,
      outcome: 'end',
    });
  });

  test('an unread iteration takes no epoch, except in compat mode', async () => {
    const place = channelPlace();
    epochFile(place, 0, ['a']);
    epochFile(place, 1, ['b']);
    const dataset = new PipeModeDataset('train', place.dirs);
    dataset[Symbol.asyncIterator]();
    await dataset.iterate().return();
    expect(place.state()).toBe(undefined);
    const eager = new PipeModeDataset('train', { ...place.dirs, reserve: 'on-create' });
    eager.iterate();
    await expect.poll(() => place.state()).toBe('1');
    expect((await dataset.toArray()).map(text)).toEqual(['b']);
  });

  test('a pipe closed before its writer connects goes to the next reader', async () => {
    const place = channelPlace();
    makePipes(place.pipe(0));
    const dataset = new PipeModeDataset('train', place.dirs);
    const stop = new AbortController();
    const left = expect(dataset.toArray({ signal: stop.signal })).rejects.toMatchObject({ code: 'aborted' });
    await expect.poll(() => place.state()).toBe('1');
    stop.abort();
    await left;
    await expect.poll(() => place.state()).toBe('0');
    writeFileSync(`${place.root}/late`, encodeRecordIO(utf8('late')));
    writeInto(place.pipe(0), `${place.root}/late`);
    expect((await dataset.toArray()).map(text)).toEqual(['late']);
    expect(place.state()).toBe('1');
  });

  test('an epoch is taken once a writer connects', async () => {
    const place = channelPlace();
    makePipes(place.pipe(0));
    const dataset = new PipeModeDataset('train', place.dirs);
    const stop = new AbortController();
    const reading = dataset.toArray({ signal: stop.signal });
    const writer = start('sh', '-c', 'exec 3> "$0"; echo open; exec sleep 60', place.pipe(0));
    await once(writer.stdout!, 'data');
    await expect.poll(() => place.state()).toBe('1');
    stop.abort();
    await expect(reading).rejects.toMatchObject({ code: 'aborted' });
    expect(place.state()).toBe('1');
  });

  test('two concurrent datasets receive two pipes, and no record twice', async () => {
    const place = channelPlace();
    const records = (epoch: number): string[] => Array.from({ length: 500 }, (_, i) => `${epoch}:${i}`);
    for (let epoch = 0; epoch < 6; epoch++)
      epochPipe(place, epoch, joined(records(epoch).map((line) => encodeRecordIO(utf8(line)))));
    const dataset = new PipeModeDataset('train', place.dirs);
    const read = await Promise.all(Array.from({ length: 6 }, () => dataset.map(text).toArray()));
    read.sort((a, b) => a[0].localeCompare(b[0]));
    expect(read).toEqual([0, 1, 2, 3, 4, 5].map(records));
    expect(place.state()).toBe('6');
  });
});

describe('waiting', () => {
  test('for a pipe that appears late, and for a writer that connects even later', async () => {
    const place = channelPlace();
    const dataset = new PipeModeDataset('train', place.dirs);
    const reading = dataset.map(text).toArray();
    await expect.poll(() => place.state()).toBe('0');
    makePipes(place.pipe(0));
    await expect.poll(() => place.state()).toBe('1');
    const file = `${place.root}/bytes`;
    writeFileSync(file, encodeRecordIO(utf8('at last')));
    writeInto(place.pipe(0), file);
    expect(await reading).toEqual(['at last']);
  });

  test('for a pipe that another reader takes continues with the next', async () => {
    const place = channelPlace();
    const dataset = new PipeModeDataset('train', place.dirs);
    const reading = dataset.map(text).toArray();
    await expect.poll(() => place.state()).toBe('0');
    writeFileSync(place.statePath(), '1');
    epochFile(place, 1, ['the next']);
    expect(await reading).toEqual(['the next']);
    expect(place.state()).toBe('2');
  });

  test('ends with an error that names the existing files, and keeps the index', async () => {
    const place = channelPlace();
    writeFileSync(place.pipe(7), '');
    const dataset = new PipeModeDataset('train', { ...place.dirs, openTimeoutMs: 120 });
    const error = await dataset.count().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PipeModeError);
    expect(error).toMatchObject({
      code: 'pipe-timeout',
      channel: 'train',
      epoch: undefined,
      uri: place.pipe(0),
    });
    expect((error as Error).message).toMatch(/within \d+ ms; found train_7;/);
    expect(place.state()).toBe('0');
  });

  test('says that the existing epochs were read before, when a program runs again', async () => {
    const place = channelPlace();
    epochFile(place, 0, ['x']);
    const run = (): Promise<number> =>
      new PipeModeDataset('train', { ...place.dirs, openTimeoutMs: 60 }).count();
    expect(await run()).toBe(1);
    await expect(run()).rejects.toThrow(
      /found train_0, which earlier runs have read; .* delete the state file/,
    );
  });

  test("with compat: 'sagemaker' consumes the index anyway", async () => {
    const place = channelPlace();
    const dataset = new PipeModeDataset('train', { ...place.dirs, openTimeoutMs: 60, compat: 'sagemaker' });
    await expect(dataset.count()).rejects.toMatchObject({ code: 'pipe-timeout', epoch: 0 });
    expect(place.state()).toBe('1');
  });

  test('for a silent writer is limited; a slow consumer does not count', async () => {
    const place = channelPlace();
    makePipes(place.pipe(0));
    const record = encodeRecordIO(utf8('r'));
    writeFileSync(`${place.root}/r`, record);
    const program =
      'echo up; exec 3> "$1"; cat "$0" "$0" "$0" >&3; read _; cat "$0" >&3; echo sent; exec sleep 60';
    const writer = start('sh', '-c', program, `${place.root}/r`, place.pipe(0));
    await once(writer.stdout!, 'data');
    const dataset = new PipeModeDataset('train', { ...place.dirs, idleTimeoutMs: 1000 });
    let records = 0;
    const reading = (async () => {
      for await (const _ of dataset) {
        if (++records !== 3) continue;
        const sent = once(writer.stdout!, 'data');
        writer.stdin?.write('\n');
        await Promise.all([sent, new Promise((resolve) => setTimeout(resolve, 1500))]);
      }
    })();
    await expect(reading).rejects.toMatchObject({
      code: 'pipe-timeout',
      epoch: 0,
      record: 4,
      offset: 4 * record.length,
    });
    expect(records).toBe(4);
    expect(dataset.metrics()).toMatchObject({ records: 4, outcome: 'failed' });
  });

  test('for a writer that never connects is limited', async () => {
    const place = channelPlace();
    makePipes(place.pipe(0));
    const dataset = new PipeModeDataset('train', { ...place.dirs, idleTimeoutMs: 60 });
    await expect(dataset.count()).rejects.toThrow(/no writer opened the pipe/);
    expect(place.state()).toBe('0');
  });

  test('a writer that dies in a record leaves a truncated record', async () => {
    const place = channelPlace();
    makePipes(place.pipe(0));
    const bytes = encodeTFRecord(new Uint8Array(100));
    writeFileSync(`${place.root}/r`, joined([bytes, bytes.subarray(0, 50)]));
    const writer = start(
      'sh',
      '-c',
      'exec 3> "$1"; cat "$0" >&3; echo; exec sleep 60',
      `${place.root}/r`,
      place.pipe(0),
    );
    const dataset = new PipeModeDataset('train', { ...place.dirs, recordFormat: 'TFRecord' });
    const iterator = dataset.iterate();
    expect((await iterator.next()).value?.length).toBe(100);
    writer.kill('SIGKILL');
    await expect(iterator.next()).rejects.toMatchObject({
      code: 'truncated-record',
      record: 1,
      offset: bytes.length,
    });
  });
});

test('leaving early closes the pipe: its writer receives EPIPE', async () => {
  const place = channelPlace();
  const bytes = joined(Array.from({ length: 3000 }, () => encodeRecordIO(new Uint8Array(1000))));
  const writer = epochPipe(place, 0, bytes);
  const dataset = new PipeModeDataset('train', place.dirs);
  expect((await dataset.take(5).toArray()).length).toBe(5);
  expect(await ended(writer)).toBe('SIGPIPE');
  expect(place.state()).toBe('1');
  expect(dataset.metrics()).toMatchObject({ records: 5, outcome: 'left' });
});

describe.skipIf(missingProgram('python3'))('a Python writer', () => {
  test('writes small pieces, flushed one by one', async () => {
    const place = channelPlace();
    makePipes(place.pipe(0));
    const program =
      'import sys, struct\n' +
      'with open(sys.argv[1], "wb", buffering=0) as pipe:\n' +
      '    for i in range(300):\n' +
      '        body = b"%d" % i * (i % 40)\n' +
      '        for part in (struct.pack("<I", 0xced7230a), struct.pack("<I", len(body)), body + b"\\0" * (-len(body) % 4)):\n' +
      '            pipe.write(part)\n';
    start('python3', '-c', program, place.pipe(0));
    const read = await new PipeModeDataset('train', place.dirs).map(text).toArray();
    expect(read).toEqual(Array.from({ length: 300 }, (_, i) => String(i).repeat(i % 40)));
  });
});

test('batches() yields batches, with and without reused memory', async () => {
  const place = channelPlace();
  const bytes = joined(
    Array.from({ length: 20_000 }, (_, i) => encodeTFRecord(new Uint8Array(i % 700).fill(i))),
  );
  for (const epoch of [0, 1]) epochPipe(place, epoch, bytes);
  const dataset = new PipeModeDataset('train', { ...place.dirs, recordFormat: 'TFRecord' });
  for (const reuse of [false, true]) {
    let records = 0;
    for await (const batch of dataset.batches({ reuse })) {
      for (const record of batch) {
        const i = records++;
        if (record.length !== i % 700 || record.some((byte) => byte !== i % 256))
          throw new Error(`record ${i}`);
      }
    }
    expect(records).toBe(20_000);
    expect(dataset.state()).toMatchObject({ recordsRead: 20_000, bytesRead: bytes.length });
  }
});

describe('augmented manifests', () => {
  const lines = Array.from({ length: 10 }, (_, i) => [`image ${i}`, `${i}`, `[${i}]`]);

  test("batch(3).map(combine) works as in the original's README", async () => {
    const place = channelPlace();
    epochFile(place, 0, lines.flat());
    const combine = (records: Uint8Array[]): string[] => records.map(text);
    expect(await new PipeModeDataset('train', place.dirs).batch(3).map(combine).toArray()).toEqual(lines);
  });

  test('attributes produce named, typed tuples', async () => {
    const place = channelPlace();
    epochFile(place, 0, lines.flat());
    const onWarning = (): void => {};
    const dataset = new PipeModeDataset('train', {
      ...place.dirs,
      onWarning,
      attributes: ['image-ref', 'label', 'bbox'],
    });
    expectTypeOf(dataset.first).returns.resolves.toEqualTypeOf<
      ManifestTuple<readonly ['image-ref', 'label', 'bbox']> | undefined
    >();
    const tuples = await dataset
      .map((tuple) => [tuple['image-ref'], tuple.label, tuple.bbox].map(text))
      .toArray();
    expect(tuples).toEqual(lines);
  });

  test('a stream that ends inside a tuple is an error that names the attribute; damage keeps its code', async () => {
    const place = channelPlace();
    epochFile(place, 0, lines.flat().slice(0, 8));
    writeFileSync(place.pipe(1), encodeRecordIO(new Uint8Array(40)).subarray(0, 30));
    const dataset = new PipeModeDataset('train', {
      ...place.dirs,
      onWarning: () => {},
      attributes: ['image-ref', 'label', 'bbox'],
    });
    let tuples = 0;
    const reading = dataset.forEach(() => void tuples++);
    await expect(reading).rejects.toMatchObject({
      code: 'truncated-record',
      channel: 'train',
      epoch: 0,
      record: 8,
    });
    await expect(reading).rejects.toThrow(
      /inside tuple 2, after "image-ref", "label": "bbox" did not arrive/,
    );
    expect(tuples).toBe(2);
    await expect(dataset.count()).rejects.toMatchObject({ code: 'truncated-record', epoch: 1, record: 0 });
  });
});

describe('File mode', () => {
  test('reads the files of the channel with fileModeFallback, sorted, each from its start', async () => {
    const place = channelPlace();
    place.configure({ train: { TrainingInputMode: 'File' } });
    mkdirSync(`${place.pipeDir}/train/b`, { recursive: true });
    const put = (name: string, lines: string): void => writeFileSync(`${place.pipeDir}/train/${name}`, lines);
    put('b/2', 'three\nfour\n');
    put('a', 'one\ntwo');
    put('c', 'five');
    symlinkSync('c', `${place.pipeDir}/train/d`);
    expect(() => new PipeModeDataset('train', place.dirs)).toThrow(
      expect.objectContaining({ code: 'not-a-pipe-channel' }),
    );
    const dataset = new PipeModeDataset('train', {
      ...place.dirs,
      recordFormat: 'TextLine',
      fileModeFallback: true,
    });
    for (const _ of [0, 1])
      expect(await dataset.map(text).toArray()).toEqual(['one', 'two', 'three', 'four', 'five', 'five']);
    expect(place.state()).toBe(undefined);
    expect(dataset.state()).toMatchObject({ epoch: null, recordsRead: 6, bytesRead: 7 + 11 + 4 + 4 });
    const state = JSON.parse(JSON.stringify(dataset.state()));
    expect(
      await dataset
        .resume({ ...state, recordsRead: 3, bytesRead: 13, lastRecord: null })
        .map(text)
        .toArray(),
    ).toEqual(['four', 'five', 'five']);
  });
});

describe('metrics', () => {
  test("are printed as SageMaker's lines and passed to onEpochEnd after each epoch", async () => {
    const place = channelPlace();
    writeFileSync(place.pipe(0), 'a\nbb\nccc\n');
    const lines: string[] = [];
    const ends: PipeModeMetrics[] = [];
    const dataset = new PipeModeDataset('train', {
      ...place.dirs,
      recordFormat: 'TextLine',
      benchmark: true,
      benchmarkRecordsInterval: 2,
      writeLine: (line) => lines.push(line),
      onEpochEnd: (metrics) => ends.push(metrics),
    });
    expect(await dataset.count()).toBe(3);
    const prefix = 'PipeModeDatasetOp::Dataset::Iterator';
    expect(
      lines.map((line) =>
        line.replace(/: (\d+|inf|-nan|[\d.e-]+)\n$/, (_, n: string) =>
          /ms|_ns|GB/.test(line) ? '' : `: ${n}`,
        ),
      ),
    ).toEqual([
      `${prefix} records: 2`,
      `${prefix} records read_time_ns`,
      `${prefix} records read_bytes: 2`,
      `${prefix} records: 4`,
      `${prefix} records read_time_ns`,
      `${prefix} records read_bytes: 0`,
      `${prefix} total read_time_ms`,
      `${prefix} total read_bytes: 6`,
      `${prefix} total read_GB/s`,
    ]);
    expect(ends).toMatchObject([{ records: 3, payloadBytes: 6, outcome: 'end', epoch: 0, corrupted: 0 }]);
  });
});

test('a dataset can be converted to Node streams and web streams', async () => {
  const place = channelPlace();
  epochFile(place, 0, ['a', 'b']);
  epochFile(place, 1, ['c']);
  const dataset = new PipeModeDataset('train', place.dirs);
  expect((await Readable.from(dataset).toArray()).map(text)).toEqual(['a', 'b']);
  const reader = dataset.toReadableStream().getReader();
  expect(text((await reader.read()).value as Uint8Array)).toBe('c');
  expect((await reader.read()).done).toBe(true);
  expect(readFileSync(place.statePath(), 'utf8')).toBe('2');
});

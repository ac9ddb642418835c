import { execFileSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { deflateSync, gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import {
  type ByteSource,
  type FormatName,
  isRecordpipeError,
  openRecords,
  type RecordpipeError,
  type RecordReadOptions,
  type RecordScanOptions,
  readRecordBatches,
  readRecords,
  scanRecords,
} from '../../src/index.ts';
import { detected, goldenFiles, sha256 } from '../support/golden.ts';
import { type Outcome, where } from '../support/outcome.ts';
import { DOES_ALL_RUNS, everyNth, randomRuns, someInTurn } from '../support/random-runs.ts';
import { CHUNK_SIZES, rechunk, slowly, webStream } from '../support/rechunk.ts';
import { FILE, PAYLOADS } from '../support/samples.ts';
import { openDescriptors, tempDir } from '../support/temp-dir.ts';
import { recordIOWays, textLineWays, tfrecordWays, type Ways, waysOf } from '../support/ways.ts';

const temp = tempDir();
const auto: Ways<Partial<RecordReadOptions>, Partial<RecordScanOptions>> = waysOf({
  decodeBatches: () => [],
  readBatches: readRecordBatches,
  read: readRecords,
  scan: scanRecords,
});
const named = { tfrecord: tfrecordWays, recordio: recordIOWays, textline: textLineWays } as unknown as Record<
  FormatName,
  typeof auto
>;

/** More chunks would only take longer. */
const MANY_CHUNKS = randomRuns(3_000);
let turn = 0;

const fifoOf = (name: string): string => temp.file(`${name}.fifo`);
beforeAll(() => {
  execFileSync(
    'mkfifo',
    goldenFiles().map(({ name }) => fifoOf(name)),
  );
});

/** Returns everything that must be the same, whether the format is detected or specified. */
function facts({ payloads, offsets, error }: Outcome): unknown {
  // Hashes and texts, because comparing thousands of values with `expect` takes long.
  const lengths = payloads.map(({ length }) => length).join();
  return { payloads: sha256(Buffer.concat(payloads)), lengths, offsets: offsets.join(), error: where(error) };
}

describe.each(goldenFiles().map((golden, place) => ({ ...detected(golden), place })))('$name', (golden) => {
  const { name, url, bytes, format, compression, options, error } = golden;
  const path = fileURLToPath(url);
  /** Bytes of a small chunk. */
  const small = DOES_ALL_RUNS ? 63 : Math.max(63, Math.ceil(bytes.length / MANY_CHUNKS));
  const expected: Outcome =
    format === null
      ? { payloads: [], offsets: [], error: error as RecordpipeError }
      : named[format].decodeAll(bytes, options);
  const expectedFacts = facts(expected);
  const check = async (source: ByteSource, more: Partial<RecordReadOptions> = {}): Promise<void> => {
    expect(facts(await auto.readAll(source, { ...options, ...more }))).toEqual(expectedFacts);
  };

  test('path, URL, descriptor, bytes, Blob', async () => {
    await check(path);
    await check(path, { reuse: true });
    await check(path, { blocking: true, reuse: true });
    await check(url);
    const descriptor = openSync(path, 'r');
    await check(descriptor, { reuse: true });
    closeSync(descriptor);
    await check(bytes);
    await check(bytes.slice().buffer);
    await check(new Blob([bytes.slice()]));
    await check(new Response(bytes.slice()));
  });

  test.each(everyNth(CHUNK_SIZES, 2, golden.place))('in chunks of %i', async (size) => {
    if (bytes.length / size > MANY_CHUNKS) return;
    await check(rechunk(bytes, size));
    if (size > 1 && size < 63) return;
    const sources = [
      () => slowly(rechunk(bytes, size)),
      () => Readable.from(rechunk(bytes, size), { objectMode: false }),
      () => webStream(rechunk(bytes, size)),
    ];
    for (const source of someInTurn(sources, turn++)) await check(source(), { reuse: turn % 2 === 0 });
  });

  test('a named pipe', async () => {
    const fifo = fifoOf(name);
    // The reader may close the pipe early.
    const written = writeFile(fifo, bytes).catch(() => {});
    await check(fifo, { reuse: true });
    await written;
  });

  test('compressed twice: the format is detected from the content', async () => {
    if (compression !== 'none') return;
    await check(gzipSync(bytes));
    await check(deflateSync(bytes));
    if (bytes.length / 7 < MANY_CHUNKS) await check(rechunk(gzipSync(bytes), 7));
    await check(gzipSync(bytes), { compression: 'gzip' });
    if (format !== null && bytes.length > 0) {
      const { format: inside, compression: outside, batches } = await openRecords(gzipSync(bytes));
      await batches.return();
      expect([inside, outside]).toEqual([format, 'gzip']);
    }
  });

  test('scan', async () => {
    for (const source of [path, bytes, [...rechunk(bytes, small)]]) {
      const found = await auto.scan(source, options).catch((failure: unknown) => failure);
      if (format === null) {
        expect(isRecordpipeError(found, 'unknown-format')).toBe(true);
        continue;
      }
      const known = await named[format].scan(source, options);
      const { errors, ...rest } = found as typeof known;
      const { errors: knownErrors, ...knownRest } = known;
      expect(rest).toEqual(knownRest);
      expect(errors.map(where)).toEqual(knownErrors.map(where));
    }
  });

  test('a specified format gives the same result as detection', async () => {
    if (format === null) return;
    await check(path, { format });
    await check(rechunk(bytes, small), { format });
    const { stats } = await auto.readEach(path, options);
    expect(stats).toEqual((await auto.readEach(path, { ...options, format })).stats);
  });
});

describe('openRecords', () => {
  test('reports the format before the records are read', async () => {
    const path = temp.file('six.tfrecord', FILE);
    const opened = await openRecords(path);
    expect(opened).toMatchObject({ format: 'tfrecord', compression: 'none', uri: path });
    expect(opened.size?.()).toBe(FILE.length);
    const payloads: Uint8Array[] = [];
    for await (const batch of opened.batches) payloads.push(...batch);
    expect(payloads).toEqual(PAYLOADS);
  });

  test('reports the compression if the format is specified', async () => {
    const opened = await openRecords(rechunk(gzipSync(FILE), 5), { format: 'tfrecord', uri: 'there' });
    expect(opened).toMatchObject({ format: 'tfrecord', compression: 'gzip', uri: 'there', size: undefined });
    const payloads: Uint8Array[] = [];
    for await (const batch of opened.batches) payloads.push(...batch);
    expect(payloads).toEqual(PAYLOADS);
  });

  test('a source that is never read is closed by return()', async () => {
    let closed = false;
    const source = {
      async *[Symbol.asyncIterator]() {
        try {
          yield FILE;
        } finally {
          closed = true;
        }
      },
    };
    const { batches } = await openRecords(source);
    expect(closed).toBe(false);
    await batches.return();
    expect(closed).toBe(true);
  });

  test('errors of opening are thrown immediately', async () => {
    await expect(openRecords(temp.file('nowhere'))).rejects.toMatchObject({ code: 'not-found' });
    await expect(openRecords(temp.path)).rejects.toMatchObject({ code: 'unsupported-source' });
    await expect(openRecords('x', { format: 'csv' as 'auto' })).rejects.toThrow(UsageError);
  });
});

describe('unknown formats', () => {
  const parquet = Uint8Array.from('PAR1\x15\x04\x15\x10\x15\x14L\x15', (char) => char.charCodeAt(0));

  test('an error names the file and its likely kind, and closes it', async () => {
    const path = temp.file('table.parquet', parquet);
    const { error } = await auto.readAll(path);
    expect(error).toMatchObject({ code: 'unknown-format', uri: path, record: 0, offset: 0 });
    expect(error?.message).toMatch(/looks like a Parquet file/);
    expect((await auto.readAll(rechunk(parquet, 1))).error?.code).toBe('unknown-format');
    expect(openDescriptors(temp.path)).toBe(0);
  });

  test('inside a compressed stream, too', async () => {
    const { error } = await auto.readAll(gzipSync(parquet));
    expect(error).toMatchObject({ code: 'unknown-format', compressed: true });
    expect(error?.message).toContain('inside the gzip stream, this looks like a Parquet file');
    const twice = await auto.readAll(gzipSync(gzipSync(FILE)));
    expect(twice.error?.message).toContain('inside the gzip stream, this looks like a gzip stream');
  });

  test('can be read if the format is specified', async () => {
    expect((await auto.readAll(parquet, { format: 'textline' })).payloads).toHaveLength(1);
    expect((await auto.readAll(parquet, { format: 'recordio' })).error?.code).toBe('bad-magic');
  });

  test('a damaged compressed stream is read as far as it goes', async () => {
    const packed = gzipSync(FILE);
    expect((await auto.readAll(packed.subarray(0, 8))).error?.code).toBe('truncated-compressed-stream');
    expect((await auto.readAll(FILE, { compression: 'gzip' })).error?.code).toBe('corrupt-compressed-stream');
    expect((await auto.readAll(deflateSync(FILE).fill(255, 2))).error?.code).toBe(
      'corrupt-compressed-stream',
    );
  });
});

test('an empty source has no records, in any format', async () => {
  for (const source of [new Uint8Array(0), [], gzipSync(''), temp.file('empty', new Uint8Array(0))]) {
    expect(await auto.readAll(source)).toEqual({ payloads: [], offsets: [], error: undefined });
  }
});

test('text that begins like zlib, and short zlib streams that look like text', async () => {
  const lines = async (bytes: Uint8Array): Promise<string[]> =>
    (await auto.readAll(bytes)).payloads.map((line) => new TextDecoder().decode(line));
  for (const start of ['x^2\n', 'HK\n', 'h\u0081y\n', '8O\n']) {
    const text = `${start}${'more\n'.repeat(30)}`;
    expect((await lines(new TextEncoder().encode(text)))[1]).toBe('more');
    expect(await lines(new TextEncoder().encode(start))).toEqual([start.trimEnd()]);
  }
  for (const text of ['a', 'ab\ncd', 'the quick brown fox']) {
    expect(await lines(deflateSync(text))).toEqual(text.split('\n'));
    expect(await lines(deflateSync(text, { level: 0 }))).toEqual(text.split('\n'));
  }
});

test('the format of a stream is detected early: records arrive before it ends', async () => {
  const endless = async function* (first: Uint8Array): AsyncGenerator<Uint8Array> {
    yield first;
    await new Promise(() => {});
  };
  for (const first of [FILE, new TextEncoder().encode('a first line\n')]) {
    const stop = new AbortController();
    const reader = readRecords(endless(first), { signal: stop.signal });
    expect((await reader.next()).done).toBe(false);
    stop.abort();
  }
});

test('a signal also ends detection', async () => {
  const stop = new AbortController();
  const silent = new ReadableStream<Uint8Array>({});
  const reading = auto.readAll(silent, { signal: stop.signal });
  stop.abort();
  expect((await reading).error?.code).toBe('aborted');
});

test('a failure of the source during detection is reported unchanged', async () => {
  const failing = async function* (): AsyncGenerator<Uint8Array> {
    yield FILE.subarray(0, 5);
    throw new Error('the network is gone');
  };
  await expect(readRecords(failing()).next()).rejects.toThrow('the network is gone');
});

test('invalid options of any format are rejected immediately', () => {
  expect(() => readRecords([], { multipart: 'mxnet' as 'dmlc' })).toThrow(UsageError);
  expect(() => readRecords([], { delimiter: '' })).toThrow(UsageError);
  expect(() => readRecords([], { format: 'json' as 'auto' })).toThrow(
    'format: expected one of auto, tfrecord, recordio, textline, got json',
  );
  expect(() => readRecords([], { format: 'tfrecord', checksum: 'none' as 'off' })).toThrow(UsageError);
});

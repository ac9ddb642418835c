import { chmodSync, closeSync, openSync, readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import {
  type ByteSource,
  decodeTFRecords,
  encodeTFRecord,
  isRecordpipeError,
  RecordpipeError,
  readTFRecords,
  scanRecords,
  scanTFRecords,
} from '../../src/index.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { readAll } from '../support/outcome.ts';
import { webStream } from '../support/rechunk.ts';
import { openDescriptors, tempDir } from '../support/temp-dir.ts';

const dir = tempDir();
const record = encodeTFRecord(Uint8Array.of(1, 2, 3));
const file = concat([record, record, record]);
const path = dir.file('three.tfrecord', file);

async function codeOf(source: ByteSource): Promise<string | undefined> {
  const { error } = await readAll(source);
  await expect(scanTFRecords(source)).rejects.toMatchObject({ code: error?.code });
  return error?.code;
}

describe('errors of opening have a code and a name', () => {
  test('a missing file, and a file used as a directory', async () => {
    expect(await codeOf(dir.file('missing'))).toBe('not-found');
    expect(await codeOf(`${path}/deeper`)).toBe('not-found');
    const { error } = await readAll(dir.file('missing'));
    expect(error?.uri).toBe(dir.file('missing'));
    expect(error?.message).toContain(dir.file('missing'));
    expect(await codeOf(pathToFileURL(dir.file('missing')))).toBe('not-found');
  });

  test('a directory, by path and by descriptor', async () => {
    expect(await codeOf(dir.path)).toBe('unsupported-source');
    expect(await codeOf(pathToFileURL(dir.path))).toBe('unsupported-source');
    const descriptor = openSync(dir.path, 'r');
    expect(await codeOf(descriptor)).toBe('unsupported-source');
    closeSync(descriptor);
    expect(openDescriptors(dir.path)).toBe(0);
  });

  test('a file without permission', async () => {
    const secret = dir.file('secret', file);
    chmodSync(secret, 0);
    const root = process.geteuid?.() === 0;
    // Root ignores permissions, so temporarily switch to another user.
    if (root) process.seteuid?.(65534);
    try {
      expect(await codeOf(secret)).toBe('access-denied');
    } finally {
      if (root) process.seteuid?.(0);
    }
  });

  test('a descriptor that is not open', async () => {
    const descriptor = openSync(path, 'r');
    closeSync(descriptor);
    expect(await codeOf(descriptor)).toBe('io-failure');
  });

  test('a descriptor that is open for writing only', async () => {
    const descriptor = openSync(dir.file('writing'), 'w');
    expect(await codeOf(descriptor)).toBe('io-failure');
    closeSync(descriptor);
  });

  test('a URL of another kind, and a failed response', async () => {
    expect(await codeOf(new URL('https://example.com/a.tfrecord'))).toBe('unsupported-source');
    expect(await codeOf(new Response('gone', { status: 404 }))).toBe('io-failure');
  });

  test.each([null, undefined, true, {}, () => 1, 5n, Symbol('s')])('%o', async (source) => {
    expect(await codeOf(source as never)).toBe('unsupported-source');
  });
});

describe('chunks that are not bytes', () => {
  test.each([
    ['an array of numbers', () => [1, 2, 3]],
    ['texts', () => ['abc']],
    ['a stream in object mode', () => Readable.from([{ a: 1 }])],
    [
      'a decoded stream',
      () => Readable.from([Buffer.from('text')], { objectMode: false }).setEncoding('utf8'),
    ],
    ['a web stream of strings', () => webStream(['text'] as never)],
    ['words of 16 bits', () => [new Uint16Array(20)]],
    ['a string after valid bytes', () => [record, 'text']],
  ])('%s', async (_, make) => {
    expect((await readAll(make() as never)).error?.code).toBe('unsupported-source');
    await expect(scanTFRecords(make() as never)).rejects.toMatchObject({ code: 'unsupported-source' });
  });

  test('the position of the first one is known', async () => {
    const { payloads, error } = await readAll([record, record, 'text'] as never, { uri: 'mine' });
    expect(payloads.length).toBe(2);
    expect(error).toMatchObject({ record: 2, offset: 2 * record.length, uri: 'mine' });
  });

  test('the source is closed', async () => {
    const stream = Readable.from([record, 'text']);
    await readAll(stream as never);
    expect(stream.destroyed).toBe(true);
  });
});

describe('a source that fails', () => {
  async function* failing(error: unknown, before: Uint8Array[]): AsyncGenerator<Uint8Array> {
    yield* before;
    throw error;
  }

  test.each([0, 1, 2])(
    'after %i records: these are delivered, then an io-failure with the position and the error as its cause',
    async (count) => {
      const mine = new Error('the network is down');
      const chunks = Array.from({ length: count }, () => record);
      const place = { record: count, offset: count * record.length };
      const { payloads, error } = await readAll(failing(mine, chunks));
      expect(payloads.length).toBe(count);
      expect(error).toMatchObject({ code: 'io-failure', cause: mine, ...place });
      expect(error?.message).toMatch(/the source failed: the network is down; .*`start`/);
      await expect(scanTFRecords(failing(mine, chunks))).rejects.toMatchObject({
        code: 'io-failure',
        ...place,
      });
    },
  );

  test('an abort of the source is an abort', async () => {
    const abort = new DOMException('stopped', 'AbortError');
    const { error } = await readAll(failing(abort, [record]));
    expect(error).toMatchObject({ code: 'aborted', record: 1, cause: abort });
  });

  test('a typed error without a position gets one', async () => {
    const mine = new RecordpipeError('io-failure', 'connection reset', {}, 'why');
    const { error } = await readAll(failing(mine, [record, record.subarray(0, 5)]), { uri: 's3://b/k' });
    expect(error).toMatchObject({
      code: 'io-failure',
      record: 1,
      offset: record.length,
      uri: 's3://b/k',
      cause: 'why',
    });
  });

  test('a Node stream that is destroyed', async () => {
    const stream = new Readable({ read() {} });
    stream.push(record);
    setTimeout(() => stream.destroy(new Error('reset')), 2);
    expect((await readAll(stream)).error).toMatchObject({ code: 'io-failure', record: 1, offset: 19 });
  });

  test('a web stream that errors', async () => {
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(record.slice());
        setTimeout(() => controller.error(new Error('reset')), 2);
      },
    });
    expect((await readAll(stream)).error).toMatchObject({ code: 'io-failure', record: 1, offset: 19 });
  });
});

describe('a source that has been read is an error, not an empty file', () => {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield file;
  }
  function* parts(): Generator<Uint8Array> {
    yield file;
  }

  test.each<[string, () => ByteSource]>([
    ['an async generator', chunks],
    ['a generator', parts],
    ['a Node stream', () => Readable.from([file])],
    ['a web stream', () => webStream([file])],
    ['a Response', () => new Response(file as BodyInit)],
  ])('%s', async (_, make) => {
    const source = make();
    expect((await readAll(source)).payloads.length).toBe(3);
    const { payloads, error } = await readAll(source);
    expect(payloads).toEqual([]);
    expect(error?.code).toBe('closed');
    expect(error?.message).toMatch(/has already been read.*; (create|fetch)/);
  });

  test('a stream that others have read or hold', async () => {
    const ended = Readable.from([file]);
    await ended.toArray();
    expect((await readAll(ended)).error?.code).toBe('closed');
    const answer = new Response(file as BodyInit);
    await answer.arrayBuffer();
    expect((await readAll(answer)).error).toMatchObject({ code: 'closed' });
    const locked = webStream([file]);
    locked.getReader();
    const { error } = await readAll(locked);
    expect(error?.code).toBe('unsupported-source');
    expect(error?.message).toMatch(/locked.*releaseLock.*tee/);
  });

  test('arrays and bytes can be read again', async () => {
    for (const source of [[file], new Set([file]), file, new Blob([file as BlobPart])])
      for (let i = 0; i < 2; i++) expect((await readAll(source)).payloads.length).toBe(3);
  });
});

describe('advice for unsupported sources', () => {
  test.each<[unknown, RegExp]>([
    ['https://example.com/a.tfrecord', /cannot open https: addresses; pass the Response: await fetch\(url\)/],
    ['gs://bucket/a.tfrecord', /cannot open gs: addresses/],
    [[path, path], /got string; .*readRecords/],
    [undefined, /got undefined/],
  ])('%o', async (source, advice) => {
    const { error } = await readAll(source as never);
    expect(error?.code).toBe('unsupported-source');
    expect(error?.message).toMatch(advice);
  });
});

describe('valid sources', () => {
  test.each<[string, () => ByteSource]>([
    ['no chunks', () => []],
    ['empty chunks', () => [new Uint8Array(0), new Uint8Array(0)]],
    ['an empty Response', () => new Response(null)],
    ['an empty Blob', () => new Blob([])],
  ])('%s: no records', async (_, make) => {
    expect(await readAll(make())).toEqual({ payloads: [], offsets: [], error: undefined });
    expect(await scanTFRecords(make())).toMatchObject({
      records: 0,
      errorCount: 0,
      bytes: 0,
      compression: 'none',
    });
  });

  test('empty chunks between others', async () => {
    const nothing = new Uint8Array(0);
    const chunks = [
      nothing,
      file.subarray(0, 5),
      nothing,
      nothing,
      file.subarray(5, 20),
      nothing,
      file.subarray(20),
      nothing,
    ];
    const { payloads, error } = await readAll(chunks);
    expect(error).toBeUndefined();
    expect(payloads.length).toBe(3);
  });

  test('bytes in memory of any kind, also of another realm', async () => {
    const shared = new SharedArrayBuffer(file.length);
    new Uint8Array(shared).set(file);
    const { buffer } = file.slice();
    const elsewhere = runInNewContext('new Uint8Array(bytes)', { bytes: [...file] }) as Uint8Array;
    const memory = [
      Buffer.from(file),
      buffer,
      new DataView(buffer),
      shared,
      new Uint8Array(shared),
      elsewhere,
    ];
    for (const bytes of memory) {
      const expected = [...Array(3)].map(() => Uint8Array.of(1, 2, 3));
      expect((await readAll(bytes)).payloads).toEqual(expected);
      expect((await readAll([bytes] as never)).payloads).toEqual(expected);
      expect([...decodeTFRecords(bytes)]).toEqual(expected);
      expect((await scanTFRecords(bytes)).records).toBe(3);
      expect((await scanRecords(bytes)).records).toBe(3);
    }
    expect(() => decodeTFRecords(path as never)).toThrow(/expected bytes .*, got string; .*readRecords/);
  });

  test('a FileHandle is read from its position and stays open; a closed one is an error', async () => {
    const handle = await open(path);
    expect((await readAll(handle)).payloads.length).toBe(3);
    expect((await handle.stat()).size).toBe(file.length);
    await handle.close();
    expect((await readAll(handle)).error?.code).toBe('closed');
  });

  test('a descriptor is read from its position and stays open', async () => {
    const descriptor = openSync(path, 'r');
    const { readSync } = await import('node:fs');
    readSync(descriptor, Buffer.alloc(record.length), 0, record.length, null);
    expect((await readAll(descriptor)).payloads.length).toBe(2);
    closeSync(descriptor);
  });

  test('a process file, which reports size 0', async () => {
    const { error } = await readAll('/proc/self/status');
    expect(error?.code).toBe('length-checksum');
    expect(readFileSync('/proc/self/status').length).toBeGreaterThan(12);
  });

  test('names: a path, a given uri, a File', async () => {
    const bad = record.slice();
    bad[12] ^= 1;
    const badPath = dir.file('bad', bad);
    expect((await readAll(badPath)).error?.uri).toBe(badPath);
    expect((await readAll(badPath, { uri: 'mine' })).error?.uri).toBe('mine');
    expect((await readAll(new File([bad], 'its name'))).error?.uri).toBe('its name');
    expect((await readAll(bad)).error?.uri).toBeUndefined();
    expect((await scanTFRecords(badPath)).errors[0].uri).toBe(badPath);
    expect((await readAll(badPath)).error?.message).toMatch(/\(record 0 at byte 0 of .*bad\)$/);
  });

  test('an error has the JSON form that reports print', async () => {
    const { error } = await readAll([record.subarray(0, 3)]);
    expect(isRecordpipeError(error)).toBe(true);
    expect(isRecordpipeError(error, 'data-checksum')).toBe(false);
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: 'RecordpipeError',
      code: 'truncated-header',
      uri: null,
      record: 0,
      offset: 0,
      message: error?.message,
    });
  });
});

test('a kept record is unchanged when later ones are read', async () => {
  for (const source of [path, [...file].map((byte) => Uint8Array.of(byte))]) {
    const kept: Uint8Array[] = [];
    for await (const one of readTFRecords(source, { chunkBytes: 5 })) kept.push(one);
    expect(kept).toEqual([...Array(3)].map(() => Uint8Array.of(1, 2, 3)));
  }
});

import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { convertFile, type FileFormat } from '../../src/transform/index.ts';
import { bytesOf, expectBytes, failureOf, namesIn, somePayloads } from '../records/write/written.ts';
import { randomRuns } from '../support/random-runs.ts';
import { rechunk } from '../support/rechunk.ts';
import { openDescriptors, tempDir } from '../support/temp-dir.ts';
import { ANY_BYTES, anyPayloads, COMPRESSIONS, fileOf } from './kinds.ts';

const temp = tempDir();
const EXTENSION: Record<FileFormat, string> = {
  tfrecord: '.tfrecord',
  recordio: '.rec',
  textline: '.txt',
  base64: '.b64',
};

/** Converts a file through a sequence of formats and returns the final output. */
async function along(start: Uint8Array, way: readonly FileFormat[]): Promise<Uint8Array> {
  let from = temp.file(`way-0${EXTENSION[way[0]]}`, start);
  for (const [i, format] of way.slice(1).entries()) {
    const to = temp.file(`way-${i + 1}${EXTENSION[format]}`);
    await convertFile(from, to, { overwrite: true });
    from = to;
  }
  return bytesOf(from);
}

describe('conversion keeps every byte', () => {
  test('of a file from TFRecord to RecordIO to base64 to TFRecord', async () => {
    await fc.assert(
      fc.asyncProperty(anyPayloads, async (payloads) => {
        const start = fileOf('tfrecord', payloads);
        expectBytes(await along(start, ['tfrecord', 'recordio', 'base64', 'tfrecord']), start);
      }),
      { numRuns: randomRuns(50) },
    );
  });

  test.each(ANY_BYTES.flatMap((from) => ANY_BYTES.map((to) => [from, to] as const)))(
    '%s to %s',
    async (from, to) => {
      const payloads = somePayloads(4);
      const output = temp.file(`out-${from}${EXTENSION[to]}`);
      const result = await convertFile(fileOf(from, payloads), output, { from, overwrite: true });
      expectBytes(bytesOf(output), fileOf(to, payloads));
      expect(result).toMatchObject({
        from,
        to,
        compression: 'none',
        output: { path: output, records: payloads.length },
      });
    },
  );

  test.each(COMPRESSIONS.flatMap((one) => COMPRESSIONS.map((other) => [one, other] as const)))(
    '%s to %s',
    async (one, other) => {
      const payloads = somePayloads(6);
      const start = temp.file(`start-${one}.tfrecord`, fileOf('tfrecord', payloads));
      const [a, b] = [temp.file(`a-${one}`), temp.file(`b-${one}-${other}`)];
      const writing = { to: 'recordio', overwrite: true } as const;
      await convertFile(start, a, { ...writing, write: { compression: one } });
      const { compression } = await convertFile(a, b, { ...writing, write: { compression: other } });
      expect(compression).toBe(other);
      const back = temp.file('back.tfrecord');
      await convertFile(b, back, { overwrite: true });
      expectBytes(bytesOf(back), fileOf('tfrecord', payloads));
    },
  );

  test.each([1, 7, 4096])('in input chunks of %i bytes', async (size) => {
    const payloads = somePayloads(8).slice(0, 60);
    for (const from of ANY_BYTES) {
      const output = temp.file('chunks.rec');
      await convertFile(rechunk(fileOf(from, payloads), size), output, { from, overwrite: true });
      expectBytes(bytesOf(output), fileOf('recordio', payloads));
    }
  });

  test('of text without newlines in records, in both directions', async () => {
    const text = new TextEncoder().encode('first\n\nthird, ünïcode\r inside\nlast\n');
    expectBytes(await along(text, ['textline', 'tfrecord', 'base64', 'textline']), text);
  });

  test('of a payload larger than any buffer', async () => {
    const payloads = [new Uint8Array(5_000_001).map((_, i) => i >> 3), new Uint8Array(0)];
    const start = fileOf('tfrecord', payloads);
    expectBytes(await along(start, ['tfrecord', 'base64', 'recordio', 'tfrecord']), start);
  });
});

describe('output format and compression', () => {
  const payloads = somePayloads(2).slice(0, 5);
  const source = fileOf('tfrecord', payloads);

  test.each([
    ['x.tfrecord', 'tfrecord', 'none'],
    ['x.TFRecords.GZ', 'tfrecord', 'gzip'],
    ['x.rec.zlib', 'recordio', 'zlib'],
    ['x.base64', 'base64', 'none'],
    ['x.b64.gz', 'base64', 'gzip'],
    ['x.rec-00001-of-00002', 'recordio', 'none'],
  ])('%s: %s, %s', async (name, to, compression) => {
    const result = await convertFile(source, temp.file(name), { overwrite: true });
    expect(result).toMatchObject({ from: 'tfrecord', to, compression });
  });

  test('a name without a known extension keeps the format', async () => {
    const output = temp.file('nothing-said');
    await convertFile(source, output);
    expectBytes(bytesOf(output), source);
  });

  test('the .gz extension and the gzip option produce the same file', async () => {
    const [a, b] = [temp.file('same.rec.gz'), temp.file('same')];
    await convertFile(source, a);
    await convertFile(source, b, { to: 'recordio', write: { compression: 'gzip' } });
    expectBytes(bytesOf(a), bytesOf(b));
  });

  test.each([{ to: 'parquet' }, { from: 'csv' }, { write: { level: 99 } }, { read: { maxRecordBytes: -1 } }])(
    'rejects %j',
    async (options) => {
      const before = namesIn(temp.path);
      await expect(convertFile(source, temp.file('x'), options as object)).rejects.toThrow(UsageError);
      expect(namesIn(temp.path)).toEqual(before);
    },
  );
});

describe('a failure leaves no partial output', () => {
  const payloads = somePayloads(9);
  const place = join(temp.path, 'careful');
  mkdirSync(place);
  const source = join(place, 'source.tfrecord');
  writeFileSync(source, fileOf('tfrecord', payloads));
  const names = namesIn(place);

  test.each([
    ['a truncated file', (bytes: Uint8Array) => bytes.subarray(0, -5), 'truncated-record'],
    [
      'a flipped bit',
      (bytes: Uint8Array) => bytes.map((byte, i) => (i === bytes.length - 1 ? byte ^ 1 : byte)),
      'data-checksum',
    ],
    [
      'a truncated gzip file',
      (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes)).subarray(0, -9),
      'truncated-compressed-stream',
    ],
  ])('%s at the end of the source', async (_, damage, code) => {
    const error = await failureOf(() =>
      convertFile(damage(fileOf('tfrecord', payloads)), join(place, 'out.rec')),
    );
    expect(error.code).toBe(code);
    expect(namesIn(place)).toEqual(names);
  });

  test('the error names a record that the output cannot represent', async () => {
    const output = join(place, 'out.txt');
    const text = ['fine', 'two\nlines'].map((line) => new TextEncoder().encode(line));
    const error = await failureOf(() =>
      convertFile(fileOf('tfrecord', text), output, { read: { uri: 'in' } }),
    );
    expect(error).toMatchObject({ code: 'unrepresentable', uri: 'in', record: 1, offset: 20 });
    expect(namesIn(place)).toEqual(names);
  });

  test.each(['same', 'link', 'hard link', 'link, overwritten'])(
    'rejects the source as output: %s',
    async (way) => {
      const output = way === 'same' ? source : join(place, 'alias');
      if (way.startsWith('link')) symlinkSync(source, output);
      if (way === 'hard link') linkSync(source, output);
      const error = await failureOf(() =>
        convertFile(source, output, { overwrite: way !== 'link', to: 'recordio' }),
      );
      expect(error.code).toBe('unsupported-source');
      expect(error.message).toContain('same file');
      if (way !== 'same') await import('node:fs').then(({ unlinkSync }) => unlinkSync(output));
      expectBytes(bytesOf(source), fileOf('tfrecord', payloads));
      expect(namesIn(place)).toEqual(names);
    },
  );

  test('an existing file is kept unless overwrite is set', async () => {
    const output = temp.file('there.rec', Uint8Array.of(1));
    expect((await failureOf(() => convertFile(source, output))).code).toBe('already-exists');
    expectBytes(bytesOf(output), Uint8Array.of(1));
    await convertFile(source, output, { overwrite: true });
    expectBytes(bytesOf(output), fileOf('recordio', payloads));
  });

  test.each([
    ['missing/out.rec', 'not-found'],
    ['source.tfrecord/out.rec', 'not-found'],
    ['.', 'unsupported-source'],
  ])('%s: %s', async (name, code) => {
    const error = await failureOf(() => convertFile(source, join(place, name), { overwrite: true }));
    expect(error.code).toBe(code);
    expect(namesIn(place)).toEqual(names);
  });

  test('a missing source', async () => {
    const error = await failureOf(() => convertFile(join(place, 'missing'), join(place, 'out.rec')));
    expect(error).toMatchObject({ code: 'not-found', uri: join(place, 'missing') });
    expect(namesIn(place)).toEqual(names);
    expect(openDescriptors(place)).toBe(0);
  });

  test('an abort before and during the conversion', async () => {
    const stopped = AbortSignal.abort();
    expect(
      (await failureOf(() => convertFile(source, join(place, 'out.rec'), { signal: stopped }))).code,
    ).toBe('aborted');
    const stop = new AbortController();
    const chunks = (function* () {
      for (let i = 0; i < 1000; i++) {
        if (i === 500) stop.abort();
        yield fileOf('tfrecord', payloads);
      }
    })();
    const converting = convertFile(chunks, join(place, 'out.rec'), { signal: stop.signal });
    expect((await failureOf(() => converting)).code).toBe('aborted');
    expect(namesIn(place)).toEqual(names);
    expect(openDescriptors(place)).toBe(0);
  });
});

test('progress reports records and bytes', async () => {
  const bytes = fileOf('recordio', somePayloads(1));
  const reported: unknown[] = [];
  await convertFile(temp.file('progress.rec', bytes), temp.file('progress.tfrecord'), {
    onProgress: (progress) => reported.push(progress),
  });
  expect(reported.at(-1)).toMatchObject({ records: somePayloads(1).length, totalBytes: bytes.length });
});

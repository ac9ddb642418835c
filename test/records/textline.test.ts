import { deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { decodeTextLines, readTextLines, scanTextLines } from '../../src/records/textline.ts';
import { fixture, sha256 } from '../support/golden.ts';
import { offsetView } from '../support/offset-view.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { where } from '../support/outcome.ts';
import { CHUNK_SIZES, rechunk } from '../support/rechunk.ts';
import { gzipMembers } from '../support/samples.ts';
import { bytesOf, cutChunks, decodeLines, readLines, texts } from '../support/text-outcome.ts';

describe('the golden file', () => {
  const bytes = fixture('textline.bin');
  const { cr, records } = JSON.parse(new TextDecoder().decode(fixture('textline.json'))) as {
    cr: 'keep';
    records: { length: number; sha256: string }[];
  };

  test.each([...CHUNK_SIZES, bytes.length])('in chunks of %i', async (size) => {
    for (const outcome of [
      cutChunks(rechunk(bytes, size), { cr }),
      cutChunks(rechunk(bytes, size), { cr }, true),
      cutChunks(
        [...rechunk(bytes, size)].map((chunk) => offsetView(chunk, 7)),
        { cr },
      ),
      await readLines(rechunk(bytes, size), { cr }),
    ]) {
      expect(outcome.error).toBeUndefined();
      expect(
        outcome.payloads.map((payload) => ({ length: payload.length, sha256: sha256(payload) })),
      ).toEqual(records);
    }
    const scan = await scanTextLines(rechunk(bytes, size), { cr });
    expect(scan.records).toBe(records.length);
    expect(scan.payloadBytes).toBe(records.reduce((sum, { length }) => sum + length, 0));
  });
});

describe.each(CHUNK_SIZES)('in chunks of %i', (size) => {
  const cut = (text: string, options = {}): string[] => {
    const one = cutChunks(rechunk(bytesOf(text), size), options);
    const other = cutChunks(rechunk(bytesOf(text), size), options, true);
    expect(one.error).toBeUndefined();
    expect(texts(other)).toEqual(texts(one));
    expect(other.offsets).toEqual(one.offsets);
    return texts(one);
  };

  test('carriage returns, by mode', () => {
    const text = 'a\r\nb\rc\n\r\n\r\r\nd\r\r\n\re\n\r';
    expect(cut(text, { cr: 'keep' })).toEqual(['a\r', 'b\rc', '\r', '\r\r', 'd\r\r', '\re', '\r']);
    expect(cut(text)).toEqual(['a', 'b\rc', '', '\r', 'd\r', '\re', '\r']);
    expect(cut(text, { cr: 'all' })).toEqual(['a', 'bc', '', '', 'd', 'e', '']);
    expect(cut(text, { compat: 'tf' })).toEqual(['a', 'bc', '', '', 'd', 'e']);
    expect(cut('x\n\r\r\r', { compat: 'tf' })).toEqual(['x']);
    expect(cut('x\n\r\r\ry', { compat: 'tf' })).toEqual(['x', 'y']);
  });

  test('empty lines, the last line, an empty file', () => {
    expect(cut('')).toEqual([]);
    expect(cut('\n')).toEqual(['']);
    expect(cut('\r\n')).toEqual(['']);
    expect(cut('\r')).toEqual(['\r']);
    expect(cut('a')).toEqual(['a']);
    expect(cut('a\r')).toEqual(['a\r']);
    expect(cut('\n\na\n\n')).toEqual(['', '', 'a', '']);
    expect(cut('\n\r\n a\n\n\r', { skipBlank: true })).toEqual([' a', '\r']);
    expect(cut('\n\r\r\na\n\n\r', { skipBlank: true, cr: 'all' })).toEqual(['a']);
  });

  test('delimiters of several bytes, including self-overlapping ones', () => {
    expect(cut('a||b|c||', { delimiter: '||' })).toEqual(['a', 'b|c']);
    expect(cut('aaaaa', { delimiter: 'aa' })).toEqual(['', '', 'a']);
    expect(cut('xabababax', { delimiter: 'aba' })).toEqual(['x', 'b', 'x']);
    expect(cut('ab', { delimiter: 'aba' })).toEqual(['ab']);
    expect(cut('aab', { delimiter: 'ab' })).toEqual(['a']);
    expect(cut('a\r\r\nb\r\n', { delimiter: '\r\n' })).toEqual(['a\r', 'b']);
    expect(cut('a\r\r\nb\r\n', { delimiter: '\r\n', cr: 'crlf' })).toEqual(['a', 'b']);
    expect(cut('a\r,b\r', { delimiter: ',' })).toEqual(['a\r', 'b\r']);
    expect(cut('eins→zwei→', { delimiter: '→' })).toEqual(['eins', 'zwei']);
    const long = 'x'.repeat(200);
    expect(cut(`a${long}b${long.slice(1)}c${long}`, { delimiter: long })).toEqual([
      'a',
      `b${long.slice(1)}c`,
    ]);
  });

  test('a byte order mark is kept, or removed at the start of the file', () => {
    expect(cut('\ufeffa\n\ufeffb')).toEqual(['\ufeffa', '\ufeffb']);
    expect(cut('\ufeffa\n\ufeffb', { stripBom: true })).toEqual(['a', '\ufeffb']);
    expect(cut('\ufeff', { stripBom: true })).toEqual([]);
    expect(cut('\n\ufeff', { stripBom: true })).toEqual(['', '\ufeff']);
    const half = cutChunks(rechunk(Uint8Array.of(0xef, 0xbb), size), { stripBom: true });
    expect(half.payloads).toEqual([Uint8Array.of(0xef, 0xbb)]);
    expect(cutChunks(rechunk(bytesOf('\ufeffa\nb'), size), { stripBom: true }).offsets).toEqual([3, 5]);
  });

  test('all bytes are preserved: NUL, 0xff, anything', () => {
    const bytes = Uint8Array.from({ length: 512 }, (_, i) => i & 255);
    const { payloads } = cutChunks(rechunk(bytes, size), { cr: 'keep' });
    expect(payloads.map(({ length }) => length)).toEqual([10, 255, 245]);
    expect(concat([payloads[0], Uint8Array.of(10), payloads[1], Uint8Array.of(10), payloads[2]])).toEqual(
      bytes,
    );
  });

  test('the limit is exact, excludes carriage return and delimiter, and does not depend on chunks', () => {
    for (const delimiter of ['\n', '||', '\r\n']) {
      for (const cr of ['keep', 'crlf', 'all'] as const) {
        const ending = cr !== 'keep' && delimiter !== '\r\n' ? `\r${delimiter}` : delimiter;
        const bytes = bytesOf(`ab${ending}12345${ending}c`);
        const options = { delimiter, cr };
        for (const table of [false, true]) {
          const good = cutChunks(rechunk(bytes, size), { ...options, maxRecordBytes: 5 }, table);
          expect(texts(good)).toEqual(['ab', '12345', 'c']);
          const bad = cutChunks(rechunk(bytes, size), { ...options, maxRecordBytes: 4 }, table);
          expect(texts(bad)).toEqual(['ab']);
          expect(where(bad.error)).toEqual({
            code: 'record-too-large',
            record: 1,
            offset: 2 + ending.length,
          });
          const seen: unknown[] = [];
          const rest = cutChunks(
            rechunk(bytes, size),
            { ...options, maxRecordBytes: 4, recover: 'scan', onCorrupt: (error) => seen.push(where(error)) },
            table,
          );
          expect(texts(rest)).toEqual(['ab', 'c']);
          expect(seen).toEqual([where(bad.error)]);
        }
      }
    }
    expect(where(cutChunks(rechunk(bytesOf('12345'), size), { maxRecordBytes: 4 }).error)?.code).toBe(
      'record-too-large',
    );
    expect(where(cutChunks(rechunk(bytesOf('1234\r'), size), { maxRecordBytes: 4 }).error)?.code).toBe(
      'record-too-large',
    );
    expect(texts(cutChunks(rechunk(bytesOf('1234\r'), size), { maxRecordBytes: 4, cr: 'all' }))).toEqual([
      '1234',
    ]);
  });

  test('gzip members are one stream: a line continues in the next member', async () => {
    const members = concat([gzipSync('a\nb'), gzipSync('c\nd')]);
    expect(texts(await readLines(rechunk(members, size)))).toEqual(['a', 'bc', 'd']);
    expect(texts(await readLines(rechunk(gzipMembers(bytesOf('eins\r\nzwei\r\n'), [5, 6]), size)))).toEqual([
      'eins',
      'zwei',
    ]);
  });
});

describe('lines that are too long', () => {
  test('are an error before more than the limit is held', async () => {
    let pulls = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        pulls++;
        yield new Uint8Array(1000).fill(97);
      }
    }
    const { error } = await readLines(endless(), { maxRecordBytes: 10_000 });
    expect(where(error)).toEqual({ code: 'record-too-large', record: 0, offset: 0 });
    expect(pulls).toBeLessThanOrEqual(12);
    expect(error?.message).toContain('the limit is 10000 (maxRecordBytes)');
  });

  test.each([1000, 5000, 100_000])(
    'are findings of a scan, which continues after them: limit %i',
    async (limit) => {
      const lines = [10, limit, limit + 1, 3, 2 * limit, 5];
      const text = lines.map((length) => 'x'.repeat(length)).join('\n');
      for (const size of [777, 65536, text.length]) {
        const scan = await scanTextLines(rechunk(bytesOf(text), size), { maxRecordBytes: limit });
        expect(scan.records).toBe(4);
        expect(scan.payloadBytes).toBe(10 + limit + 3 + 5);
        expect(scan.errors.map(where)).toEqual([
          { code: 'record-too-large', record: 2, offset: 12 + limit },
          { code: 'record-too-large', record: 4, offset: 12 + limit + limit + 2 + 4 },
        ]);
      }
    },
  );
});

describe('memory', () => {
  test('lines are views of their chunk; only lines that span chunks are copied', () => {
    const chunk = bytesOf('one\ntwo\nthree');
    const views = [...decodeTextLines(chunk)];
    expect(views.every(({ buffer }) => buffer === chunk.buffer)).toBe(true);
  });

  test('a line over many small chunks is joined in linear time', () => {
    const size = 400_000;
    function* ones(): Generator<Uint8Array> {
      for (let i = 0; i < size; i++) yield Uint8Array.of(97);
    }
    expect(cutChunks(ones()).payloads.map(({ length }) => length)).toEqual([size]);
  });

  test('a byte order mark begins in a tiny chunk and ends in a huge one', () => {
    const rest = new Uint8Array(2_000_000).fill(97);
    rest.set([0xbb, 0xbf]);
    expect(cutChunks([Uint8Array.of(0xef), rest], { stripBom: true }).payloads[0].length).toBe(1_999_998);
    expect(cutChunks([Uint8Array.of(0xef), rest]).payloads[0].length).toBe(2_000_001);
  });

  test('without reuse, kept lines are unchanged', async () => {
    const text = Array.from({ length: 3000 }, (_, i) => `line ${i}`).join('\n');
    const kept: Uint8Array[] = [];
    for await (const line of readTextLines(rechunk(bytesOf(text), 100))) kept.push(line);
    expect(kept.map((line) => new TextDecoder().decode(line)).join('\n')).toBe(text);
  });
});

describe('compression auto', () => {
  test.each([
    'x^ is no zlib stream',
    'HK',
    'x^',
    'hC is text as well\n',
    '8OO, and this, too',
    'x\u0681 and so on is text',
  ])('%j is text', async (text) => {
    expect(texts(decodeLines(bytesOf(text)))).toEqual([text.replace('\n', '')]);
    expect(texts(await readLines(rechunk(bytesOf(text), 1)))).toEqual([text.replace('\n', '')]);
  });

  test('zlib and gzip of every level are detected, even for tiny contents', async () => {
    for (let level = 0; level <= 9; level++) {
      for (const text of ['a\nb', 'The quick brown fox\njumps over the lazy dog\n'.repeat(9)]) {
        const expected = text.split('\n').filter((line) => line !== '');
        for (const file of [gzipSync(text, { level }), deflateSync(text, { level })]) {
          expect(texts(decodeLines(new Uint8Array(file)))).toEqual(expected);
          expect(texts(await readLines(rechunk(new Uint8Array(file), 1)))).toEqual(expected);
        }
      }
    }
  });
});

test('invalid options are UsageErrors', () => {
  const wrong = [
    { delimiter: '' },
    { delimiter: new Uint8Array(257) },
    { cr: 'lf' },
    { encoding: 'klingon' },
    { fatal: true },
    { skipBlank: 1 },
    { compat: 'sagemaker' },
  ];
  for (const options of wrong) {
    expect(() => readTextLines(new Uint8Array(1), options as object), JSON.stringify(options)).toThrow(
      UsageError,
    );
  }
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findMalformedUtf8 } from '../../src/formats/utf8.ts';
import { scanTextLines } from '../../src/records/textline.ts';
import { oracleLines } from '../support/oracle-textline.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { where } from '../support/outcome.ts';
import { randomRuns } from '../support/random-runs.ts';
import { CHUNK_SIZES, cutAt, rechunk } from '../support/rechunk.ts';
import { bytesOf, cutChunks, readLines, texts } from '../support/text-outcome.ts';

/** Bytes at the boundaries of every UTF-8 rule. */
const odd = fc.constantFrom(
  0x61,
  0x0a,
  0x0d,
  0x7f,
  0x80,
  0x8f,
  0x90,
  0x9f,
  0xa0,
  0xbf,
  0xc0,
  0xc1,
  0xc2,
  0xdf,
  0xe0,
  0xe1,
  0xec,
  0xed,
  0xee,
  0xef,
  0xf0,
  0xf1,
  0xf3,
  0xf4,
  0xf5,
  0xff,
);
const bytes = fc.array(odd, { maxLength: 50 }).map((list) => Uint8Array.from(list));

function isUtf8(line: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(line);
    return true;
  } catch {
    return false;
  }
}

/** Returns a line as repaired by the Encoding standard. */
function repaired(line: Uint8Array): Uint8Array {
  return bytesOf(new TextDecoder('utf-8', { ignoreBOM: true }).decode(line));
}

describe('utf8', () => {
  test('malformed UTF-8 is exactly the bytes that the host rejects', () => {
    fc.assert(
      fc.property(bytes, (file) => {
        expect(findMalformedUtf8(file, 0, file.length) < 0).toBe(isUtf8(file));
      }),
      { numRuns: randomRuns(5000) },
    );
  });

  test('any bytes in any chunks: each line repaired, both scanners, carriage returns by mode', () => {
    const modes = fc.constantFrom('keep' as const, 'crlf' as const, 'all' as const);
    fc.assert(
      fc.property(
        bytes,
        fc.array(fc.nat(50), { maxLength: 6 }),
        modes,
        fc.boolean(),
        (file, cuts, cr, table) => {
          const expected = oracleLines(file, { cr });
          const outcome = cutChunks(cutAt(file, cuts), { cr, encoding: 'utf8' }, table);
          expect(outcome.payloads).toEqual(expected.map(({ payload }) => repaired(payload)));
          expect(outcome.offsets).toEqual(expected.map(({ offset }) => offset));
        },
      ),
      { numRuns: randomRuns(2000) },
    );
  });

  test('fatal: the first malformed line is an error after all earlier lines; with recover, later ones follow', () => {
    fc.assert(
      fc.property(bytes, fc.array(fc.nat(50), { maxLength: 6 }), fc.boolean(), (file, cuts, table) => {
        const lines = oracleLines(file, { cr: 'crlf' });
        const bad = lines.findIndex(({ payload }) => !isUtf8(payload));
        const options = { encoding: 'utf-8', fatal: true };
        const { payloads, error } = cutChunks(cutAt(file, cuts), options, table);
        if (bad < 0) expect(error).toBeUndefined();
        else expect(where(error)).toEqual({ code: 'malformed-text', record: bad, offset: lines[bad].offset });
        expect(payloads).toEqual(lines.slice(0, bad < 0 ? lines.length : bad).map(({ payload }) => payload));
        const rest = cutChunks(cutAt(file, cuts), { ...options, recover: 'scan' }, table);
        expect(rest.error).toBeUndefined();
        expect(rest.payloads).toEqual(lines.map(({ payload }) => payload).filter(isUtf8));
      }),
      { numRuns: randomRuns(2000) },
    );
  });

  test('a scan finds them all', async () => {
    const file = concat([bytesOf('good\n'), Uint8Array.of(0xff, 10), bytesOf('grün\n'), Uint8Array.of(0xc3)]);
    for (const size of CHUNK_SIZES) {
      const scan = await scanTextLines(rechunk(file, size), { encoding: 'utf8', fatal: true });
      expect(scan.records).toBe(2);
      expect(scan.errors.map(where)).toEqual([
        { code: 'malformed-text', record: 1, offset: 5 },
        { code: 'malformed-text', record: 3, offset: 13 },
      ]);
    }
    const error = cutChunks([file], { encoding: 'utf8', fatal: true }).error;
    expect(error?.message).toContain('byte 0xff, 0 bytes into the line, is not UTF-8');
  });

  test('lines of whole pages: valid text in every script stays a view, and many invalid lines are not slow', () => {
    const text = bytesOf('plain, grün, 漢字, 🎉 and so on\n'.repeat(40_000));
    expect(cutChunks([text], { encoding: 'utf8' }).payloads.length).toBe(40_000);
    const latin = Uint8Array.from(bytesOf('plain, gr?n\n'.repeat(40_000)), (byte) =>
      byte === 63 ? 0xfc : byte,
    );
    const { payloads } = cutChunks([latin], { encoding: 'utf8' });
    expect(payloads.length).toBe(40_000);
    expect(new TextDecoder().decode(payloads[39_999])).toBe('plain, gr\ufffdn');
  });
});

describe('other encodings are converted to UTF-8 before cutting', () => {
  const text = 'plain\r\ngrün\n漢字 🎉\n\nlast \ufffd';
  const utf16 = (big: boolean, mark: boolean): Uint8Array => {
    const units = mark ? [0xfeff] : [];
    for (let i = 0; i < text.length; i++) units.push(text.charCodeAt(i));
    return Uint8Array.from(
      units.flatMap((unit) => (big ? [unit >> 8, unit & 255] : [unit & 255, unit >> 8])),
    );
  };
  const lines = ['plain', 'grün', '漢字 🎉', '', 'last \ufffd'];

  test.each([...CHUNK_SIZES, 4, 5])('in chunks of %i', async (size) => {
    for (const fatal of [false, true]) {
      for (const [encoding, file] of [
        ['utf-16le', utf16(false, false)],
        ['utf-16be', utf16(true, false)],
      ] as const) {
        const outcome = cutChunks(rechunk(file, size), { encoding, fatal });
        expect(outcome.error).toBeUndefined();
        expect(texts(outcome)).toEqual(lines);
        expect(outcome.offsets).toEqual([0, 7, 13, 25, 26]);
        expect(texts(await readLines(rechunk(file, size), { encoding, fatal, reuse: true }))).toEqual(lines);
      }
      const marked = cutChunks(rechunk(utf16(false, true), size), {
        encoding: 'utf-16le',
        stripBom: true,
        fatal,
      });
      expect(texts(marked)).toEqual(lines);
      expect(texts(cutChunks(rechunk(utf16(false, true), size), { encoding: 'utf-16le' }))[0]).toBe(
        '\ufeffplain',
      );
      const latin1 = Uint8Array.of(0x67, 0x72, 0xfc, 0x6e, 10, 0xe9);
      expect(texts(cutChunks(rechunk(latin1, size), { encoding: 'latin1', fatal }))).toEqual(['grün', 'é']);
      // The second byte of the first character is 0x5c, which is a backslash in other encodings.
      const sjis = Uint8Array.of(0x95, 0x5c, 0x8e, 0xa6, 0x0a, 0xb1);
      expect(texts(cutChunks(rechunk(sjis, size), { encoding: 'shift_jis', fatal }))).toEqual(['表示', 'ｱ']);
      expect(
        texts(cutChunks(rechunk(sjis, size), { encoding: 'shift_jis', delimiter: '\\', fatal })),
      ).toEqual(['表示\nｱ']);
    }
  });

  test.each(CHUNK_SIZES)(
    'malformed text: all valid lines, then the error, or U+FFFD; chunks of %i',
    (size) => {
      const file = concat([bytesOf('one\ntwo\nth'), Uint8Array.of(0x81, 0xff), bytesOf('\nfour')]);
      const bad = cutChunks(rechunk(file, size), { encoding: 'shift_jis', fatal: true });
      expect(texts(bad)).toEqual(['one', 'two']);
      expect(where(bad.error)).toEqual({ code: 'malformed-text', record: 2, offset: 8 });
      expect(bad.error?.message).toMatch(/byte 1[01] of the stream is not valid shift_jis/);
      const good = cutChunks(rechunk(file, size), { encoding: 'shift_jis' });
      // The number of U+FFFD depends on the host.
      expect(texts(good).join('\n')).toBe(new TextDecoder('shift_jis').decode(file));
      const cut = cutChunks(rechunk(file.subarray(0, 11), size), { encoding: 'shift_jis', fatal: true });
      expect(where(cut.error)).toEqual({ code: 'malformed-text', record: 2, offset: 8 });
    },
  );

  test('megabytes of it, in slices', () => {
    const long = 'grün 漢字 🎉 und so weiter\n'.repeat(20_000);
    const file = new Uint8Array(
      new Uint16Array(Array.from({ length: long.length }, (_, i) => long.charCodeAt(i))).buffer,
    );
    const outcome = cutChunks(rechunk(file, 999_999), { encoding: 'utf-16le', fatal: true });
    expect(outcome.error).toBeUndefined();
    expect(texts(outcome).join('\n') === long.trimEnd()).toBe(true);
  });
});

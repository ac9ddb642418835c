import { gzipSync } from 'node:zlib';
import { validateFiles as validateInWorkers } from 'recordpipe/check';
import { describe, expect, test } from 'vitest';
import { countQuickly } from '../../src/check/count-quickly.ts';
import type { CheckedReading } from '../../src/check/files-options.ts';
import { countFiles, type Format, validateFiles } from '../../src/check/index.ts';
import { encodeRecordIO } from '../../src/formats/index.ts';
import { oraclePart } from '../support/oracle-recordio.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { Random } from '../support/random.ts';
import { FILE } from '../support/samples.ts';
import { tempDir } from '../support/temp-dir.ts';

/** Counts records by walking only headers. */
function hops(path: string, reading: Partial<CheckedReading>): ReturnType<typeof countQuickly> {
  return countQuickly({ path }, { check: 'count', maxErrors: 1, blocking: false, reading }, {});
}

const temp = tempDir();
const lines = (count: number): Uint8Array => Buffer.from('a line\n'.repeat(count));
const recordio = (lengths: readonly number[]): Uint8Array =>
  concat(lengths.map((length) => encodeRecordIO(new Random(length).bytes(length))));

describe('a folder with files of all formats', () => {
  temp.file('a.tfrecord', FILE);
  temp.file('b.rec', recordio([1, 2, 3]));
  temp.file('c.rec.gz', gzipSync(recordio([4, 5])));
  temp.file('d.txt', lines(7));
  temp.file('e.jsonl.gz', gzipSync(lines(2)));
  temp.file('b.idx', Buffer.from('0\t0\n'));
  const records = async (format: Format): Promise<Record<string, number>> => {
    const { files } = await countFiles(temp.path, { format });
    return Object.fromEntries(files.map(({ uri, records }) => [uri.slice(temp.path.length + 1), records]));
  };

  test('auto selects the binary formats', async () => {
    // The name of the last file is inconclusive, but its contents are not.
    expect(await records('auto')).toEqual({ 'a.tfrecord': 6, 'b.rec': 3, 'c.rec.gz': 2, unpadded: 2 });
  });

  test('a format selects its own files', async () => {
    expect(await records('tfrecord')).toEqual({ 'a.tfrecord': 6 });
    expect(await records('recordio')).toEqual({ 'b.rec': 3, 'c.rec.gz': 2, unpadded: 2 });
    expect(await records('textline')).toEqual({ 'd.txt': 7, 'e.jsonl.gz': 2 });
  });

  test.each([1, 2])(
    'reports have the format of each file and a notice about the skipped index (%i jobs)',
    async (jobs) => {
      const { ok, files, notices } = await validateInWorkers(`${temp.path}/*.*`, { jobs });
      expect(ok).toBe(true);
      expect(files.map(({ format, compression, records }) => [format, compression, records])).toEqual([
        ['tfrecord', 'none', 6],
        ['recordio', 'none', 3],
        ['recordio', 'gzip', 2],
        ['textline', 'none', 7],
        ['textline', 'gzip', 2],
      ]);
      expect(notices).toMatchObject([{ reason: 'index', names: ['b.idx'] }]);
    },
  );

  test('a file of another format has the errors of the requested format', async () => {
    const { files } = await validateFiles(temp.file('a.tfrecord'), { format: 'recordio' });
    expect(files[0]).toMatchObject({
      format: 'recordio',
      errors: [{ code: 'bad-magic', record: 0, offset: 0 }],
    });
    expect(files[0].errors[0].message).toContain('TFRecord');
  });
});

describe('RecordIO', () => {
  const unpadded = temp.file('unpadded', recordio([4, 5]).subarray(0, -3));
  const concatenated = concat([oraclePart(Buffer.from('abc'), 1), oraclePart(Buffer.from('d'), 3)]);

  test('validate rejects missing final padding by default; count accepts it', async () => {
    const [strict] = (await validateFiles(unpadded)).files;
    expect(strict).toMatchObject({
      ok: false,
      errors: [{ code: 'missing-padding', record: 1 }],
      warnings: [],
    });
    const { ok, files, totals } = await validateFiles(unpadded, { strictPadding: false });
    expect(ok).toBe(true);
    expect(files[0].warnings).toMatchObject([{ code: 'missing-final-padding' }]);
    expect(totals.warned).toBe(1);
    expect((await countFiles(unpadded)).files).toEqual([{ uri: unpadded, records: 2 }]);
  });

  test('multipart records, and the finding for the wrong multipart option', async () => {
    const path = temp.file('parts', concatenated);
    expect((await validateFiles(path)).files[0].errors[0].code).toBe('ambiguous-multipart');
    expect((await countFiles(path)).files[0].error?.code).toBe('ambiguous-multipart');
    expect((await validateFiles(path, { multipart: 'concat' })).ok).toBe(true);
    expect((await countFiles(path, { multipart: 'concat' })).records).toBe(1);
    expect((await validateFiles(path, { multipart: 'error' })).files[0].errors[0].code).toBe(
      'unexpected-part',
    );
  });

  describe('counted from headers', () => {
    const KIB = 1024;
    const borders = [4, 64, 128].flatMap((size) =>
      [-17, -13, -9, -8, -7, -1, 0, 1].map((more) => size * KIB + more),
    );

    test.each(borders)('records of %i bytes between small ones', async (length) => {
      const bytes = recordio([3, length, length, 3, length, 3, 3, length]);
      expect(await hops(temp.file(`hop-${length}`, bytes), {})).toEqual({
        format: 'recordio',
        records: 8,
        bytes: bytes.length,
      });
    });

    test('multipart records, large and small', async () => {
      const large = (flag: number, length: number): Uint8Array => oraclePart(new Uint8Array(length), flag);
      const bytes = concat([
        large(1, 8),
        large(2, 100_000),
        large(3, 5),
        large(0, 70_000),
        large(1, 80_000),
        large(3, 0),
        large(1, 0),
        large(3, 90_001),
      ]);
      expect(await hops(temp.file('parts-large', bytes), {})).toMatchObject({ records: 4 });
    });

    test('unusual text falls back to the scan', async () => {
      const large = recordio([200_000]);
      const last = oraclePart(new Uint8Array(4), 1);
      const cases: Record<string, Uint8Array> = {
        gzip: gzipSync(large),
        cut: large.subarray(0, -1),
        'cut in a header': concat([large, large.subarray(0, 6)]),
        'a bad magic number': concat([large, new Uint8Array(16)]),
        'a part without its last': concat([large, last]),
        'a middle part alone': concat([large, oraclePart(new Uint8Array(4), 2)]),
        'parts of the other kind': concat([large, concatenated]),
      };
      for (const [name, bytes] of Object.entries(cases)) {
        const path = temp.file(name, bytes);
        expect(await hops(path, {}), name).toBeUndefined();
        const [counted] = (await countFiles(path)).files;
        const [checked] = (await validateFiles(path)).files;
        expect(counted, name).toMatchObject({ records: checked.records });
        expect(counted.error, name).toEqual(checked.errors[0]);
      }
      expect(await hops(temp.file('too large', large), { maxRecordBytes: 100 })).toBeUndefined();
      expect(await hops(temp.file('too large'), { format: 'tfrecord' })).toBeUndefined();
    });

    test('the count equals that of the scan for random files', async () => {
      const random = new Random(3);
      for (let round = 0; round < 30; round++) {
        const parts = Array.from({ length: 40 }, () => {
          const length = random.below(2 ** random.below(18));
          const flag = random.pick([0, 0, 0, 1, 2, 3]);
          return oraclePart(new Uint8Array(length), flag);
        });
        const path = temp.file('random', concat(parts));
        for (const lenientFlags of [false, true]) {
          const reading = { lenientFlags, multipart: 'concat' } as const;
          const counted = await hops(path, reading);
          const [{ records, ok }] = (await validateFiles(path, reading)).files;
          if (counted === undefined) expect(ok).toBe(false);
          else expect(counted.records).toBe(records);
        }
      }
    });
  });
});

describe('text lines', () => {
  test('a last line without a line end is a warning', async () => {
    const open = temp.file('open.txt', Buffer.from('one\ntwo'));
    for (const bytes of ['one\ntwo', gzipSync('one\ntwo')]) {
      const { ok, files, totals } = await validateFiles(temp.file('open.txt', Buffer.from(bytes)));
      expect(ok).toBe(true);
      expect(files[0]).toMatchObject({
        uri: open,
        records: 2,
        warnings: [{ code: 'missing-final-delimiter' }],
      });
      expect(totals.warned).toBe(1);
    }
    const { files } = await validateFiles(temp.file('closed.txt', lines(2)));
    expect(files[0].warnings).toEqual([]);
    expect((await validateFiles(open, { stripBom: true })).totals.warned).toBe(1);
  });

  test('delimiter and other options apply', async () => {
    const path = temp.file('options.txt', Buffer.from('a||b||\n||c'));
    expect((await countFiles(path, { delimiter: '||' })).records).toBe(4);
    expect((await countFiles(path, { delimiter: new TextEncoder().encode('||') })).records).toBe(4);
    const blank = temp.file('blank.txt', Buffer.from('a\r\n\r\n\nb\n'));
    expect((await countFiles(blank)).records).toBe(4);
    expect((await countFiles(blank, { skipBlank: true })).records).toBe(2);
    expect((await countFiles(blank, { skipBlank: true, cr: 'keep' })).records).toBe(3);
  });

  test('text that is invalid in the requested encoding', async () => {
    const path = temp.file('latin.txt', Buffer.from('gut\ngr\xfc\xdfe und so weiter\n', 'latin1'));
    expect((await validateFiles(path)).ok).toBe(true);
    expect((await validateFiles(path, { encoding: 'latin1', fatal: true })).ok).toBe(true);
    const [file] = (await validateFiles(path, { encoding: 'utf8', fatal: true })).files;
    expect(file).toMatchObject({ ok: false, errors: [{ code: 'malformed-text' }] });
  });
});

describe('an empty file', () => {
  test.each(['empty.tfrecord', 'empty.rec', 'empty.txt'])('%s is ok, with a warning', async (name) => {
    const { ok, files, totals } = await validateFiles(temp.file(name, Buffer.alloc(0)));
    expect(ok).toBe(true);
    expect(files[0]).toMatchObject({ ok: true, records: 0, bytes: 0, warnings: [{ code: 'empty-file' }] });
    expect(totals.warned).toBe(1);
  });

  test('compressed has no records and a warning', async () => {
    const { files } = await validateFiles(temp.file('empty.gz', gzipSync('')), { format: 'tfrecord' });
    expect(files[0]).toMatchObject({ ok: true, warnings: [{ code: 'no-records' }] });
  });
});

import { deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { detectFormat, encodeRecordIO, encodeTFRecord } from '../../src/index.ts';
import { goldenFiles } from '../support/golden.ts';
import { Random } from '../support/random.ts';
import { FILE, flipped, OFFSETS } from '../support/samples.ts';

const bytes = (value: string): Uint8Array => Uint8Array.from(value, (char) => char.charCodeAt(0));
const utf8 = (value: string): Uint8Array => new TextEncoder().encode(value);

describe.each(goldenFiles().filter(({ compression }) => compression === 'none'))(
  '$name',
  ({ name, bytes: file, format }) => {
    test('is detected by its content', () => {
      const known = name.startsWith('not-a') || file.length === 0 ? undefined : format;
      expect(detectFormat(file).format).toBe(known);
      expect(detectFormat(file.subarray(0, 512)).format).toBe(known);
    });
  },
);

describe('files of other kinds are identified', () => {
  test.each([
    ['Git LFS pointer', 'version https://git-lfs.github.com/spec/v1\noid sha256:abc'],
    ['HTML page', '<!DOCTYPE html><html></html>'],
    ['HTML page', '\n  <HTML><BODY>Not Found</BODY></HTML>'],
    ['HTML page', '\xef\xbb\xbf<html>'],
    ['XML document', '<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>'],
    ['PDF', '%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj'],
    ['UTF-16', '\xff\xfea\x00b\x00c\x00\n\x00'],
    ['UTF-16', '\xfe\xff\x00a\x00b\x00c\x00\n'],
    ['byte-swapped RecordIO', '\xce\xd7\x23\x0a\x00\x00\x00\x05hello\x00\x00\x00'],
    ['gzip', '\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b\x4c'],
    ['Parquet', 'PAR1\x15\x04\x15\x10\x15\x14L\x15\x02\x15'],
    ['ORC', 'ORC\x08\x03\x10\x00'],
    ['Arrow', 'ARROW1\x00\x00\xff\xff\xff\xff'],
    ['Avro', 'Obj\x01\x04\x14avro.codec'],
    ['ArrayRecord', '\x83\xaf\x70\xd1\x0d\x88\x4a\x3f\x00\x00\x00\x00'],
    ['.npy', '\x93NUMPY\x01\x00v\x00{"descr": "<f4"}'],
    ['pickle', '\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00'],
    ['HDF5', '\x89HDF\r\n\x1a\n\x00\x00\x00\x00'],
    ['SQLite', 'SQLite format 3\x00\x10\x00'],
    ['.npz', 'PK\x03\x04\x14\x00\x00\x00\x08\x00aaaa'],
    ['tar', `${'a.tfrecord'.padEnd(257, '\x00')}ustar\x00`],
    ['7z', '7z\xbc\xaf\x27\x1c\x00\x04'],
    ['zstd', '\x28\xb5\x2f\xfd\x04\x00aaaaaaaaaa'],
    ['lz4', '\x04\x22\x4d\x18\x64\x40\xa7'],
    ['xz', '\xfd7zXZ\x00\x00\x04'],
    ['bzip2', 'BZh91AY&SY\x00\x00\x00\x00'],
    ['snappy', '\xff\x06\x00\x00sNaPpYaaaa'],
    ['PNG', '\x89PNG\r\n\x1a\n\x00\x00\x00\x0d'],
    ['JPEG', '\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01'],
    ['GIF', 'GIF89a\x01\x00\x01\x00\x80'],
    ['RIFF', 'RIFF\x24\x08\x00\x00WAVEfmt '],
    ['MP4', '\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00'],
  ])('%s', (name, content) => {
    const found = detectFormat(bytes(content));
    expect(found).toMatchObject({ format: undefined });
    expect(found).toHaveProperty('looksLike', expect.stringContaining(name));
    expect(found.reason).toContain(name);
  });

  test('compressed streams, whose content is not inspected', () => {
    expect(detectFormat(gzipSync(FILE))).toMatchObject({ format: undefined, looksLike: 'a gzip stream' });
    expect(detectFormat(deflateSync(FILE))).toMatchObject({ format: undefined, looksLike: 'a zlib stream' });
  });
});

describe('text', () => {
  test.each([
    ['lines', utf8('label,feature\n1,2\n')],
    ['one line without an end', utf8('a')],
    ['JSON lines', utf8('{"a": 1}\r\n{"a": 2}\r\n')],
    ['other alphabets', utf8('Ωμέγα\nжук\n漢字\n')],
    ['a character split at the end', utf8('Grüße von ü').subarray(0, -1)],
    ['a byte order mark', bytes('\xef\xbb\xbfa,b\n')],
    ['Latin-1', bytes('Stra\xdfe, M\xfcnchen\nK\xf6ln und D\xfcsseldorf\n')],
    ['terminal colors', utf8('\x1b[31mred\x1b[0m\n')],
    ['separators of records', utf8('\x1e{"a":1}\n\x1e{"a":2}\n')],
    ['text that begins like bzip2', utf8('BZh, said the bee\n')],
    ['text that begins like Parquet', utf8('PAR1,PAR2\n')],
    ['text that begins like zlib', utf8('x^2 + y^2\nHK\n')],
    ['a newline and a hash, as in the magic number', utf8('\n#×Î comment\n')],
  ])('%s', (_, content) => {
    expect(detectFormat(content)).toMatchObject({ format: 'textline', reason: 'it is text' });
  });

  test('control characters, and other proportions of bytes above 127, are not text', () => {
    expect(detectFormat(bytes('name\x00 and more'))).toMatchObject({ format: undefined });
    expect(detectFormat(bytes('\xb0\xb1\xb2abcd\xb3\xb4'))).toMatchObject({ format: undefined });
  });
});

describe('damage at the very beginning', () => {
  const parts = [7, 30, 0].map((length) => encodeRecordIO(new Random(length).bytes(length)));
  const recordio = Uint8Array.from(parts.flatMap((part) => [...part]));

  test.each(Array.from({ length: 12 }, (_, at) => at))('of TFRecord, in byte %i', (at) => {
    const found = detectFormat(flipped(FILE, at));
    expect(found.format).toBe('tfrecord');
    expect(found.reason).toContain(`a valid one follows at byte ${OFFSETS[1]}`);
  });

  test.each([0, 1, 2, 3])('of RecordIO, in byte %i', (at) => {
    const found = detectFormat(flipped(recordio, at));
    expect(found).toMatchObject({ format: 'recordio' });
    expect(found.reason).toContain('a valid one follows at byte 16');
  });

  test('a large first record whose end is unknown', () => {
    const large = flipped(encodeTFRecord(new Random(5).bytes(3000)), 8).subarray(0, 2000);
    expect(detectFormat(large)).toMatchObject({ format: 'tfrecord' });
    expect(detectFormat(large).reason).toContain('their checksum is wrong');
  });

  test('a truncated header', () => {
    expect(detectFormat(FILE.subarray(0, 9))).toMatchObject({ format: 'tfrecord' });
  });
});

test('an unknown kind: the reason states what rules out each format', () => {
  const { format, reason } = detectFormat(bytes('\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e'));
  expect(format).toBeUndefined();
  expect(reason).toMatch(
    /^not TFRecord \(the checksum of its first length is 0x[0-9a-f]{8}, not 0x0c0b0a09\)/,
  );
  expect(reason).toContain('not RecordIO (it begins with 0x04030201, not 0xced7230a)');
  expect(reason).toContain('not text (byte 0x01 at 0)');
  expect(detectFormat(new Uint8Array(0))).toEqual({ format: undefined, reason: 'the file is empty' });
  expect(detectFormat(Uint8Array.of(1, 2, 3, 4, 5)).reason).toMatch(/^only 5 bytes, /);
});

test('random bytes match a format only by rare chance', () => {
  const random = new Random(11);
  const detected = Array.from({ length: 2000 }, () => detectFormat(random.bytes(64)).format);
  expect(detected.filter((format) => format !== undefined).length).toBeLessThanOrEqual(2);
});

import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { encodeTFRecord } from '../../src/formats/index.ts';
import { cli } from '../support/cli.ts';
import { concat, oracleFile } from '../support/oracle-tfrecord.ts';
import { FILE, OFFSETS, PAYLOADS, withBadPayloads } from '../support/samples.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
const file = temp.file('a.tfrecord', FILE);
const packed = temp.file('b.tfrecord.gz', gzipSync(FILE));
const bad = temp.file('bad.tfrecord', withBadPayloads(FILE, OFFSETS, [3]));
const all = Buffer.from(concat(PAYLOADS));

test('cat writes the payloads of all files in order, unchanged', async () => {
  const { code, bytes, stderr } = await cli(['cat', packed, file]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(bytes.equals(Buffer.concat([all, all]))).toBe(true);
});

test('cat writes records larger than one read', async () => {
  const payloads = [100, 3_000_000, 5, 1_100_000].map((length) => new Uint8Array(length).fill(length));
  const path = temp.file('large.tfrecord', concat(payloads.map(encodeTFRecord)));
  const { bytes } = await cli(['cat', path]);
  expect(bytes.equals(Buffer.from(concat(payloads)))).toBe(true);
});

test('cat --newline ends each payload with a newline, and --base64 encodes it', async () => {
  const lines = ['one', '', 'three'].map((text) => Buffer.from(text));
  const path = temp.file('lines.tfrecord', oracleFile(lines));
  expect((await cli(['cat', path, '--newline'])).stdout).toBe('one\n\nthree\n');
  expect((await cli(['cat', path, '--base64'])).stdout).toBe('b25l\n\ndGhyZWU=\n');
});

test('cat -n and --skip count records over all files', async () => {
  const { bytes } = await cli(['cat', file, packed, '--skip', '5', '-n', '2']);
  expect(bytes.equals(Buffer.from(concat([PAYLOADS[5], PAYLOADS[0]])))).toBe(true);
});

test('cat writes the valid payloads before damage, then exits with 1', async () => {
  const { code, bytes, stderr } = await cli(['cat', bad, file]);
  expect(code).toBe(1);
  expect(bytes.equals(Buffer.from(concat([...PAYLOADS, ...PAYLOADS.slice(0, 3)])))).toBe(true);
  expect(stderr).toContain('record 3');
});

test('cat --recover skips damaged records and reports them', async () => {
  const { code, bytes, stderr } = await cli(['cat', bad, '--recover']);
  expect(code).toBe(1);
  expect(bytes.equals(Buffer.from(concat(PAYLOADS.filter((_, i) => i !== 3))))).toBe(true);
  expect(stderr).toContain('data-checksum');
});

test('cat reads standard input', async () => {
  expect((await cli(['cat', '-'], { input: FILE })).bytes.equals(all)).toBe(true);
});

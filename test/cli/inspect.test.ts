import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { cli, jsonLines } from '../support/cli.ts';
import { detected, goldenFiles, goldenFlags, sha256 } from '../support/golden.ts';
import { oracleFile } from '../support/oracle-tfrecord.ts';
import { FILE, OFFSETS, PAYLOADS, withBadPayloads } from '../support/samples.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
const file = temp.file('six.tfrecord', FILE);
const bad = temp.file('bad.tfrecord', withBadPayloads(FILE, OFFSETS, [3]));
const expected = PAYLOADS.map((payload, record) => ({
  record,
  offset: OFFSETS[record],
  length: payload.length,
  sha256: sha256(payload),
}));

describe.each(
  goldenFiles()
    .filter(({ records }) => records !== undefined)
    .map(detected),
)('$name', (golden) => {
  const { url, records, error } = golden;
  test('inspect -n 0 --hash --jsonl prints the valid records, then the error', async () => {
    const { code, stdout, stderr } = await cli([
      'inspect',
      fileURLToPath(url),
      ...goldenFlags(golden),
      '-n',
      '0',
      '--hash',
      '--jsonl',
    ]);
    const lines = records!.map(({ length, sha256: hash, offset }, record) => ({
      record,
      ...(offset !== undefined && { offset }),
      length,
      sha256: hash,
    }));
    expect(jsonLines(stdout)).toMatchObject(lines);
    expect(code).toBe(error === undefined ? 0 : 1);
    if (error === undefined) expect(stderr).toBe('');
    else expect(stderr).toContain(`recordpipe: ${error.code}: `);
    if (error?.record !== undefined)
      expect(stderr).toMatch(new RegExp(`record ${error.record} at (uncompressed )?byte ${error.offset} `));
  });
});

test('inspect --json keeps the documented order of keys', async () => {
  const { stdout } = await cli(['inspect', file, '-n', '1', '--hash', '--jsonl']);
  expect(Object.keys(JSON.parse(stdout))).toEqual(['record', 'offset', 'length', 'sha256']);
  const { stdout: bare } = await cli(['inspect', file, '-n', '1', '--jsonl']);
  expect(JSON.parse(bare)).toEqual({ record: 0, offset: 0, length: 10 });
});

test('inspect -n and --skip select records', async () => {
  const chosen = async (...args: string[]): Promise<unknown> =>
    jsonLines((await cli(['inspect', file, '--hash', '--jsonl', ...args])).stdout);
  expect(await chosen()).toEqual(expected.slice(0, 5));
  expect(await chosen('-n', '2', '--skip', '3')).toEqual(expected.slice(3, 5));
  expect(await chosen('-n', '0', '--skip', '4')).toEqual(expected.slice(4));
  expect(await chosen('--skip', '6')).toEqual([]);
});

test('inspect ignores damage after the last requested record', async () => {
  expect((await cli(['inspect', bad, '-n', '3'])).code).toBe(0);
  expect((await cli(['inspect', bad, '-n', '4'])).code).toBe(1);
});

test('inspect --recover shows the records after damage', async () => {
  const { code, stdout, stderr } = await cli(['inspect', bad, '-n', '0', '--recover', '--hash', '--jsonl']);
  expect(code).toBe(1);
  expect(jsonLines(stdout)).toEqual(expected.filter(({ record }) => record !== 3));
  expect(stderr).toContain('data-checksum');
});

test('inspect --json prints one document, even for a damaged file', async () => {
  const { code, stdout } = await cli(['inspect', bad, '--json', '--hash', '-n', '0']);
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    uri: bad,
    records: expected.slice(0, 3),
    errors: [{ code: 'data-checksum', record: 3, offset: OFFSETS[3] }],
  });
  const empty = await cli(['inspect', temp.file('none.tfrecord', new Uint8Array(0)), '--json']);
  expect(JSON.parse(empty.stdout)).toMatchObject({ records: [], errors: [] });
});

test('inspect shows text as text and other bytes in hexadecimal', async () => {
  const payloads = [Buffer.from('grüß dich\n'), Uint8Array.of(0, 1, 0x41, 255), new Uint8Array(0)];
  const { stdout } = await cli(['inspect', temp.file('mixed.tfrecord', oracleFile(payloads)), '--hash']);
  const lines = stdout.trimEnd().split('\n');
  expect(lines[0]).toMatch(/mixed\.tfrecord: TFRecord, not compressed$/);
  expect(lines[1]).toBe('record 0  at byte 0  12 bytes');
  expect(lines[2]).toBe(`  sha256 ${sha256(payloads[0])}`);
  expect(lines[3]).toBe('  "grüß dich\\n"');
  expect(lines[6]).toMatch(/^ {2}00000000 {2}00 01 41 ff +\|\.\.A\.\|$/);
  expect(lines[9]).toBe('  (empty)');
});

test('inspect exits with 3 for a missing file', async () => {
  const { code, stdout, stderr } = await cli(['inspect', temp.file('missing')]);
  expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
  expect(stderr).toContain('not-found: no such file');
});

test('inspect reads standard input', async () => {
  const { stdout } = await cli(['inspect', '-', '-n', '0', '--hash', '--jsonl'], { input: FILE });
  expect(jsonLines(stdout)).toEqual(expected);
});

test('inspect shows no format for an empty file, whatever its name', async () => {
  const empty = temp.file('empty.rec', new Uint8Array(0));
  expect((await cli(['inspect', empty])).stdout).toBe(
    `${empty}: unknown (empty), not compressed\nno records\n`,
  );
  expect((await cli(['inspect', empty, '--format', 'recordio'])).stdout).toContain(': RecordIO, ');
});

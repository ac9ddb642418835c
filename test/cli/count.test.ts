import { expect, test } from 'vitest';
import { cli, jsonLines } from '../support/cli.ts';
import { FILE, flipped, OFFSETS } from '../support/samples.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
const a = temp.file('a.tfrecord', FILE);
const b = temp.file('b.tfrecord', FILE);
const bad = temp.file('bad.tfrecord', flipped(FILE, OFFSETS[4]));

test('count --json prints one document', async () => {
  const { code, stdout, stderr } = await cli(['count', b, a, '--json']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(stdout)).toEqual({
    files: [
      { uri: a, records: 6 },
      { uri: b, records: 6 },
    ],
    records: 12,
    notices: [],
  });
});

test('count prints a line per file and the total of several', async () => {
  expect((await cli(['count', a])).stdout).toBe(`6\t${a}\n`);
  expect((await cli(['count', a, b])).stdout).toBe(`6\t${a}\n6\t${b}\n12\ttotal of 2 files\n`);
  expect((await cli(['count', '-q', a, b])).stdout).toBe('12\n');
});

test('count --jsonl prints an event per file and a summary', async () => {
  const { stdout } = await cli(['count', '--jsonl', a, b]);
  expect(jsonLines(stdout)).toEqual([
    { event: 'file', uri: a, records: 6 },
    { event: 'file', uri: b, records: 6 },
    { event: 'summary', records: 12, notices: [] },
  ]);
});

test('count counts the records before damage and exits with 1', async () => {
  const { code, stdout, stderr } = await cli(['count', a, bad]);
  expect(code).toBe(1);
  expect(stdout).toBe(`6\t${a}\n4\t${bad}\t(incomplete)\n10\ttotal of 2 files\n`);
  expect(stderr).toContain('length-checksum');
  expect(stderr).toContain('next: ');
  const { stdout: json } = await cli(['count', bad, '--json']);
  expect(JSON.parse(json)).toMatchObject({
    files: [{ uri: bad, records: 4, error: { code: 'length-checksum', record: 4, offset: OFFSETS[4] } }],
  });
});

test('count exits with 3 for a missing file, but with 1 if other data is invalid', async () => {
  const missing = temp.file('missing');
  expect((await cli(['count', a, missing])).code).toBe(3);
  expect((await cli(['count', bad, missing])).code).toBe(1);
  expect((await cli(['count', missing, '--jobs', '2', bad])).code).toBe(1);
});

test('count reads standard input', async () => {
  expect(await cli(['count', '-q', '-'], { input: FILE })).toMatchObject({ code: 0, stdout: '6\n' });
});

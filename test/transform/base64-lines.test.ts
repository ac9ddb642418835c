import { describe, expect, test } from 'vitest';
import { convertFile } from '../../src/transform/index.ts';
import { expectRecords, failureOf, recordsOf } from '../records/write/written.ts';
import { CHUNK_SIZES, rechunk } from '../support/rechunk.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
const output = temp.file('out.tfrecord');

test.each([
  ['as written by this package', 'Zm9v\n\nZg==\n', ['foo', '', 'f']],
  ['no newline at the end', 'Zm9v', ['foo']],
  ['carriage returns and a byte order mark', '\ufeffZm9v\r\nZg==\r\n', ['foo', 'f']],
  ['nothing', '', []],
])('accepts %s', async (_, text, expected) => {
  await convertFile(Buffer.from(text), output, { from: 'base64', overwrite: true });
  expect((await recordsOf(output)).map((payload) => Buffer.from(payload).toString())).toEqual(expected);
});

describe('rejected lines: malformed-base64 with the line number', () => {
  const good = 'Zm9v\n';
  test.each([
    ['no padding', 'Zg', /multiple of four/],
    ['URL-safe letters', '__--', /character 0 of the base64 text is "_"/],
    ['a space inside', 'Zm 9vZg=', /character 2/],
    ['bits after the end', 'Zh==', /bits after the end/],
    ['padding in the middle', 'Zg==Zm9v', /padding/],
    ['only padding', '====', /padding/],
    ['letters beyond ASCII', 'Zm\u0176', /character 2/],
    ['JSON', '{"a":10}', /character 0/],
  ])('%s', async (_, line, text) => {
    const bytes = Buffer.from(`${good}${line}\n${good}`);
    const error = await failureOf(() => convertFile(bytes, output, { from: 'base64', overwrite: true }));
    expect(error).toMatchObject({ code: 'malformed-base64', record: 1, offset: good.length });
    expect(error.message).toContain('line 2: ');
    expect(error.message).toMatch(text);
  });

  test('a payload that exceeds the limit', async () => {
    const options = { from: 'base64', overwrite: true, read: { maxRecordBytes: 2 } } as const;
    const error = await failureOf(() => convertFile(Buffer.from(good), output, options));
    expect(error).toMatchObject({ code: 'record-too-large', record: 0 });
  });
});

test.each(CHUNK_SIZES)('chunks of %i bytes', async (size) => {
  const payloads = Array.from({ length: 30 }, (_, i) => new Uint8Array(i * 5).fill(i));
  const lines = payloads.map((payload) => `${Buffer.from(payload).toString('base64')}\n`);
  await convertFile(rechunk(Buffer.from(lines.join('')), size), output, { from: 'base64', overwrite: true });
  expectRecords(await recordsOf(output), payloads);
});

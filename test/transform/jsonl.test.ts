import { describe, expect, test } from 'vitest';
import { convertFile } from '../../src/transform/index.ts';
import { expectRecords, failureOf, recordsOf } from '../records/write/written.ts';
import { CHUNK_SIZES, rechunk } from '../support/rechunk.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
const output = temp.file('out.tfrecord');

async function payloadsOf(text: string | Uint8Array, from: 'jsonl' | 'base64' = 'jsonl'): Promise<string[]> {
  await convertFile(Buffer.from(text), output, { from, overwrite: true });
  return (await recordsOf(output)).map((payload) => Buffer.from(payload).toString('latin1'));
}

describe('accepted lines', () => {
  test.each([
    ['as written by this package', '{"data":"Zm9v"}\n', ['foo']],
    ['no payload', '{"data":""}\n', ['']],
    ['no newline at the end', '{"data":"Zm9v"}', ['foo']],
    ['carriage returns and a byte order mark', '\ufeff{"data":"Zm9v"}\r\n{"data":"Zg=="}\r\n', ['foo', 'f']],
    ['spaces', ' { "data" : "Zm9v" } \n', ['foo']],
    ['other fields', '{"id":7,"data":"Zm8=","more":{"data":3}}\n', ['fo']],
    ['escapes', '{"data":"\\u005am9v","x":"\\""}\n{"data":"\\/\\/\\/\\/"}\n', ['foo', '\xff\xff\xff']],
    ['nothing', '', []],
  ])('%s', async (_, text, expected) => {
    expect(await payloadsOf(text)).toEqual(expected);
  });

  test('base64 lines', async () => {
    expect(await payloadsOf('Zm9v\n\nZg==\r\n', 'base64')).toEqual(['foo', '', 'f']);
  });
});

describe('rejected lines: malformed-jsonl with the line number', () => {
  const good = '{"data":"Zm9v"}\n';
  test.each([
    ['an empty line', '', /empty/],
    ['not JSON', '{"data":"Zm9v"', /not JSON/],
    ['two objects', '{"data":"Zm9v"}{"data":"Zm9v"}', /not JSON/],
    ['an array', '["Zm9v"]', /got an array/],
    ['null', 'null', /got null/],
    ['a string', '"Zm9v"', /got a string/],
    ['no data', '{"Data":"Zm9v"}', /no field "data"/],
    ['data of another kind', '{"data":7}', /got a number/],
    ['no padding', '{"data":"Zg"}', /multiple of four/],
    ['URL-safe letters', '{"data":"__--"}', /character 0 of the base64 text is "_"/],
    ['a space inside', '{"data":"Zm 9vZg="}', /character 2/],
    ['bits after the end', '{"data":"Zh=="}', /bits after the end/],
    ['padding in the middle', '{"data":"Zg==Zm9v"}', /padding/],
    ['only padding', '{"data":"===="}', /padding/],
    ['letters beyond ASCII', '{"data":"Zm\u0176"}', /character 2/],
    ['letters beyond ASCII, escaped', '{"data":"Zm9\\u0176"}', /not base64/],
    ['not UTF-8', Buffer.from('{"x":"\xff","data":"Zm9v"}', 'latin1'), /not JSON/],
  ])('%s', async (_, line, text) => {
    const bytes = Buffer.concat([Buffer.from(good), Buffer.from(line), Buffer.from(`\n${good}`)]);
    const error = await failureOf(() => convertFile(bytes, output, { from: 'jsonl', overwrite: true }));
    expect(error).toMatchObject({ code: 'malformed-jsonl', record: 1, offset: good.length });
    expect(error.message).toContain('line 2: ');
    expect(error.message).toMatch(text);
  });

  test('a payload that exceeds the limit', async () => {
    const options = { from: 'jsonl', overwrite: true, read: { maxRecordBytes: 2 } } as const;
    const error = await failureOf(() => convertFile(Buffer.from(good), output, options));
    expect(error).toMatchObject({ code: 'record-too-large', record: 0 });
  });
});

test.each(CHUNK_SIZES)('chunks of %i bytes', async (size) => {
  const payloads = Array.from({ length: 30 }, (_, i) => new Uint8Array(i * 5).fill(i));
  const lines = payloads.map((payload, i) => {
    const data = Buffer.from(payload).toString('base64');
    return i % 3 === 0 ? `{"id":${i},"data":"${data}"}\n` : `{"data":"${data}"}\n`;
  });
  await convertFile(rechunk(Buffer.from(lines.join('')), size), output, { from: 'jsonl', overwrite: true });
  expectRecords(await recordsOf(output), payloads);
});

test('the file name selects jsonl unless text lines are requested', async () => {
  const path = temp.file('lines.jsonl', Buffer.from('{"text":"a"}\n'));
  expect((await failureOf(() => convertFile(path, output, { overwrite: true }))).message).toContain(
    'textline',
  );
  await convertFile(path, output, { from: 'textline', overwrite: true });
  expect((await recordsOf(output)).map(String)).toEqual([String(Buffer.from('{"text":"a"}').join())]);
});

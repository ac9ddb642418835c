import { openSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { encodeRecordIO } from '../../src/formats/index.ts';
import { type CliRun, cli, jsonLines } from '../support/cli.ts';
import { fixture } from '../support/golden.ts';
import { MAGIC } from '../support/oracle-recordio.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { FILE, PAYLOADS } from '../support/samples.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
const validate = (args: string[], options?: Parameters<typeof cli>[1]): Promise<CliRun> =>
  cli(['validate', '--json', ...args], options);
const text = Buffer.from('one\r\n\ntwo\nthree');
const recordio = concat(
  [...PAYLOADS, concat([Buffer.from('abcd'), MAGIC, Buffer.from('ef')])].map((one) => encodeRecordIO(one)),
);
const samples = {
  tfrecord: { bytes: FILE, records: 6, payloads: concat(PAYLOADS) },
  recordio: {
    bytes: recordio,
    records: 7,
    payloads: concat([...PAYLOADS, Buffer.from('abcd'), MAGIC, Buffer.from('ef')]),
  },
  textline: { bytes: text, records: 4, payloads: Buffer.from('onetwothree') },
};

describe.each(Object.entries(samples))('%s', (format, { bytes, records, payloads }) => {
  const plain = temp.file(`plain.${format}`, bytes);
  const packed = temp.file(`packed.${format}.gz`, gzipSync(bytes));
  const ways: [string, () => Promise<CliRun>][] = [
    ['a path', () => validate([plain])],
    ['compressed', () => validate([packed])],
    ['a pipe', () => validate(['-'], { input: bytes })],
    ['a compressed pipe', () => validate(['-'], { input: gzipSync(bytes) })],
    ['a file as standard input', () => validate(['-'], { stdio: [openSync(plain, 'r'), 'pipe', 'pipe'] })],
    ['its format named', () => validate(['--format', format, plain])],
  ];
  test.each(ways)('validate: %s', async (_, run) => {
    const { code, stdout, stderr } = await run();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, files: [{ format, records }] });
  });

  test('count, cat and inspect read it', async () => {
    for (const source of [plain, packed]) {
      expect((await cli(['count', '-q', source])).stdout).toBe(`${records}\n`);
      expect(new Uint8Array((await cli(['cat', source])).bytes)).toEqual(new Uint8Array(payloads));
      const { stdout } = await cli(['inspect', '--json', source, '-n', '1']);
      const compression = source === plain ? 'none' : 'gzip';
      expect(JSON.parse(stdout)).toMatchObject({ uri: source, format, compression, errors: [] });
      expect(JSON.parse(stdout).records).toHaveLength(1);
    }
    const piped = await cli(['cat', '-', '-n', '1'], { input: bytes });
    expect(piped).toMatchObject({ code: 0, stderr: '' });
    expect((await cli(['count', '-q', '-'], { input: bytes })).stdout).toBe(`${records}\n`);
  });
});

describe('RecordIO', () => {
  test('inspect shows the number of parts of a record', async () => {
    const path = temp.file('parts.rec', recordio);
    const lines = jsonLines<object>((await cli(['inspect', path, '-n', '0', '--jsonl'])).stdout);
    expect(lines[0]).toEqual({ record: 0, offset: 0, length: 10 });
    expect(lines[6]).toMatchObject({ record: 6, length: 10, parts: 2 });
    const { stdout } = await cli(['inspect', path, '-n', '0']);
    expect(stdout).toMatch(/^.*parts\.rec: RecordIO, not compressed\nrecord 0 {2}at byte 0/);
    expect(stdout).toMatch(/record 6 {2}at byte \d+ {2}10 bytes {2}in 2 parts\n/);
  });

  test('--multipart: the other kind is detected, named, and read on request', async () => {
    const path = temp.file('agent.rec', fixture('recordio-concat.bin'));
    const { code, stdout } = await cli(['validate', path]);
    expect(code).toBe(1);
    expect(stdout).toContain('ambiguous-multipart');
    expect(stdout).toContain('next: if SageMaker wrote the file, pass --multipart concat');
    expect((await cli(['validate', '-q', path, '--multipart', 'concat'])).code).toBe(0);
    expect((await cli(['count', '-q', path, '--multipart', 'concat'])).stdout).toBe('3\n');
    expect((await cli(['cat', path, '--multipart', 'error'])).stderr).toContain('unexpected-part');
  });

  test('validate reports missing padding; count and cat accept it', async () => {
    const path = temp.file('unpadded.rec', encodeRecordIO(Buffer.from('hello')).subarray(0, -1));
    const { code, stdout } = await cli(['validate', path]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/record 0 at byte 0: missing-padding: .*\n {2}next: /);
    expect(await cli(['cat', path])).toMatchObject({ code: 0, stdout: 'hello', stderr: '' });
    expect((await cli(['count', '-q', path])).stdout).toBe('1\n');
  });
});

describe('lines of text', () => {
  const path = temp.file('lines.txt', text);

  test('--cr, --delimiter, --skip-blank, --strip-bom, --encoding', async () => {
    const cat = async (...args: string[]): Promise<string> =>
      (await cli(['cat', '--newline', path, ...args])).stdout;
    expect(await cat()).toBe('one\n\ntwo\nthree\n');
    expect(await cat('--cr', 'keep')).toBe('one\r\n\ntwo\nthree\n');
    expect(await cat('--skip-blank')).toBe('one\ntwo\nthree\n');
    expect(await cat('--delimiter', '\\r\\n')).toBe('one\n\ntwo\nthree\n');
    expect(await cat('--delimiter', 't')).toBe('one\r\n\n\nwo\n\nhree\n');
    const marked = temp.file('marked.txt', Buffer.from('\ufeffa\n'));
    expect((await cli(['cat', marked, '--strip-bom'])).stdout).toBe('a');
    const wide = temp.file('wide.txt', Buffer.from('ä\nb\n', 'utf16le'));
    expect(
      (await cli(['cat', '--newline', '--format', 'textline', '--encoding', 'utf-16le', wide])).stdout,
    ).toBe('ä\nb\n');
  });

  test('--delimiter \\0 reads lines that end with zero bytes', async () => {
    const zeros = temp.file('zeros', Buffer.from('one\0two\nstill two\0'));
    const args = ['--format', 'textline', '--delimiter', '\\0', zeros];
    expect((await cli(['count', '-q', ...args])).stdout).toBe('2\n');
    expect((await cli(['inspect', '--jsonl', ...args])).stdout.split('\n')[1]).toBe(
      '{"record":1,"offset":4,"length":13}',
    );
    expect((await cli(['count', '-q', zeros])).stderr).toContain('not text (byte 0x00 at 3)');
  });

  test('validate warns about an unterminated last line with exit code 0, but not with --quiet', async () => {
    const { code, stdout } = await cli(['validate', path]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^warning .*lines\.txt: missing-final-delimiter: the last line has no line ending; .*\nok 1 file, 4 valid/,
    );
    expect((await cli(['validate', '-q', path])).stdout).toBe('');
    const { files, totals } = JSON.parse((await cli(['validate', '--json', path])).stdout);
    expect(files[0].warnings).toMatchObject([{ code: 'missing-final-delimiter' }]);
    expect(totals.warned).toBe(1);
  });

  test('validate warns about an empty file with exit code 0', async () => {
    const empty = temp.file('empty.tfrecord', Buffer.alloc(0));
    const { code, stdout } = await cli(['validate', empty]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^warning .*empty\.tfrecord: empty-file: the file is empty/);
  });

  test('validate --encoding checks the encoding of the text', async () => {
    const latin = temp.file('latin.txt', Buffer.from('gut\ngr\xfc\xdfe\n', 'latin1'));
    const { code, stdout } = await cli(['validate', '--format', 'textline', '--encoding', 'utf8', latin]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/malformed-text: .*\n {2}next: pass the correct --encoding/);
    expect((await cli(['validate', '-q', '--format', 'textline', '--encoding', 'latin1', latin])).code).toBe(
      0,
    );
  });
});

describe('a file of another kind', () => {
  const page = temp.file('page.tfrecord', fixture('not-a-tfrecord-html.bin'));

  test.each(['validate', 'count', 'cat', 'inspect'])(
    '%s: exit code 1, what it is, and what to do',
    async (command) => {
      const { code, stdout, stderr } = await cli([command, page]);
      expect(code).toBe(1);
      const said = stdout + stderr;
      expect(said).toContain(
        'unknown-format: unknown format: this looks like an HTML page (a failed download?)',
      );
      expect(said).toContain('next: download the file again');
    },
  );

  test('inspect --json still prints one document', async () => {
    const { stdout } = await cli(['inspect', '--json', page]);
    expect(JSON.parse(stdout)).toMatchObject({
      uri: page,
      format: null,
      compression: null,
      records: [],
      errors: [{ code: 'unknown-format', record: 0, offset: 0 }],
    });
  });
});

test('a directory without record files: the error names the expected extensions and --include', async () => {
  const { code, stderr } = await cli(['validate', tempDir().path]);
  expect(code).toBe(3);
  expect(stderr).toContain('no TFRecord or RecordIO file in this folder (*.tfrecord, *.rec, ');
  expect(stderr).toContain('text files need --format textline');
});

test('help names the options of the formats', async () => {
  for (const command of ['validate', 'count', 'inspect', 'cat']) {
    const { stdout } = await cli([command, '--help']);
    for (const option of [
      '--format <format>',
      'RecordIO:',
      '--multipart <kind>',
      'Text lines:',
      '--delimiter <text>',
    ])
      expect(stdout).toContain(option);
  }
});

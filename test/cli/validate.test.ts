import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ValidateReport } from 'recordpipe/check';
import { describe, expect, test } from 'vitest';
import { cli, jsonLines } from '../support/cli.ts';
import { detected, goldenFiles } from '../support/golden.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { FILE, flipped, OFFSETS, withBadPayloads } from '../support/samples.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
const good = temp.file('good.tfrecord', FILE);
const bad = temp.file('bad.tfrecord', withBadPayloads(FILE, OFFSETS, [1, 4]));
const cut = temp.file('cut.tfrecord', FILE.subarray(0, FILE.length - 3));
const missing = temp.file('missing.tfrecord');
const validate = async (
  ...args: string[]
): Promise<{ code: number | null; report: ValidateReport; stderr: string }> => {
  const { code, stdout, stderr } = await cli(['validate', '--json', ...args]);
  return { code, report: JSON.parse(stdout), stderr };
};

test('validate --json reports code, record and offset of every golden file', async () => {
  const files = goldenFiles()
    .filter(({ options }) => Object.keys(options).length === 0)
    .map(detected);
  const { code, report, stderr } = await validate(...files.map(({ url }) => fileURLToPath(url)));
  expect(code).toBe(1);
  expect(stderr).toMatch(/^invalid .*: 1 finding, /m);
  expect(Object.keys(report).slice(0, 3)).toEqual(['ok', 'files', 'totals']);
  expect(report.files).toHaveLength(files.length);
  for (const { url, bytes, format, compression, error, records } of files) {
    const uri = fileURLToPath(url);
    const file = report.files.find((candidate) => candidate.uri === uri)!;
    const contract = ['uri', 'format', 'compression', 'ok', 'records', 'bytes', 'seconds', 'errors'];
    expect(Object.keys(file).slice(0, contract.length)).toEqual(contract);
    expect(file).toMatchObject({
      // An empty file gives no evidence of a format.
      format: file.bytes === 0 ? null : format,
      compression: format === null ? null : compression,
      ok: error === undefined,
      bytes: bytes.length,
    });
    expect(file.errors.length).toBe(error === undefined ? 0 : 1);
    if (error === undefined) {
      expect(file.records).toBe(records?.length);
    } else {
      const [finding] = file.errors;
      expect(Object.keys(finding)).toEqual(['name', 'code', 'uri', 'record', 'offset', 'message']);
      expect(finding.code).toBe(error.code);
      if (error.record !== undefined)
        expect(finding).toMatchObject({ record: error.record, offset: error.offset });
    }
  }
  const { totals } = report;
  expect(totals.files).toBe(files.length);
  expect(totals.bad).toBe(files.filter(({ error }) => error !== undefined).length);
  expect(totals.bytes).toBe(files.reduce((sum, { bytes }) => sum + bytes.length, 0));
  expect(totals.records).toBe(report.files.reduce((sum, { records }) => sum + records, 0));
});

test('validate exits with 0 for a valid file', async () => {
  const { code, report } = await validate(good);
  expect(code).toBe(0);
  expect(report).toMatchObject({
    ok: true,
    files: [{ uri: good, records: 6, errors: [] }],
    totals: { bad: 0 },
  });
});

test('validate reports every invalid and unreadable file; invalid data determines the exit code', async () => {
  const { code, report } = await validate(missing, good, bad, cut);
  expect(code).toBe(1);
  expect(report.files.map(({ uri, ok }) => [uri, ok])).toEqual([
    [bad, false],
    [cut, false],
    [good, true],
    [missing, false],
  ]);
  expect(report.files[0].errors.map(({ code: c, record }) => [c, record])).toEqual([
    ['data-checksum', 1],
    ['data-checksum', 4],
  ]);
  expect(report.files[3].errors).toMatchObject([{ code: 'not-found', record: null, offset: null }]);
});

test('validate exits with 3 if files are only unreadable', async () => {
  const { code, report } = await validate(missing, good);
  expect(code).toBe(3);
  expect(report).toMatchObject({ ok: false, totals: { bad: 1, unreadable: 1 } });
});

test('validate exits with 3 without permission', async () => {
  const secret = temp.file('secret.tfrecord', FILE);
  chmodSync(secret, 0);
  chmodSync(temp.path, 0o755);
  // Root may read everything, so run as `nobody`.
  const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
  const { code, stdout } = await cli(['validate', '--json', secret], nobody);
  expect(code).toBe(3);
  expect(JSON.parse(stdout).files[0].errors[0].code).toBe('access-denied');
});

test('validate needs permission to write the report, before it reads', async () => {
  const closed = temp.file('closed');
  mkdirSync(closed, { mode: 0o555 });
  chmodSync(temp.path, 0o755);
  const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
  const report = join(closed, 'report.json');
  expect(await cli(['validate', good, '--report', report], nobody)).toMatchObject({
    code: 3,
    stdout: '',
    stderr: `recordpipe: access-denied: cannot write the report: permission denied; check the permissions of the file and its directory (${report})\n`,
  });
});

test.skipIf(process.platform === 'win32')('validate reports a link that refers to itself', async () => {
  const path = temp.file('self.tfrecord');
  symlinkSync('self.tfrecord', path);
  const { code, stdout } = await cli(['validate', path]);
  expect(code).toBe(3);
  expect(stdout).toContain(
    '  unsupported-source: a symbolic link refers to itself; remove or correct the link\ninvalid 1 of 1 file',
  );
});

test('validate accepts an empty file', async () => {
  const { code, report } = await validate(temp.file('empty.tfrecord', new Uint8Array(0)));
  expect(code).toBe(0);
  expect(report.files[0]).toMatchObject({ ok: true, records: 0, bytes: 0 });
});

test('validate exits with 3 and an error if nothing matches', async () => {
  mkdirSync(temp.file('nothing'));
  for (const input of [temp.file('*.nope'), temp.file('nothing')]) {
    const { code, stdout, stderr } = await cli(['validate', '--json', input]);
    expect(code).toBe(3);
    expect(stdout).toBe('');
    expect(stderr).toContain(`not-found`);
    expect(stderr).toContain(input);
  }
});

test('validate --jobs does not change the report', async () => {
  const inputs = [good, bad, cut, missing];
  const timeless = ({ report }: { report: ValidateReport }): object => ({
    ...report,
    files: report.files.map((file) => ({ ...file, seconds: 0 })),
  });
  expect(timeless(await validate('--jobs', '3', ...inputs))).toEqual(
    timeless(await validate('-j1', ...inputs)),
  );
});

test('validate --max-errors lists the first findings of each file', async () => {
  const { report } = await validate('--max-errors', '1', bad, cut);
  expect(report.files.map(({ errors, errorCount }) => [errors.length, errorCount])).toEqual([
    [1, 2],
    [1, 1],
  ]);
});

test('validate --fail-fast stops at the first invalid file', async () => {
  const { code, report } = await validate('--fail-fast', '-j1', good, bad, cut, missing);
  expect(code).toBe(1);
  expect(report).toMatchObject({ files: [{ uri: bad }], totals: { bad: 1, notChecked: 3 } });
});

test('validate --jsonl prints an event per file and a summary', async () => {
  const { code, stdout } = await cli(['validate', '--jsonl', good, cut]);
  expect(code).toBe(1);
  expect(jsonLines(stdout)).toMatchObject([
    {
      event: 'file',
      uri: cut,
      ok: false,
      errors: [{ code: 'truncated-record', record: 5, offset: OFFSETS[5] }],
    },
    { event: 'file', uri: good, ok: true, records: 6 },
    { event: 'summary', ok: false, totals: { files: 2, bad: 1 } },
  ]);
});

describe('validate --report', () => {
  test('writes the document to a file in addition to the text', async () => {
    const target = temp.file('report.json');
    const { code, stdout } = await cli(['validate', cut, good, '--report', target]);
    expect(code).toBe(1);
    expect(stdout).toContain('truncated-record');
    const report = JSON.parse(readFileSync(target, 'utf8'));
    expect(report).toMatchObject({ ok: false, totals: { files: 2, bad: 1 } });
    const left = readdirSync(temp.path).filter((name) => name.endsWith('.tmp'));
    expect(left).toEqual([]);
  });

  test('is the same document as --json prints', async () => {
    const target = temp.file('same.json');
    const { stdout } = await cli(['validate', '--json', bad, '--report', target]);
    expect(readFileSync(target, 'utf8')).toBe(stdout);
  });

  test('fails before the work if it cannot be written', async () => {
    const target = temp.file('no/such/folder.json');
    const { code, stdout, stderr } = await cli(['validate', good, '--report', target]);
    expect(code).toBe(3);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/the directory .*no\/such does not exist; create it first/);
    expect(existsSync(target)).toBe(false);
  });

  test('never replaces the list of its inputs', async () => {
    const list = temp.file('shards.txt', Buffer.from(`${good}\n`));
    const { code, stderr } = await cli(['validate', `@${list}`, '--report', list]);
    expect(code).toBe(2);
    expect(stderr).toContain('is also an input or output');
    expect(readFileSync(list, 'utf8')).toBe(`${good}\n`);
  });

  test('never replaces a file that it reports on', async () => {
    const folder = temp.file('reported');
    mkdirSync(folder);
    const data = temp.file('reported/a.tfrecord', FILE);
    linkSync(data, `${folder}/same`);
    for (const [inputs, report] of [
      [[data], data],
      [[folder], `${folder}/./a.tfrecord`],
      [[data], `${folder}/same`],
    ] as const) {
      const { code, stderr } = await cli(['validate', ...inputs, '--report', report]);
      expect({ code, stderr }).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('is also an input'),
      });
    }
    expect((await cli(['validate', '@-', '--report', data], { input: data })).code).toBe(3);
    expect(readFileSync(data)).toEqual(Buffer.from(FILE));
  });

  test('writes into a named pipe, and rejects a directory', async () => {
    const pipe = temp.file('report-pipe');
    execFileSync('mkfifo', [pipe]);
    const [{ code }, report] = await Promise.all([
      cli(['validate', good, '--report', pipe]),
      readFile(pipe, 'utf8'),
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(report)).toMatchObject({ ok: true });
    expect(statSync(pipe).isFIFO()).toBe(true);
    const folder = await cli(['validate', good, '--report', temp.path]);
    expect(folder).toMatchObject({ code: 3, stdout: '' });
  });
});

test('validate accepts directories, patterns, lists and standard input', async () => {
  const folder = temp.file('folder');
  mkdirSync(folder);
  const shards = [0, 1].map((i) => temp.file(`folder/x-0000${i}-of-00002`, FILE));
  temp.file('folder/notes.txt', FILE);
  const uris = async (args: string[], input?: string | Uint8Array): Promise<string[]> => {
    const { stdout } = await cli(['validate', '--json', ...args], input === undefined ? {} : { input });
    return JSON.parse(stdout).files.map(({ uri }: { uri: string }) => uri);
  };
  expect(await uris([folder])).toEqual(shards);
  expect(await uris([`${folder}/x-*`])).toEqual(shards);
  expect(await uris(['@-'], `${folder}\n${good}\n`)).toEqual([...shards, good]);
  const list = temp.file('list.txt', Buffer.from(`${folder}\n\n${shards[0]}\n`));
  expect(await uris([`@${list}`, good])).toEqual([...shards, good]);
  const { code, stdout } = await cli(['validate', '-', '--json'], { input: flipped(FILE, OFFSETS[2]) });
  expect(code).toBe(1);
  expect(JSON.parse(stdout).files).toMatchObject([
    { uri: '<stdin>', bytes: FILE.length, errors: [{ record: 2, offset: OFFSETS[2] }] },
  ]);
});

test('validate reads a name that begins with a dash after --', async () => {
  temp.file('-x.tfrecord', FILE);
  const { code } = await cli(['validate', '-q', '--', '-x.tfrecord'], { cwd: temp.path });
  expect(code).toBe(0);
});

test('validate reports relative names as given', async () => {
  const { report } = await validate(relative(process.cwd(), good));
  expect(report.files[0].uri).toBe(relative(process.cwd(), good));
});

test('validate --on-truncated, --trailing and --recover relax the checks', async () => {
  const padded = temp.file('padded.tfrecord', concat([FILE, new Uint8Array(30)]));
  expect((await validate(padded)).code).toBe(1);
  expect((await validate(padded, '--trailing', 'zeros-ok')).code).toBe(0);
  const start = temp.file('start.tfrecord', concat([FILE, FILE.subarray(0, 4)]));
  expect((await validate(start, '--on-truncated', 'stop')).code).toBe(0);
  expect((await validate(good, '--max-record-size', '100')).report.files[0].errors[0].code).toBe(
    'record-too-large',
  );
  const damaged = temp.file('damaged.tfrecord', flipped(FILE, OFFSETS[2]));
  expect((await validate(damaged, '--recover')).report.files[0].records).toBe(5);
  expect((await validate(good, '--compression', 'gzip')).report.files[0].compression).toBe('gzip');
});

test('the text of validate says that the rest of a file was not checked, unless --recover is set', async () => {
  const damaged = temp.file('header.tfrecord', flipped(FILE, OFFSETS[2]));
  const next = `next: the file was not checked after byte ${OFFSETS[2]}; to check the rest, run validate --recover`;
  expect((await cli(['validate', damaged])).stdout).toContain(next);
  expect((await cli(['validate', damaged, '--max-errors', '0'])).stdout).toContain(next);
  expect((await cli(['validate', damaged, '--recover'])).stdout).not.toContain('was not checked');
  expect((await cli(['validate', bad])).stdout).not.toContain('was not checked');
});

test('validate reports skipped files and missing shards, an error with --strict-shards', async () => {
  const folder = temp.file('incomplete');
  mkdirSync(folder);
  for (const shard of [0, 1, 3]) writeFileSync(join(folder, `t.tfrecord-0000${shard}-of-00004`), FILE);
  writeFileSync(join(folder, 'x.tfrecord.zst'), '');
  const { code, stdout, stderr } = await cli(['validate', folder]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^ok 3 files/);
  expect(stderr).toContain('skipped 1 file, unsupported compression');
  expect(stderr).toContain('warning: missing-shards: 1 of 4 shards of ');
  const strict = await cli(['validate', folder, '--strict-shards', '--json', '--exclude', '*.zst']);
  expect(strict.code).toBe(1);
  expect(JSON.parse(strict.stdout)).toMatchObject({
    ok: false,
    totals: { files: 3, bad: 0 },
    notices: [{ reason: 'excluded' }, { code: 'missing-shards', total: 4, shards: [2] }],
  });
});

test('empty standard input is a warning, and invalid with --fail-on-empty', async () => {
  const { code, stdout } = await cli(['validate', '-']);
  expect(code).toBe(0);
  expect(stdout).toContain('empty-file');
  expect((await cli(['validate', '-', '--fail-on-empty'])).code).toBe(1);
});

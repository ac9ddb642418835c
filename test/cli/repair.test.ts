import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, ended, startCli } from '../support/cli.ts';
import { FILE, flipped, OFFSETS, PAYLOADS, withBadPayloads } from '../support/samples.ts';
import { tempDir } from '../support/temp-dir.ts';
import { fileOf } from '../transform/kinds.ts';

const temp = tempDir();
const damaged = temp.file('damaged.tfrecord', withBadPayloads(FILE, OFFSETS, [1, 4]));

test('repair copies valid records, reports findings, and exits with 1', async () => {
  const before = readFileSync(damaged);
  const [output, report] = [temp.file('good.tfrecord'), temp.file('report.json')];
  const { code, stderr, stdout } = await cli(['repair', damaged, output, '--report', report]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(readFileSync(output)).toEqual(
    Buffer.from(
      fileOf(
        'tfrecord',
        PAYLOADS.filter((_, i) => i !== 1 && i !== 4),
      ),
    ),
  );
  expect(stderr.match(/data-checksum/g)).toHaveLength(2);
  expect(stderr).toContain('good.tfrecord: 4 records');
  expect(stderr).toContain('2 findings, 309 bytes skipped');
  expect(JSON.parse(readFileSync(report, 'utf8'))).toMatchObject({
    uri: damaged,
    ok: false,
    findingCount: 2,
    output: { path: output, records: 4 },
    findings: [
      { code: 'data-checksum', record: 1, offset: OFFSETS[1], skippedBytes: 216 },
      { code: 'data-checksum', record: 4, offset: OFFSETS[4], skippedBytes: 93 },
    ],
  });
  expect(readFileSync(damaged)).toEqual(before);
});

test('repair of a valid file exits with 0 and copies it', async () => {
  const [source, output] = [temp.file('fine.tfrecord', FILE), temp.file('as-fine.tfrecord')];
  const { code, stderr } = await cli(['repair', source, output]);
  expect(code).toBe(0);
  expect(stderr).toContain('no errors found');
  expect(readFileSync(output)).toEqual(Buffer.from(FILE));
});

test('repair reads from and writes to pipes', async () => {
  const { code, bytes } = await cli(['repair', '-', '-', '--format', 'tfrecord'], {
    input: flipped(FILE, 3),
  });
  expect(code).toBe(1);
  expect(bytes).toEqual(Buffer.from(fileOf('tfrecord', PAYLOADS.slice(1))));
});

test('repair never replaces its input', async () => {
  const { code, stderr } = await cli(['repair', damaged, damaged, '--force']);
  expect(code).toBe(3);
  expect(stderr).toContain('same file');
  const report = await cli(['repair', damaged, temp.file('x.tfrecord'), '--report', damaged]);
  expect(report.code).toBe(2);
  expect(existsSync(temp.file('x.tfrecord'))).toBe(false);
});

test('repair rejects a report that would replace the output, under any name', async () => {
  const output = temp.file('spelled.tfrecord');
  for (const report of [
    output,
    `${temp.path}/./spelled.tfrecord`,
    `${temp.path}/../${basename(temp.path)}/spelled.tfrecord`,
  ]) {
    const { code, stderr } = await cli(['repair', damaged, output, '--report', report]);
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('is also an input') });
    expect(existsSync(output)).toBe(false);
  }
});

test('repair exits with 3 for an unreadable input, without an output', async () => {
  const place = temp.file('place');
  mkdirSync(place);
  const args = ['repair', join(place, 'missing'), join(place, 'out'), '--report', join(place, 'report.json')];
  expect((await cli(args)).code).toBe(3);
  expect(readdirSync(place)).toEqual([]);
});

test('repair --json exits with 1 even if the reader closes the pipe', async () => {
  const child = startCli(['repair', damaged, temp.file('unread.tfrecord'), '--json']);
  child.stdout?.destroy();
  expect(await ended(child)).toMatchObject({ code: 1, stderr: '' });
});

test('repair --output-dir repairs a directory and continues after files without records', async () => {
  const [source, target] = [join(temp.path, 'many'), join(temp.path, 'repaired')];
  mkdirSync(join(source, 'deep'), { recursive: true });
  writeFileSync(join(source, 'a.tfrecord'), FILE);
  writeFileSync(join(source, 'b.tfrecord'), withBadPayloads(FILE, OFFSETS, [1]));
  writeFileSync(join(source, 'c.tfrecord'), 'PAR1\x15\x04\x15\x10\x00');
  writeFileSync(join(source, 'deep/d.tfrecord'), FILE);
  const { code, stderr } = await cli(['repair', source, '--output-dir', target]);
  expect(code).toBe(1);
  expect(stderr).toContain('unknown-format');
  expect(readdirSync(target).sort()).toEqual(['a.tfrecord', 'b.tfrecord', 'd.tfrecord']);
  expect(readFileSync(join(target, 'd.tfrecord'))).toEqual(Buffer.from(FILE));
  expect((await cli(['repair', source])).code).toBe(2);
});

import { expect, test } from 'vitest';
import { cli } from '../support/cli.ts';
import { FILE, OFFSETS, withBadPayloads } from '../support/samples.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
const good = temp.file('good.tfrecord', FILE);
const bad = temp.file('bad.tfrecord', withBadPayloads(FILE, OFFSETS, [0, 1, 2, 3, 4, 5]));

test('validate prints one line for valid files', async () => {
  const { stdout, stderr } = await cli(['validate', good]);
  expect(stdout).toMatch(/^ok 1 file, 6 valid records, 698 B in [\d.]+ m?s( \([^)]+\/s\))?\n$/);
  expect(stderr).toBe('');
});

test('validate prints a line for an invalid file, its findings, the next step and a summary', async () => {
  const { stdout } = await cli(['validate', bad, good]);
  const lines = stdout.trimEnd().split('\n');
  expect(lines[0]).toBe(`invalid ${bad}: 6 findings, 0 valid records, 698 B`);
  expect(lines[1]).toMatch(/^ {2}record 0 at byte 0: data-checksum: .* expected 0x[0-9a-f]{8}, got 0x/);
  expect(lines[1]).not.toContain(bad);
  expect(lines[6]).toContain(`record 5 at byte ${OFFSETS[5]}: `);
  expect(lines[7]).toMatch(/^ {2}next: /);
  expect(lines[8]).toMatch(/^invalid 1 of 2 files; 6 valid records, 1.36 KiB in /);
  expect(lines).toHaveLength(9);
});

test('validate counts the findings that it does not show', async () => {
  const { stdout } = await cli(['validate', bad, '--max-errors', '2']);
  expect(stdout).toContain('… and 4 more');
});

test('validate prints the next step for an unreadable file', async () => {
  const { stdout } = await cli(['validate', temp.file('nowhere')]);
  expect(stdout).toMatch(/^unreadable .*nowhere: could not be read\n {2}not-found: .*check the path\n/);
  expect(stdout).toMatch(/invalid 1 of 1 file, 1 unreadable; 0 valid records, 0 B in [\d.]+ m?s\n$/);
});

test('validate --quiet prints only invalid files', async () => {
  expect(await cli(['validate', '-q', good])).toMatchObject({ code: 0, stdout: '', stderr: '' });
  const { code, stdout } = await cli(['validate', '-q', bad, good]);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^invalid /);
  expect(stdout).not.toContain('of 2 files');
});

test('colors need a terminal without NO_COLOR, or --color always', async () => {
  const styled = '\x1b[';
  expect((await cli(['validate', bad])).stdout).not.toContain(styled);
  expect((await cli(['validate', bad, '--color', 'always'])).stdout).toContain(styled);
  expect((await cli(['validate', bad, '--color', 'never'])).stdout).not.toContain(styled);
  const env = { NO_COLOR: '1' };
  expect((await cli(['validate', bad], { env })).stdout).not.toContain(styled);
  expect((await cli(['inspect', good, '--color', 'always'], { env })).stdout).toContain(styled);
});

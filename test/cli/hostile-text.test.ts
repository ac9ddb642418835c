import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { visible, visibleText } from '../../src/cli/text/format.ts';
import { encodeTFRecord } from '../../src/formats/index.ts';
import { encodeExample } from '../../src/messages/index.ts';
import { prometheusText } from '../../src/pipemode/streamer/stream-events.ts';
import { cli } from '../support/cli.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { tempDir } from '../support/temp-dir.ts';

/** Clears the screen, reorders and hides text, sets the title, and starts a new line. */
const EVIL = '\x1b[2J\u202e\u200b\ufeff\x07\x9b31m\u2028\nINJECTED';
// biome-ignore lint/suspicious/noControlCharactersInRegex: these must not reach a terminal
const RAW = /[\x00-\x08\x0b-\x1f\x7f-\x9f]|\p{Cf}|\p{Zl}|\p{Zp}|^INJECTED/mu;

const temp = tempDir();
const cwd = temp.path;
const GOOD = `good${EVIL}.tfrecord`;
const BAD = `bad${EVIL}.tfrecord`;
const record = (): Uint8Array =>
  encodeExample({
    [`feature${EVIL}`]: { kind: 'int64', value: [1, 2] },
    label: { kind: 'bytes', value: [`cat${EVIL}`] },
  });
const frames = [0, 1, 2].map(() => encodeTFRecord(record()));
temp.file(GOOD, concat(frames));
const damaged = concat(frames);
damaged[40] ^= 1;
temp.file(BAD, damaged);
temp.file(`text${EVIL}.txt`, Buffer.from(`a${EVIL}\nb`));
temp.file(`list${EVIL}.manifest`, Buffer.from(`[{"prefix":"s3://b/${EVIL}"}, "x\x1b[2J"]`));
temp.file(
  'conflict.tfrecord',
  encodeTFRecord(encodeExample({ [`feature${EVIL}`]: { kind: 'float', value: [1] } })),
);

describe('no command lets foreign text control a terminal', () => {
  test.each([
    ['validate', [BAD, GOOD, `text${EVIL}.txt`]],
    ['validate', [`missing${EVIL}`]],
    ['validate', [GOOD, '--schema', `text${EVIL}.txt`]],
    ['count', [BAD, GOOD]],
    ['inspect', [BAD, '--recover']],
    ['inspect', [GOOD, '--select', `x${EVIL}`]],
    ['inspect', [`text${EVIL}.txt`]],
    ['stats', [BAD, GOOD, `text${EVIL}.txt`]],
    ['schema', [GOOD, 'conflict.tfrecord', `text${EVIL}.txt`]],
    ['index', [GOOD, BAD]],
    ['plan', [GOOD, '-o', `plan${EVIL}`]],
    ['convert', [GOOD, `converted${EVIL}.rec`]],
    ['convert', [GOOD, `no${EVIL}`]],
    ['repair', [BAD, `repaired${EVIL}.tfrecord`]],
    ['split', [GOOD, `shard${EVIL}`, '--shards', '2']],
    ['merge', [GOOD, GOOD, '-o', `merged${EVIL}.tfrecord`]],
    ['shuffle', [GOOD, `shuffled${EVIL}.tfrecord`]],
    ['sample', [GOOD, `sampled${EVIL}.tfrecord`, '-n', '1']],
    ['manifest', ['check', `list${EVIL}.manifest`]],
    ['manifest', ['create', `x${EVIL}`]],
    ['doctor', [`x${EVIL}`]],
    ['stream', ['-c', `a${EVIL}=b`]],
    ['upload', [`x${EVIL}`, `y${EVIL}`]],
    ['validate', [`--${EVIL}`, 'x']],
    ['validate', ['x', '--jobs', EVIL]],
    [`x${EVIL}`, []],
  ])('%j', async (command, args) => {
    const { stdout, stderr } = await cli([command, ...args], { cwd, env: { NO_COLOR: '1' } });
    expect(stdout + stderr).not.toBe('');
    expect(stdout).not.toMatch(RAW);
    expect(stderr).not.toMatch(RAW);
  });

  describe('merge of reports', () => {
    const report = join(cwd, 'report.json');
    beforeAll(async () => {
      await cli(['validate', BAD, GOOD, '--shard', '0/1', '--report', 'report.json', '-q'], { cwd });
    });

    test('with names and codes in them', async () => {
      const text = readFileSync(report, 'utf8');
      expect(text).toContain('data-checksum');
      writeFileSync(report, text.replace('data-checksum', 'x\\u001b[2J\\u202e'));
      const { stdout, stderr } = await cli(['merge', 'report.json'], { cwd });
      expect(stdout + stderr).not.toBe('');
      expect(stdout).not.toMatch(RAW);
      expect(stderr).not.toMatch(RAW);
    });
  });
});

test('visible returns one line of visible characters', () => {
  expect(visible(EVIL)).toBe('\\x1b[2J\\u202e\\u200b\\ufeff\\x07\\x9b31m\\u2028\\nINJECTED');
  expect(visible('日本 ü €')).toBe('日本 ü €');
  expect(visible('\u{e0041}\ud800')).toBe('\\u{e0041}\\ud800');
});

test('visibleText keeps lines, tabs and colors, and JSON stays JSON', () => {
  expect(visibleText('\x1b[31mred\x1b[39m\ta\n\x1b[2J')).toBe('\x1b[31mred\x1b[39m\ta\n\\u001b[2J');
  expect(JSON.parse(visibleText(JSON.stringify(EVIL)))).toBe(EVIL);
});

test('Prometheus labels are quoted', () => {
  const metrics = { channel: 'a"\\\n{x}' } as Parameters<typeof prometheusText>[0][number];
  expect(prometheusText([metrics])).toContain('{channel="a\\"\\\\\\n{x}"}');
});

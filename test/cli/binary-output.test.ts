import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { isBinary, isGuarded } from '../../src/cli/output.ts';
import { encodeTFRecord } from '../../src/formats/index.ts';
import { encodeExample } from '../../src/messages/index.ts';
import { cli } from '../support/cli.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { tempDir } from '../support/temp-dir.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const temp = tempDir();
const cwd = temp.path;
temp.file('text.tfrecord', concat(['one\n', 'two\n'].map((text) => encodeTFRecord(Buffer.from(text)))));
temp.file('image.tfrecord', encodeTFRecord(Uint8Array.of(0x89, 0x50, 0x1b, 0x5b)));
temp.file('example.tfrecord', encodeTFRecord(encodeExample({ a: { kind: 'int64', value: [1] } })));
temp.file('lines.txt', Buffer.from('one\ntwo\n'));

/** Runs a command with a pseudo terminal as standard output, which `script` provides. */
function onTerminal(command: string): { code: number | null; output: string } {
  const run = spawnSync('script', ['-qec', `${process.execPath} ${MAIN} ${command}`, '/dev/null'], {
    cwd,
    encoding: 'utf8',
    input: '',
  });
  return { code: run.status, output: run.stdout.replaceAll('\r\n', '\n') };
}

describe.skipIf(!existsSync('/usr/bin/script'))('on a terminal', () => {
  test.each([
    ['cat image.tfrecord', 'cat: the payload is binary', '--base64'],
    ['convert lines.txt - --to tfrecord', 'convert: the output is binary', '--to base64'],
    ['repair image.tfrecord -', 'repair: the output is binary', '--to base64'],
    ['sample image.tfrecord - -n 1', 'sample: the output is binary', '--to base64'],
    ['shuffle image.tfrecord -', 'shuffle: the output is binary', '--to base64'],
    ['merge image.tfrecord text.tfrecord -o -', 'merge: the output is binary', '--to base64'],
  ])('%s refuses binary output, with exit code 2 and a next step', (command, text, next) => {
    const { code, output } = onTerminal(command);
    expect(output).toContain(text);
    expect(output).toContain(`pass ${next}, or pass --binary`);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none may reach the terminal
    expect(output).not.toMatch(/[\x00\x1b]/);
    expect(code).toBe(2);
  });

  test.each([
    ['convert lines.txt /dev/tty --to tfrecord', 'convert: the output is binary and /dev/tty is a terminal'],
    ['merge image.tfrecord -o /dev/stdout', 'merge: the output is binary and /dev/stdout is a terminal'],
    ['index image.tfrecord -o -', 'index: the index is binary and standard output is a terminal'],
  ])('%s is also refused', (command, text) => {
    const { code, output } = onTerminal(command);
    expect(output).toContain(text);
    expect(code).toBe(2);
  });

  test.each([
    ['cat text.tfrecord', 'one\ntwo\n'],
    ['cat image.tfrecord --base64', 'iVAbWw==\n'],
    ['cat image.tfrecord --binary', '\x1b['],
    ['convert text.tfrecord - --to base64', 'b25lCg==\n'],
    ['merge lines.txt -o -', 'one\ntwo\n'],
    ['shuffle image.tfrecord - --force', '\x1b['],
  ])('%s writes', (command, text) => {
    const { code, output } = onTerminal(command);
    expect(output).toContain(text);
    expect(code).toBe(0);
  });
});

test('output to a file or pipe is never refused', () => {
  expect(isGuarded({}, false)).toBe(false);
  expect(isGuarded({}, true)).toBe(true);
  expect(isGuarded({ binary: true }, true)).toBe(false);
});

test.each([
  ['text', false],
  ['ü\t\r\n', false],
  ['\x1b[2J', true],
  ['\x9b2J', true],
  ['\0', true],
])('%j is binary: %s', (text, binary) => expect(isBinary(Buffer.from(text))).toBe(binary));

test('bytes that are not UTF-8 are binary', () => expect(isBinary(Uint8Array.of(0xff))).toBe(true));

test('stats --html - writes the page to standard output, and nothing else', async () => {
  const { code, stdout, stderr } = await cli(['stats', 'text.tfrecord', '--html', '-'], { cwd });
  expect(stdout).toMatch(/^<!DOCTYPE html>[\s\S]*<\/html>\n$/);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(existsSync(`${cwd}/-`)).toBe(false);
  expect((await cli(['stats', 'text.tfrecord', '--html', '-', '--json'], { cwd })).code).toBe(2);
});

test('schema -o - writes the schema to standard output; --report - names --json', async () => {
  expect(JSON.parse((await cli(['schema', 'example.tfrecord', '-o', '-'], { cwd })).stdout)).toMatchObject({
    message: 'Example',
  });
  const { code, stderr } = await cli(['validate', 'text.tfrecord', '--report', '-'], { cwd });
  expect(stderr).toContain('--json prints the report to standard output');
  expect(code).toBe(2);
});

import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { COMPLETED, placeholderOf } from '../../../src/cli/completion/model.ts';
import { completionScript } from '../../../src/cli/completion/script.ts';
import { program } from '../../../src/cli/program.ts';
import { cli } from '../../support/cli.ts';
import { tempDir } from '../../support/temp-dir.ts';

const temp = tempDir();
const root = program(undefined);
const leaves = root.commands.flatMap((command) => (command.commands.length > 0 ? command.commands : command));
temp.file('list.txt', Buffer.of());

test('every placeholder and every argument says what completes it', () => {
  const names = leaves.flatMap(({ options, registeredArguments }) => [
    ...options
      .filter(({ required, optional }) => required || optional)
      .map(({ flags }) => placeholderOf(flags)),
    ...registeredArguments.map((argument) => argument.name()),
  ]);
  expect(names.filter((name) => COMPLETED[name] === undefined)).toEqual([]);
  expect(Object.keys(COMPLETED).filter((name) => !names.includes(name))).toEqual([]);
});

test.each(['bash', 'zsh', 'fish'] as const)('the script for %s contains every option', (shell) => {
  const words = new Set(completionScript(shell, root).match(/[\w-]+/g));
  const flags = leaves.flatMap(({ options }) => options.map(({ long }) => long!));
  expect(flags.filter((flag) => !words.has(shell === 'fish' ? flag.slice(2) : flag))).toEqual([]);
});

test('completion prints the script of a shell', async () => {
  const { code, stdout } = await cli(['completion', 'bash']);
  expect(code).toBe(0);
  expect(stdout).toBe(completionScript('bash', root));
  const other = await cli(['completion', 'tcsh']);
  expect(other).toMatchObject({ code: 2, stdout: '' });
  expect(other.stderr).toContain('Allowed choices are bash, zsh, fish');
});

describe('bash completes', () => {
  const CASES: readonly (readonly [words: readonly string[], completions: readonly string[]])[] = [
    [['valid'], ['validate']],
    [['--v'], ['--version']],
    [['validate', '--form'], ['--format']],
    [
      ['validate', '--format', 't'],
      ['tfrecord', 'textline'],
    ],
    [
      ['validate', '--format', '=', 't'],
      ['tfrecord', 'textline'],
    ],
    [
      ['validate', '--format', '='],
      ['auto', 'tfrecord', 'recordio', 'textline'],
    ],
    [
      ['validate', '--format=t'],
      ['--format=tfrecord', '--format=textline'],
    ],
    [['convert', '--to', 'p'], ['parquet']],
    [['repair', '--to', 'p'], []],
    [['train', '--input-mode', 'train', '=', 'Fa'], ['FastFile']],
    [['cache'], ['cache']],
    [
      ['cache', ''],
      ['ls', 'rm', '--help'],
    ],
    [['cache', 'rm', '--to'], ['--to-size']],
    [['manifest', 'check', '--to'], []],
    [['validate', '--to-s'], []],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['help', 'man'], ['manifest']],
    [['validate', '@li'], ['@list.txt']],
    [['train', '--', 'true', '--form'], []],
    [['validate', '--jobs', ''], []],
    [['='], []],
    [['nothing-like-it'], []],
    [['validate', '@nothing-like-it'], []],
  ];

  test('commands, options and values', () => {
    const calls = CASES.map(
      ([words]) =>
        `COMP_WORDS=(recordpipe ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}; _recordpipe; echo "\${COMPREPLY[*]-}"`,
    );
    const { stdout, stderr } = spawnSync('bash', ['-eu'], {
      input: [completionScript('bash', root), ...calls].join('\n'),
      encoding: 'utf8',
      cwd: temp.path,
    });
    expect(stderr).toBe('');
    const printed = stdout.split('\n');
    expect(CASES.map(([words], i) => [words, printed[i]])).toEqual(
      CASES.map(([words, completions]) => [words, completions.join(' ')]),
    );
  });
});

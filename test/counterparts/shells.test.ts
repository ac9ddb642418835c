import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { manPages } from '../../scripts/docs/man.mjs';
import { completionScript } from '../../src/cli/completion/script.ts';
import { program } from '../../src/cli/program.ts';
import { tempDir } from '../support/temp-dir.ts';
import { missingCounterpart } from './counterpart.ts';

const DRIVER = fileURLToPath(new URL('type-and-tab.zsh', import.meta.url));

/** What a user types before the Tab key, and the arguments that the command then receives. */
const TYPED: readonly (readonly [typed: string, ...received: string[]])[] = [
  ['valid', 'validate'],
  ['cache l', 'cache', 'ls'],
  ['validate --form', 'validate', '--format'],
  ['validate --format tex', 'validate', '--format', 'textline'],
  ['validate --format=tex', 'validate', '--format=textline'],
  ['validate --json da', 'validate', '--json', 'data'],
  ['validate my', 'validate', 'my file.rec'],
  ['validate @li', 'validate', '@list.txt'],
  ['validate --jobs da', 'validate', '--jobs', 'da'],
  ['stream -c train=da', 'stream', '-c', 'train=data'],
  ['train --input-mode train=Fa', 'train', '--input-mode', 'train=FastFile'],
  ['train -c a=b -- cat my', 'train', '-c', 'a=b', '--', 'cat', 'my file.rec'],
  ['convert --to arr', 'convert', '--to', 'arrow'],
  ['convert --cache-dir da', 'convert', '--cache-dir', 'data'],
  ['upload --schema lis', 'upload', '--schema', 'list.txt'],
  ['cache rm --to', 'cache', 'rm', '--to-size'],
  ['completion zs', 'completion', 'zsh'],
  ['help inde', 'help', 'index'],
];

describe.skipIf(missingCounterpart('shells'))('completion in interactive shells, and man pages', () => {
  const temp = tempDir();
  const place = temp.file('place');
  for (const folder of ['place/data', 'functions']) mkdirSync(temp.file(folder), { recursive: true });
  for (const file of ['list.txt', 'my file.rec']) temp.file(`place/${file}`, Buffer.of());
  const root = program(undefined);
  const bash = temp.file('recordpipe.bash', Buffer.from(completionScript('bash', root)));
  temp.file('functions/_recordpipe', Buffer.from(completionScript('zsh', root)));
  const fish = temp.file('recordpipe.fish', Buffer.from(completionScript('fish', root)));

  test.each([
    ['bash', 'bash --norc --noprofile -i', `source '${bash}'; bind 'set enable-bracketed-paste off'`],
    [
      'zsh',
      'zsh -f -i',
      `fpath=('${join(temp.path, 'functions')}' $fpath); autoload -Uz compinit; compinit -u -D; zstyle ':completion:*' list false`,
    ],
  ])('%s', (_, shell, setup) => {
    const lines = TYPED.map(([typed]) => `recordpipe ${typed}`);
    const { stdout, stderr } = spawnSync('zsh', ['-f', DRIVER, shell, setup, ...lines], {
      cwd: place,
      encoding: 'utf8',
      timeout: 120_000,
    });
    expect(stderr).toBe('');
    const received = stdout.trimEnd().split('\n');
    // Shells may append a slash to directories.
    expect(TYPED.map(([typed], i) => [typed, received[i]?.replaceAll('/>', '>')])).toEqual(
      TYPED.map(([typed, ...words]) => [typed, words.map((word) => `<${word}>`).join('')]),
    );
  });

  test('fish', () => {
    // Fish lists the completions of the last word.
    const typed = TYPED.filter(([line]) => !line.includes('@') && !line.includes('=Fa'));
    const script = `source '${fish}'; for line in $argv; echo (complete -C $line | string replace -r '\\t.*' '' | string join '|'); end`;
    const { stdout, stderr } = spawnSync(
      'fish',
      ['--no-config', '-c', script, ...typed.map(([line]) => `recordpipe ${line}`)],
      { cwd: place, encoding: 'utf8', timeout: 120_000 },
    );
    expect(stderr).toBe('');
    const listed = stdout.split('\n').map((line) => line.replaceAll('/', ''));
    expect(typed.map(([line], i) => [line, listed[i]])).toEqual(
      typed.map(([line, ...words]) => [line, line.includes('--jobs') ? '' : words.at(-1)]),
    );
  });

  test('mandoc finds no fault in the man pages', async () => {
    for (const [name, page] of await manPages('0.1.0')) {
      const { stdout } = spawnSync('mandoc', ['-T', 'lint', '-W', 'warning'], {
        input: page,
        encoding: 'utf8',
      });
      // The pages have no date, so that builds are reproducible.
      const faults = stdout.split('\n').filter((line) => line !== '' && !line.includes('missing date'));
      expect(faults, name).toEqual([]);
    }
  });
});

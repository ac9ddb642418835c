import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { program } from '../../src/cli/program.ts';
import { describedText } from '../../src/cli/text/help.ts';
import { cli } from '../support/cli.ts';

const COMMANDS = 'validate count inspect cat index convert repair split merge shuffle sample'.split(' ');

test.each([
  ['an unknown command', ['validat', 'x'], /Did you mean validate\?/],
  ['an unknown option', ['validate', 'x', '--fail-fst'], /Did you mean --fail-fast\?/],
  ['no inputs', ['validate'], /missing required argument 'inputs'/],
  ['too many arguments', ['inspect', 'a', 'b'], /too many arguments/],
  ['no jobs', ['validate', 'x', '--jobs', '0'], /Expected an integer >= 1/],
  ['too many jobs', ['validate', 'x', '--jobs', '2000'], /integer from 1 to 256/],
  ['too many shards', ['validate', 'x', '--shard', '0/99999999'], /at most 100000 shards/],
  ['not a number', ['inspect', 'x', '-n', '1e3'], /Expected an integer >= 0/],
  ['not a size', ['validate', 'x', '--max-record-size', '3XB'], /Expected a size such as 8MiB/],
  [
    'a size beyond the format',
    ['validate', 'x', '--max-record-size', '8GiB'],
    /^recordpipe: --max-record-size: .*\n {2}next: run recordpipe validate --help/,
  ],
  [
    'an unknown choice',
    ['count', 'x', '--compression', 'zstd'],
    /Allowed choices are auto, none, gzip, zlib/,
  ],
  [
    'an unknown format',
    ['validate', 'x', '--format', 'csv'],
    /choices are auto, tfrecord, recordio, textline/,
  ],
  ['an unknown escape', ['cat', 'x', '--delimiter', '\\q'], /the only escapes are/],
  ['a delimiter without bytes', ['cat', 'x', '--delimiter', ''], /Expected a string/],
  ['an unknown encoding', ['cat', 'x', '--encoding', 'klingon'], /encoding: expected/],
  ['both machine forms', ['validate', 'x', '--json', '--jsonl'], /cannot be used with/],
  ['an empty path', ['validate', ''], /expected a path/],
  ['standard input twice', ['validate', '-', '@-'], /both read standard input/],
  ['nothing at all', [], /Usage: recordpipe/],
])('%s exits with 2 and an error on standard error', async (_, args, text) => {
  const { code, stdout, stderr } = await cli(args);
  expect(stderr).toMatch(text);
  expect(stdout).toBe('');
  expect(code).toBe(2);
});

/** Returns a command and its subcommands. */
function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

/** Unidiomatic words that english.md replaces. */
const UNIDIOMATIC =
  /\b(behind|anew|goes on|go on|so many|of which|that is there|that are there|asked for|passed? over|left out|leave out|take off|told)\b/i;

describe('help', () => {
  test('describes every argument and option in plain English', async () => {
    const commands = withSubcommands(await program(undefined)).slice(1);
    expect(commands.length).toBeGreaterThan(COMMANDS.length);
    for (const command of commands) {
      const texts = [command.description()];
      for (const { description } of [...command.options, ...command.registeredArguments])
        texts.push(description);
      for (const text of texts) {
        expect(text, `${command.name()}: a description`).not.toBe('');
        expect(text, command.name()).not.toMatch(UNIDIOMATIC);
      }
    }
  });

  /** Options whose text depends on the command, for example on what is overwritten. */
  const SPECIFIC =
    '--attributes --channel --checkpoint-interval --current-host --dry-run --fail-fast --force --format --from --grace --html --job --jobs --json --manifest --max-errors --memory --output --output-dir --prefix --quiet --records --report --resume --root --schema --shards --temp-dir --to';

  test('uses the same words and placeholders for the same option', () => {
    const flags = new Map<string, Set<string>>();
    const texts = new Map<string, Set<string>>();
    for (const { options } of withSubcommands(program(undefined)))
      for (const option of options) {
        const name = option.long!;
        flags.set(name, new Set([...(flags.get(name) ?? []), option.flags]));
        texts.set(name, new Set([...(texts.get(name) ?? []), describedText(option)]));
      }
    const varying = (found: typeof flags): string[] =>
      [...found].flatMap(([name, variants]) => (variants.size > 1 ? name : [])).sort();
    expect(varying(flags)).toEqual(['--channel', '--manifest', '--output']);
    expect(varying(texts)).toEqual(SPECIFIC.split(' '));
  });

  test('of the program names the commands and the exit codes', async () => {
    const { code, stdout, stderr } = await cli(['--help']);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    for (const text of [...COMMANDS, 'Examples:', 'Exit codes:']) expect(stdout).toContain(text);
  });

  test.each(COMMANDS)('of %s fits 80 columns', async (command) => {
    const { stdout } = await cli([command, '--help']);
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  test.each(COMMANDS)('of %s has examples', async (command) => {
    const { code, stdout } = await cli([command, '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: recordpipe ${command}`);
    expect(stdout).toContain('Examples:');
    expect((await cli(['help', command])).stdout).toBe(stdout);
  });
});

test('--version prints the version of the package', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  expect(await cli(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n` });
});

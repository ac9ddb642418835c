import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { program } from '../src/cli/program.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Phrases that are not plain English, and their replacements. */
const BANNED: readonly (readonly [phrase: RegExp, instead: string])[] = [
  [/\bbehind\b/i, 'after'],
  [/\bin front of\b/i, 'before'],
  [/\banew\b|\bonce more\b/i, 'again; rebuild, regenerate'],
  [/\b(go|goes|going|gone) on (with|behind|at|after)\b/i, 'continues, resumes'],
  [/\bso many\b/i, 'up to N, N'],
  [/\b(MOST|LEAST)_/, 'MAX_, MIN_'],
  [/\bwhat is (asked for|wanted)\b/i, 'the requested ...'],
  [/\b(that|what) is (not )?there\b/i, 'exists; name the thing'],
  [
    /(?<!\b(none|all|any|some|most|many|each|both|one|two) )of which\b|\bof whatever\b/i,
    'rewrite as a subject',
  ],
  [/\b(is|are) taken for\b/i, 'is treated as'],
  [/\bwhat (it|they) holds?\b/i, 'its contents'],
  [/\bmade (of|by)\b/i, 'built from, written by'],
  [/\blook(s|ed|ing)? (into|at)\b/i, 'inspects'],
  [/\btold\b/i, 'detected from, notified'],
  [/\bcut (short|off)\b/i, 'truncated'],
  [/\bis not what was written\b/i, 'is corrupt'],
  [/\bleft out\b/i, 'skipped, omitted'],
  [/\bis no (TFRecord|RecordIO)\b/i, 'is not a TFRecord'],
  [/\bpass(es|ed)? over\b/i, 'skipped'],
  [/\beats\b/i, 'reads, consumes'],
  [/\b\d+ different\b/i, '7 distinct'],
  [/\bin the mean\b/i, 'mean'],
  [/\bone's own\b|\b(his|he)\b/i, 'your, the user'],
  [/\bfrom \d+ on\b/i, 'an integer >= 0'],
  [/\b(is|are) to be\b/i, 'should'],
  [/\bcounterparts?\b|\bpeers\b/i, 'alternatives; name them'],
  [/\bget(s)? no further\b|\bgot (no further|at)\b/i, 'was interrupted'],
  [/\bnow and then\b/i, 'periodically'],
  [/\bwhere nothing is said\b/i, 'by default'],
];

/** Folders of src that still contain banned phrases. This list may only become shorter. */
const PENDING: readonly string[] = [];

const files = [
  ...readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.includes('.generated.'))
    .map((file) => `src/${file}`),
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
  'README.md',
].sort();

function findings(name: string, text: string): string[] {
  return text.split('\n').flatMap((line, i) =>
    BANNED.flatMap(([phrase, instead]) => {
      if (line.startsWith('<!-- ')) return []; // for the tests of the page, not for its readers
      const found = phrase.exec(line);
      return found === null ? [] : [`${name}:${i + 1}: "${found[0]}": write ${instead}: ${line.trim()}`];
    }),
  );
}

const isPending = (file: string): boolean => PENDING.some((folder) => file.startsWith(`${folder}/`));
const findingsIn = (some: readonly string[]): string[] =>
  some.flatMap((file) => findings(file, readFileSync(join(ROOT, file), 'utf8')));

describe('plain English', () => {
  test('in the sources, the docs and the README', () => {
    expect(findingsIn(files.filter((file) => !isPending(file)))).toEqual([]);
  });

  test('every pending folder still has findings', () => {
    for (const folder of PENDING)
      expect(findingsIn(files.filter((file) => file.startsWith(`${folder}/`))), folder).not.toEqual([]);
  });

  test('in the help of every command', () => {
    const root = program(undefined);
    const commands = [root, ...root.commands.flatMap((command) => [command, ...command.commands])];
    expect(commands.length).toBeGreaterThan(18);
    const texts = commands.map((command) => {
      let help = '';
      command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
      return findings(command.name(), help);
    });
    expect(texts.flat()).toEqual([]);
  });
});

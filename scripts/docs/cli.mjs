import { importSource } from './import-source.mjs';

const { program: PROGRAM, commands: COMMANDS } = (await importSource('cli/reference.ts')).reference();

const TITLES = {
  'arrow-and-parquet.md': 'Arrow and Parquet',
  'checking-in-ci.md': 'Check data in CI',
  'columns.md': 'Convert to tables: Parquet, Arrow, CSV, JSON Lines',
  'configuration.md': 'Set options once',
  'examples-and-schemas.md': 'Examples, schemas and statistics',
  'filters.md': 'Filter records',
  's3.md': 'S3: read, check and write objects',
  'sagemaker-on-your-laptop.md': 'SageMaker on your laptop',
  'scale-out/README.md': 'Check data on several machines',
  'sql.md': 'Query record files with SQL',
};

/** Guides that show a command at work. */
const GUIDES = {
  validate: ['checking-in-ci.md', 'examples-and-schemas.md'],
  count: ['filters.md'],
  inspect: ['examples-and-schemas.md', 'filters.md'],
  stats: ['examples-and-schemas.md', 'filters.md'],
  schema: ['examples-and-schemas.md'],
  cat: ['filters.md'],
  plan: ['scale-out/README.md'],
  merge: ['scale-out/README.md'],
  stream: ['sagemaker-on-your-laptop.md'],
  train: ['sagemaker-on-your-laptop.md'],
  convert: ['arrow-and-parquet.md', 'columns.md', 'filters.md'],
  query: ['sql.md'],
  upload: ['s3.md'],
  doctor: ['s3.md', 'configuration.md'],
};

/** Returns the reference of the command line: a page per command, and an overview. */
export function cliPages() {
  return new Map([
    ['cli/README.md', overview()],
    ['cli/options.md', optionsPage()],
    ...COMMANDS.map((command) => [`cli/${fileOf(command)}`, page(command)]),
  ]);
}

function fileOf({ name }) {
  return `recordpipe-${name.replaceAll(' ', '-')}.md`;
}

function overview() {
  return joined([
    '# Command reference',
    PROGRAM.description,
    '[The command line](../../command-line.md) describes what the commands have in common: inputs, outputs, shared options and exit codes. `recordpipe COMMAND --help` prints the reference for one command, and [Shared options](options.md) lists the options that many commands have.',
    table(
      ['command', 'what it does'],
      COMMANDS.map((command) => [
        `[recordpipe ${command.name}](${fileOf(command)})`,
        inline(command.description),
      ]),
    ),
    '## Exit codes',
    exitCodes(PROGRAM),
  ]);
}

function page(command) {
  const { name, description, usage, groups, examples, notes } = command;
  const guides = GUIDES[name] ?? [];
  return joined([
    `# recordpipe ${name}`,
    inline(description),
    ['```text', usage, '```'].join('\n'),
    '## Examples',
    code(...examples),
    ...(notes.length === 0 ? [] : ['## Details']),
    ...notes.map(({ text, lines }) => (lines === undefined ? inline(text) : code(...lines))),
    ...(command.arguments.length === 0
      ? []
      : [
          '## Arguments',
          table(
            ['argument', 'meaning'],
            command.arguments.map(({ term, text }) => [`\`${term}\``, inline(text)]),
          ),
        ]),
    '## Options',
    ...groups.flatMap(({ heading, entries }, i) => {
      const own = entries.filter((entry) => !isShared(heading, entry));
      if (own.length === 0) return [];
      return [...(i === 0 ? [] : [`### ${heading}`]), optionTable(own)];
    }),
    ...sharedOptions(groups),
    '## Exit codes',
    exitCodes(command),
    '## See also',
    [
      ...guides.map((guide) => `- [${TITLES[guide]}](../../${guide})`),
      '- [The command line](../../command-line.md): inputs, outputs, exit codes',
      '- [All commands](README.md)',
    ].join('\n'),
  ]);
}

/** The number of commands from which on an option is described on the page of shared options. */
const MANY = 3;

/** The options that many commands have in the same group, by heading. */
const SHARED = sharedGroups();

function sharedGroups() {
  const found = new Map();
  for (const { heading, entries } of COMMANDS.flatMap(({ groups }) => groups.slice(1)))
    for (const { term, text } of entries) {
      const group = found.get(heading) ?? new Map();
      const key = JSON.stringify([term, text]);
      found.set(heading, group.set(key, (group.get(key) ?? 0) + 1));
    }
  const many = (group) => [...group].filter(([, count]) => count >= MANY).map(([key]) => key);
  return new Map(
    [...found].map(([heading, group]) => [heading, many(group)]).filter(([, keys]) => keys.length > 0),
  );
}

function isShared(heading, { term, text }) {
  return SHARED.get(heading)?.includes(JSON.stringify([term, text])) ?? false;
}

function optionTable(entries) {
  return table(
    ['option', 'meaning'],
    entries.map(({ term, text }) => [`\`${term}\``, inline(text)]),
  );
}

/** Lists the options of a command that are described on the page of shared options. */
function sharedOptions(groups) {
  const rows = groups.flatMap(({ heading, entries }) => {
    const shared = entries.filter((entry) => isShared(heading, entry));
    const flags = shared.map(({ term }) => `\`${term.replace(/ .*<.*/, '').replace(/^-\w, /, '')}\``);
    return shared.length === 0
      ? []
      : [[`[${titleOf(heading)}](options.md#${anchorOf(heading)})`, flags.join(' ')]];
  });
  return rows.length === 0 ? [] : ['### Shared options', table(['described in', 'options'], rows)];
}

/** Returns a heading without the note in parentheses. */
function titleOf(heading) {
  return heading.replace(/ \(.*/, '');
}

function anchorOf(heading) {
  return titleOf(heading)
    .toLowerCase()
    .replace(/[^\w -]/g, '')
    .replaceAll(' ', '-');
}

function optionsPage() {
  const sections = [...SHARED].flatMap(([heading, keys]) => {
    const note = / \((.*)\)$/.exec(heading)?.[1];
    return [
      `## ${titleOf(heading)}`,
      ...(note === undefined ? [] : [`${inline(note.replace(/^./, (first) => first.toUpperCase()))}.`]),
      optionTable(keys.map((key) => JSON.parse(key)).map(([term, text]) => ({ term, text }))),
    ];
  });
  return joined([
    '# Shared options',
    'These options have the same meaning in all commands that accept them. The [page of each command](README.md) lists the shared options that the command accepts.',
    ...sections,
  ]);
}

function exitCodes({ exitCodes: codes, exitNote }) {
  const rows = table(
    ['exit code', 'meaning'],
    codes.map(([code, meaning]) => [code, inline(meaning)]),
  );
  return exitNote === undefined ? rows : `${rows}\n\n${inline(exitNote)}`;
}

function joined(parts) {
  return `${parts.join('\n\n')}\n`;
}

function code(...lines) {
  return ['```sh', ...lines, '```'].join('\n');
}

function table(heads, rows) {
  return [
    `| ${heads.join(' | ')} |`,
    `|${heads.map(() => '---|').join('')}`,
    ...rows.map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`),
  ].join('\n');
}

/** Options with choices, followed by one of them. */
const CHOSEN = COMMANDS.flatMap(({ groups }) => groups.flatMap(({ entries }) => entries)).flatMap(
  ({ term, text }) => {
    const words = /\(choices: ([^;)]+)/.exec(text)?.[1].replaceAll(', ', '|');
    return words === undefined ? [] : [`${/--[\w-]+/.exec(term)[0]} (?:${words})`];
  },
);
const NAMES = COMMANDS.map(({ name }) => name).join('|');

/** The parts of a text to set as code. */
const CODE = new RegExp(
  `(?<=^|[\\s(])(?:${[
    // Expressions, addresses and globs in quotes, and JSON.
    `'[^']*[&*=/|@][^']*'|'FILE.tfrecord'|"[^"]*/[^"]*"|feature\\("[^"]*"\\)|\\{"[^.]*\\}`,
    // Commands and options.
    `npm install \\S+\\w|-n \\d+|--shard auto(?:/N)?|(?:recordpipe )?(?:${NAMES}) --[\\w-]+|recordpipe (?:${NAMES})`,
    `${[...new Set(CHOSEN)].join('|')}|--root /opt/ml|--?[a-zA-Z][\\w-]*(?:=\\S+\\b)?|-(?= (?:for std|writes the page))|--(?=:)`,
    // Words with characters that are not part of prose.
    `\\w+=[\\d.]+(?:,\\w+=[\\d.]+)+|[^\\s(),;]*(?:[*_<>$|\\\\{}~@]|://|\\w/|\\w\\.\\w|\\w=\\w|-\\d{5})[^\\s(),;]*?|\\.[a-z]{2,5}|\\[\\w+=\\][\\w/:]+`,
  ].join('|')})(?=[.:]?(?:[\\s),;]|$))`,
  'g',
);

/** Returns a text of the help in Markdown. */
function inline(text) {
  return text
    .replace(CODE, (word) => (/^(?:and\/or|e\.g)$/.test(word) ? word : `\`${word}\``))
    .replace(/\((choices: [^;)]+)/g, (_, words) => `(${words.replace(/(?<=[:,] )[\w-]+/g, '`$&`')}`);
}

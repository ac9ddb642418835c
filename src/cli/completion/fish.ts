import { byCommands, type Completed, type CompletedCommand, type Completion } from './model.ts';

/** Returns a completion script for fish 3.0 and newer. */
export function fishScript({ first, groups, options }: Completion): string {
  const leaves = [
    ...first,
    ...Object.entries(groups).flatMap(([group, commands]) =>
      commands.map((one) => ({ ...one, name: `${group} ${one.name}` })),
    ),
  ];
  return `# Completion of recordpipe for fish, written by: recordpipe completion fish

# Reports whether the command line has one of these commands, and no -- yet.
function __recordpipe_is
    set -l words (commandline -opc)
    contains -- -- $words; and return 1
    set -q words[2]; or return 1
    contains -- $words[2] $argv; and return
    set -q words[3]; and contains -- "$words[2] $words[3]" $argv
end

# Reports whether the command line has this number of words before the current one.
function __recordpipe_words
    test (count (commandline -opc)) -eq $argv
end

# Reports whether the current word belongs to a program after --.
function __recordpipe_runs
    set -l words (commandline -opc)
    contains -- "$words[2]" stream train; and contains -- -- $words
end

# Completes a program after --.
function __recordpipe_program
    set -l words (commandline -opc)
    set -l start (math (contains -i -- -- $words) + 1)
    set -q words[$start]; and set -l before (string escape -- $words[$start..-1])
    complete -C (string join ' ' -- $before (commandline -ct))
end

complete -c recordpipe -f
complete -c recordpipe -n __recordpipe_runs -a '(__recordpipe_program)'
complete -c recordpipe -n '__recordpipe_words 1' -s V -l version -d 'print the version'
complete -c recordpipe -n '__recordpipe_words 1' -s h -l help -d 'print help'
${first.map((command) => declared(command, '__recordpipe_words 1')).join('\n')}
${Object.entries(groups)
  .flatMap(([group, commands]) =>
    commands.map((command) => declared(command, `__recordpipe_is ${group}; and __recordpipe_words 2`)),
  )
  .join('\n')}
${leaves
  .flatMap(({ name, arguments: value }) =>
    value.kind === 'nothing' || value.kind === 'program'
      ? []
      : [`complete -c recordpipe -n "__recordpipe_is ${named(name)}" ${values(value, false)}`],
  )
  .join('\n')}
${[...byCommands(options)]
  .map(
    ([commands, set]) => `
set -l condition "__recordpipe_is ${commands.map(named).join(' ')}"
${set
  .map(({ flags, value, text }) =>
    [
      'complete -c recordpipe -n $condition',
      ...flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`)),
      ...(value === undefined ? [] : [values(value, true)]),
      `-d ${quoted(text)}`,
    ].join(' '),
  )
  .join('\n')}`,
  )
  .join('\n')}
`;
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}

/** Quotes the name of a command in a condition in double quotes. */
function named(name: string): string {
  return name.includes(' ') ? `'${name}'` : name;
}

function declared({ name, text }: CompletedCommand, condition: string): string {
  return `complete -c recordpipe -n '${condition}' -a ${name} -d ${quoted(text)}`;
}

function values({ kind, words = [], isAssigned }: Completed, isRequired: boolean): string {
  const required = isRequired ? '-r ' : '';
  if (kind === 'words') return `${required}-f -a '${words.join(' ')}'`;
  // Fish completes paths after NAME=, and directories only where no name precedes them.
  if (kind === 'files' || isAssigned) return `${required}-F`;
  return kind === 'directories' ? `${required}-f -a '(__fish_complete_directories)'` : `${required}-f`;
}

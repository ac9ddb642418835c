import {
  byCommands,
  type Completed,
  type CompletedCommand,
  type CompletedOption,
  type Completion,
} from './model.ts';

/** Returns a completion script for zsh: the file `_recordpipe` in a directory of `$fpath`. */
export function zshScript({ first, groups, options }: Completion): string {
  const leaves = [
    ...first.filter(({ name }) => groups[name] === undefined),
    ...Object.entries(groups).flatMap(([group, commands]) =>
      commands.map((one) => ({ ...one, name: `${group} ${one.name}` })),
    ),
  ];
  return `#compdef recordpipe
# Completion of recordpipe for zsh, written by: recordpipe completion zsh

_recordpipe() {
  local curcontext=$curcontext state command
  local -a line commands options
  typeset -A opt_args
  _arguments -C \\
    '(- *)'{-V,--version}'[print the version]' \\
    '(- *)'{-h,--help}'[print help]' \\
    '1:command:->command' \\
    '*::argument:->argument' && return
  if [[ $state == command ]]; then
    commands=(
${described(first)}
    )
    _describe -t commands command commands
    return
  fi

  command=$words[1]
  case $command in
${Object.entries(groups)
  .map(
    ([group, commands]) => `    ${group})
      if (( CURRENT == 2 )); then
        commands=(
${described(commands)}
        )
        _describe -t commands command commands
        return
      fi
      command="$command $words[2]"
      shift words
      (( CURRENT-- )) ;;`,
  )
  .join('\n')}
  esac
${[...byCommands(options)]
  .map(
    ([commands, set]) => `  case $command in
    ${commands.map(pattern).join('|')})
      options+=(
${set
  .flatMap(specs)
  .map((spec) => `        ${quoted(spec)}`)
  .join('\n')}
      ) ;;
  esac`,
  )
  .join('\n')}
  case $command in
${leaves.map((command) => `    ${pattern(command.name)}) options+=(${quoted(argumentSpec(command))}) ;;`).join('\n')}
  esac
  _arguments -s -S $options
}

# Completes the text after NAME= with words, or with directories.
_recordpipe_assigned() {
  compset -P '*='
  if (( $# )); then compadd -- "$@"; else _files -/; fi
}

# Completes files, and list files after @.
_recordpipe_files() {
  compset -P '@'
  _files
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _recordpipe "$@"
else
  compdef _recordpipe recordpipe
fi
`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Escapes the characters that end a part of a specification. */
function escaped(text: string): string {
  return text.replace(/[\\[\]:]/g, '\\$&');
}

function pattern(name: string): string {
  return name.replaceAll(' ', '\\ ');
}

function described(commands: readonly CompletedCommand[]): string {
  return commands.map(({ name, text }) => `      ${quoted(`${name}:${escaped(text)}`)}`).join('\n');
}

/** Returns the specifications of an option for `_arguments`, one per flag. */
function specs({ flags, value, isRepeatable, text }: CompletedOption): string[] {
  const before = isRepeatable ? '*' : flags.length > 1 ? `(${flags.join(' ')})` : '';
  return flags.map((flag) => {
    if (value === undefined) return `${before}${flag}[${escaped(text)}]`;
    return `${before}${flag}${flag.startsWith('--') ? '=' : '+'}[${escaped(text)}]:value:${action(value)}`;
  });
}

function argumentSpec({ arguments: value }: CompletedCommand): string {
  if (value.kind === 'program') return '*:::program:_normal';
  return value.kind === 'words' ? `1:argument:${action(value)}` : `*:argument:${action(value)}`;
}

function action({ kind, words = [], isAssigned }: Completed): string {
  if (isAssigned) return [' _recordpipe_assigned', ...words].join(' ');
  if (kind === 'words') return `(${words.join(' ')})`;
  if (kind === 'files') return '_recordpipe_files';
  return kind === 'directories' ? '_files -/' : ' ';
}

import { byCommands, type Completed, type CompletedCommand, type Completion } from './model.ts';

/**
 * Returns a completion script for bash 3.2 and newer. It does not need the bash-completion package.
 */
export function bashScript({ first, groups, options }: Completion): string {
  return `# Completion of recordpipe for bash, written by: recordpipe completion bash
_recordpipe() {
  local IFS=$' \\t\\n' cur=\${COMP_WORDS[COMP_CWORD]} option before= kind= words= options= command i
  COMPREPLY=()
  # Bash splits words at =, as in --format=tfrecord and -c train=data/.
  i=$((COMP_CWORD - 1))
  if ((i > 1)) && [[ $cur == '=' || \${COMP_WORDS[i]} == '=' ]]; then
    if [[ $cur == '=' ]]; then cur=; else i=$((i - 1)); fi
    if [[ \${COMP_WORDS[i]} != -* ]]; then i=$((i - 1)); fi
    if [[ \${COMP_WORDS[i]} == '=' ]]; then i=$((i - 1)); fi
  fi
  option=\${COMP_WORDS[i]}
  if [[ $cur == --*=* ]]; then
    option=\${cur%%=*}
    before=$option=
    cur=\${cur#*=}
  fi

  command=\${COMP_WORDS[1]:-}
  case $command in
${Object.entries(groups)
  .map(
    ([group, commands]) =>
      `    ${group})
      if [[ $COMP_CWORD -eq 2 ]]; then kind=words words='${namesOf(commands)} --help'; fi
      command="$command \${COMP_WORDS[2]:-}" ;;`,
  )
  .join('\n')}
  esac
  if [[ $COMP_CWORD -eq 1 ]]; then kind=words words='${namesOf(first)} --help --version'; fi

  # Words after --.
  for ((i = 2; i < COMP_CWORD; i++)); do
    if [[ \${COMP_WORDS[i]} == -- ]]; then
      kind=files
      if [[ $command == train || $command == stream ]] && ((i == COMP_CWORD - 1)); then kind=program; fi
      break
    fi
  done
  # The value of an option.
  if [[ -z $kind && $option == -* ]]; then
    case $command:$option in
${valueCases(options)}
    esac
  fi
  # Options and arguments.
  if [[ -z $kind && $cur == -* ]]; then
    kind=words
${[...byCommands(options)]
  .map(
    ([commands, set]) => `    case $command in
      ${commands.map(pattern).join(' | ')})
        options+=' ${set.flatMap(({ flags }) => flags).join(' ')}' ;;
    esac`,
  )
  .join('\n')}
    words=$options
  fi
  if [[ -z $kind ]]; then
    case $command in
${argumentCases([
  ...first,
  ...Object.entries(groups).flatMap(([group, commands]) =>
    commands.map((one) => ({ ...one, name: `${group} ${one.name}` })),
  ),
])}
    esac
  fi

  case $kind in
    words) COMPREPLY=($(compgen -P "$before" -W "$words" -- "$cur")) || true ;;
    program) COMPREPLY=($(compgen -c -- "$cur")) || true ;;
    directories) _recordpipe_compopt -o dirnames ;;
    files)
      # List files follow @, where bash may split words. Bash itself completes other files.
      if [[ $cur == @* || \${COMP_WORDS[COMP_CWORD - 1]} == @ ]]; then
        IFS=$'\\n'
        COMPREPLY=($(compgen -P @ -f -- "\${cur#@}")) || true
        _recordpipe_compopt -o filenames
      fi
      return ;;
  esac
  _recordpipe_compopt +o default
}

# Bash 3.2 has no compopt, and completes files where nothing else matches.
_recordpipe_compopt() {
  if type compopt >/dev/null 2>&1; then compopt "$@" 2>/dev/null || true; fi
}

complete -o default -F _recordpipe recordpipe
`;
}

function namesOf(commands: readonly CompletedCommand[]): string {
  return commands.map(({ name }) => name).join(' ');
}

function pattern(name: string): string {
  return /^[\w-]+$/.test(name) ? name : `'${name}'`;
}

/** Returns the branches that set what completes the value of an option. */
function valueCases(options: Completion['options']): string {
  const patterns = new Map<string, string[]>();
  for (const { flags, value, commands } of options) {
    if (value === undefined) continue;
    const isEverywhere = options.every(
      (other) => other.flags.at(-1) !== flags.at(-1) || setting(other.value) === setting(value),
    );
    const names = isEverywhere ? ['*'] : commands;
    const own = names.flatMap((name) =>
      flags.map((flag) => `${name === '*' ? name : pattern(name)}:${flag}`),
    );
    patterns.set(setting(value), [...(patterns.get(setting(value)) ?? []), ...own]);
  }
  return [...patterns]
    .map(([set, names]) => `      ${[...new Set(names)].join(' | ')})\n        ${set} ;;`)
    .join('\n');
}

function argumentCases(commands: readonly CompletedCommand[]): string {
  const names = new Map<string, string[]>();
  for (const { name, arguments: value } of commands) {
    const set = setting(value.kind === 'program' ? { kind: 'nothing' } : value);
    names.set(set, [...(names.get(set) ?? []), pattern(name)]);
  }
  return [...names].map(([set, of]) => `      ${of.join(' | ')})\n        ${set} ;;`).join('\n');
}

function setting(value: Completed | undefined): string {
  if (value === undefined) return '';
  return value.words === undefined ? `kind=${value.kind}` : `kind=words words='${value.words.join(' ')}'`;
}

import type { Command } from 'commander';

/** What completes a value. */
export interface Completed {
  readonly kind: 'nothing' | 'files' | 'directories' | 'words' | 'program';
  /** With `words`. */
  readonly words?: readonly string[];
  /** The value follows `NAME=`, which may be optional. */
  readonly isAssigned?: true;
}

/** An option with the same flags, value and text in several commands. */
export interface CompletedOption {
  /** Such as `-j` and `--jobs`. */
  readonly flags: readonly string[];
  /** Undefined for an option without a value. */
  readonly value: Completed | undefined;
  readonly isRepeatable: boolean;
  readonly text: string;
  /** Names of the commands, such as `validate` and `cache ls`. */
  readonly commands: readonly string[];
}

/** A command. */
export interface CompletedCommand {
  readonly name: string;
  readonly text: string;
  /** What completes its arguments. */
  readonly arguments: Completed;
}

/** The contents of a completion script. */
export interface Completion {
  /** The first words of a command line. */
  readonly first: readonly CompletedCommand[];
  /** The commands of each group, such as `cache`, by the name of the group. */
  readonly groups: Readonly<Record<string, readonly CompletedCommand[]>>;
  /** The options of all commands. */
  readonly options: readonly CompletedOption[];
}

const NOTHING: Completed = { kind: 'nothing' };
const FILES: Completed = { kind: 'files' };
const DIRECTORIES: Completed = { kind: 'directories' };

/** What completes a value, by the placeholder of an option or the name of an argument. */
export const COMPLETED: Readonly<Record<string, Completed>> = {
  file: FILES,
  input: FILES,
  inputs: FILES,
  output: FILES,
  manifest: FILES,
  address: FILES,
  dir: DIRECTORIES,
  uri: DIRECTORIES,
  'name=uri': { ...DIRECTORIES, isAssigned: true },
  '[name=]uri': { ...DIRECTORIES, isAssigned: true },
  '[name=]mode': { kind: 'words', words: ['File', 'FastFile', 'Pipe'], isAssigned: true },
  'i/n': { kind: 'words', words: ['auto'] },
  command: { kind: 'program' },
  addresses: NOTHING,
  expression: NOTHING,
  feature: NOTHING,
  format: NOTHING,
  glob: NOTHING,
  image: NOTHING,
  kind: NOTHING,
  label: NOTHING,
  n: NOTHING,
  name: NOTHING,
  'name=regex': NOTHING,
  'name=value': NOTHING,
  'name=weight,...': NOTHING,
  names: NOTHING,
  p: NOTHING,
  port: NOTHING,
  prefix: NOTHING,
  shell: NOTHING,
  size: NOTHING,
  statement: NOTHING,
  text: NOTHING,
  time: NOTHING,
  type: NOTHING,
  url: NOTHING,
  what: NOTHING,
  when: NOTHING,
};

/** Returns what a completion script contains, for the command line with all its commands. */
export function completionOf(root: Command): Completion {
  const groups = root.commands.filter(({ commands }) => commands.length > 0);
  const leaves = root.commands.flatMap((command) =>
    command.commands.length > 0 ? command.commands : command,
  );
  const help: CompletedCommand = {
    name: 'help',
    text: 'print help for a command',
    arguments: { kind: 'words', words: root.commands.map((command) => command.name()) },
  };
  return {
    first: [...root.commands.map(completedCommand), help],
    groups: Object.fromEntries(groups.map((group) => [group.name(), group.commands.map(completedCommand)])),
    options: optionsOf(leaves),
  };
}

function completedCommand(command: Command): CompletedCommand {
  // Commands with several arguments, such as an input and an output, take files for all of them.
  const [argument] = command.registeredArguments;
  return {
    name: command.name(),
    text: brief(command.description()),
    arguments: argument === undefined ? NOTHING : completed(argument.argChoices, argument.name()),
  };
}

function completed(choices: readonly string[] | undefined, name: string): Completed {
  if (choices !== undefined) return { kind: 'words', words: choices };
  return COMPLETED[name] ?? NOTHING;
}

/** Returns the name of a command below the program, such as `cache ls`. */
export function nameOf(command: Command): string {
  const { parent } = command;
  return parent?.parent ? `${parent.name()} ${command.name()}` : command.name();
}

function optionsOf(commands: readonly Command[]): CompletedOption[] {
  const found = new Map<string, CompletedOption & { readonly commands: string[] }>();
  for (const command of commands)
    for (const option of command.createHelp().visibleOptions(command)) {
      const one = {
        flags: [option.short, option.long].filter((flag) => flag !== undefined),
        value:
          option.required || option.optional
            ? completed(option.argChoices, placeholderOf(option.flags))
            : undefined,
        isRepeatable: /\brepeatable\b/.test(option.description),
        text: brief(option.description),
      };
      const key = JSON.stringify(one);
      const commands = found.get(key)?.commands ?? [];
      found.set(key, { ...one, commands: [...commands, nameOf(command)] });
    }
  return [...found.values()];
}

/** Returns the placeholder of an option, such as `file` in `--schema <file>`. */
export function placeholderOf(flags: string): string {
  return /[<[](.*)[>\]]$/.exec(flags)?.[1] ?? '';
}

/** Returns the first part of a description. */
function brief(text: string): string {
  return text.split(/; | \(|\. |\.$|: files, /, 1)[0];
}

/** Groups options by the commands that have them. */
export function byCommands(
  options: readonly CompletedOption[],
): ReadonlyMap<readonly string[], readonly CompletedOption[]> {
  const sets = new Map<string, CompletedOption[]>();
  for (const option of options) {
    const key = option.commands.join();
    sets.set(key, [...(sets.get(key) ?? []), option]);
  }
  return new Map([...sets.values()].map((set) => [set[0].commands, set]));
}

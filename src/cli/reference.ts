import type { Argument, Command, Option } from 'commander';
import { type CommandTexts, EXIT_CODES, textsOf } from './command.ts';
import { nameOf } from './completion/model.ts';
import { program } from './program.ts';
import { describedText } from './text/help.ts';

// The reference pages and the man pages are generated from this; the command line does not load it.

/** What the reference says about a command. */
export interface CommandReference {
  /** Such as `cache ls`; empty for the program itself. */
  readonly name: string;
  readonly description: string;
  readonly usage: string;
  readonly arguments: readonly Entry[];
  /** Options by their heading in the help. */
  readonly groups: readonly { readonly heading: string; readonly entries: readonly Entry[] }[];
  /** Command lines. */
  readonly examples: readonly string[];
  readonly notes: readonly Paragraph[];
  readonly exitCodes: readonly (readonly [code: string, meaning: string])[];
  readonly exitNote: string | undefined;
}

/** An argument or an option. */
export interface Entry {
  readonly term: string;
  readonly text: string;
}

/** A text, or lines of a shell. */
export type Paragraph =
  | { readonly text: string; readonly lines?: undefined }
  | { readonly lines: readonly string[] };

/** Returns the reference of the program, and of its commands in the order of the help. */
export function reference(): { program: CommandReference; commands: readonly CommandReference[] } {
  const root = program(undefined);
  const leaves = root.commands.flatMap((command) =>
    command.commands.length > 0 ? command.commands : command,
  );
  return { program: described(root, ''), commands: leaves.map((leaf) => described(leaf, nameOf(leaf))) };
}

function described(command: Command, name: string): CommandReference {
  const help = command.createHelp();
  const texts: CommandTexts = textsOf(command) ?? { examples: '' };
  return {
    name,
    description: command.description(),
    usage: help.commandUsage(command),
    arguments: command.registeredArguments.map((argument) => entry(help.argumentTerm(argument), argument)),
    groups: groupsOf(help.visibleOptions(command)),
    examples: texts.examples.trim().split('\n'),
    notes: paragraphs(texts.notes ?? ''),
    exitCodes: Object.entries(texts.exitCodes ?? EXIT_CODES),
    exitNote: texts.exitNote,
  };
}

function entry(term: string, described: Argument | Option): Entry {
  return { term, text: describedText(described) };
}

/** Returns options by their heading. Options without a heading come first. */
function groupsOf(options: readonly Option[]): CommandReference['groups'] {
  const groups = new Map<string, Entry[]>([['Options', []]]);
  for (const option of options) {
    const heading = option.helpGroupHeading?.replace(/:$/, '') ?? 'Options';
    const group = groups.get(heading) ?? [];
    groups.set(heading, group);
    group.push(entry(option.flags, option));
  }
  return [...groups].map(([heading, entries]) => ({ heading, entries }));
}

/** Splits notes into paragraphs. The lines of a shell are indented. */
function paragraphs(notes: string): Paragraph[] {
  const found: { text?: string; lines?: string[] }[] = [];
  for (const line of notes.split('\n')) {
    const last = found.at(-1);
    if (line === '') found.push({});
    else if (!line.startsWith('  ')) found.push({ text: line });
    else if (last?.lines !== undefined) last.lines.push(line.trim());
    else found.push({ lines: [line.trim()] });
  }
  return found.filter(({ text, lines }) => text !== undefined || lines !== undefined) as Paragraph[];
}

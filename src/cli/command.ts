import { Argument, type Command } from 'commander';
import { configure } from './configuration/configure.ts';
import { interruptedBy } from './interrupt.ts';
import { type CommonOptions, commonOptions } from './options/every-command.ts';
import type { OptionTable, Values } from './options/option.ts';
import { useColor } from './text/terminal.ts';

/** The texts of a command after its options. */
export interface CommandTexts {
  /** Command lines, one per line. A comment follows after `#`. */
  readonly examples: string;
  /** Paragraphs. */
  readonly notes?: string;
  /** Default: `EXIT_CODES`. */
  readonly exitCodes?: ExitCodes;
  /** A paragraph about exit codes. */
  readonly exitNote?: string;
}

/** Meanings of exit codes. */
export type ExitCodes = Readonly<Record<string, string>>;

/** Declaration of a command: its arguments, options, texts and action. */
export interface CommandDeclaration<O extends OptionTable, A extends readonly unknown[]>
  extends CommandTexts {
  readonly name: string;
  readonly description: string;
  readonly usage?: string;
  /** Argument descriptions, keyed by flags such as `<file>`, `[output]` and `<files...>`. */
  readonly arguments: Readonly<Record<string, string | ChosenArgument>>;
  readonly options: O;
  /** Runs the command and returns its exit code. Imports the library lazily. */
  readonly action: (...args: [...A, Values<O>]) => Promise<number>;
}

/** An argument that is one of a fixed set of words. */
export interface ChosenArgument {
  readonly text: string;
  readonly choices: readonly string[];
}

/** Adds a command to its parent. */
export type Register = (parent: Command) => void;

/** Exit codes of most commands. */
export const EXIT_CODES: ExitCodes = {
  0: 'ok',
  1: 'invalid data',
  2: 'invalid usage',
  3: 'a file or object could not be read or written',
  70: 'internal error (a bug in recordpipe)',
  '129, 130, 131, 143': 'stopped by a signal (hangup, interrupt, quit or terminate)',
};

const texts = new WeakMap<Command, CommandTexts>();

/** Returns the texts of a declared command; undefined for a group of commands. */
export function textsOf(command: Command): CommandTexts | undefined {
  return texts.get(command);
}

/** Adds texts to a command and its help. */
export function describe(command: Command, added: CommandTexts): Command {
  texts.set(command, added);
  return command.addHelpText('after', helpText(added));
}

function helpText({ examples, notes, exitCodes = EXIT_CODES, exitNote }: CommandTexts): string {
  const codes = Object.entries(exitCodes).map(([code, meaning]) =>
    code.length < 9 ? `  ${code.padEnd(9)} ${meaning}` : `  ${code}\n  ${' '.repeat(9)} ${meaning}`,
  );
  return [
    `\nExamples:\n${examples.trim().replace(/^/gm, '  ')}`,
    notes,
    `Exit codes:\n${codes.join('\n')}`,
    exitNote,
  ]
    .filter((part) => part !== undefined)
    .join('\n\n');
}

/** Declares a command. */
export function command<O extends OptionTable, A extends readonly unknown[]>(
  declaration: CommandDeclaration<O, A>,
): Register {
  const { name, description, usage, options, action } = declaration;
  return (parent) => {
    const command = parent.command(name).description(description).helpOption('-h, --help', 'print help');
    if (usage !== undefined) command.usage(usage);
    for (const [flags, argument] of Object.entries(declaration.arguments))
      command.addArgument(
        typeof argument === 'string'
          ? new Argument(flags, argument)
          : new Argument(flags, argument.text).choices(argument.choices),
      );
    for (const option of Object.values({ ...options, ...commonOptions })) command.addOption(option);
    describe(command, declaration).action(async (...args: unknown[]) => {
      // Commander appends the options and the command to the arguments.
      configure(command);
      const given = [...args.slice(0, -2), command.opts()] as [...A, Values<O>];
      useColor(command.opts<CommonOptions>().color);
      const endVerbose =
        command.opts<CommonOptions>().verbose && (await import('./verbose.ts')).startVerbose();
      try {
        const exitCode = await action(...given);
        process.exitCode = interruptedBy() ?? exitCode;
      } finally {
        if (endVerbose) endVerbose();
      }
    });
  };
}

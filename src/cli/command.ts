import type { Command } from 'commander';
import { configure } from './configuration/configure.ts';
import { interruptedBy } from './interrupt.ts';
import { type CommonOptions, commonOptions } from './options/every-command.ts';
import type { OptionTable, Values } from './options/option.ts';
import { useColor } from './text/terminal.ts';

/** Declaration of a command: its arguments, options, help and action. */
export interface CommandDeclaration<O extends OptionTable, A extends readonly unknown[]> {
  readonly name: string;
  readonly description: string;
  readonly usage?: string;
  /** Argument descriptions, keyed by flags such as `<file>`, `[output]` and `<files...>`. */
  readonly arguments: Readonly<Record<string, string>>;
  readonly options: O;
  /** Examples and notes for the help. */
  readonly help: string;
  /** Last section of the help. Default: `EXIT_CODES`. */
  readonly exitCodes?: string;
  /** Runs the command and returns its exit code. Imports the library lazily. */
  readonly action: (...args: [...A, Values<O>]) => Promise<number>;
}

/** Adds a command to its parent. */
export type Register = (parent: Command) => void;

/** Default last section of the help. */
export const EXIT_CODES = `
Exit codes:
  0         ok
  1         invalid data
  2         invalid usage
  3         a file or object could not be read or written
  70        internal error: a bug in recordpipe
  129, 130, 131, 143
            stopped by a signal: hangup, interrupt, quit, terminate`;

/** Declares a command. */
export function command<O extends OptionTable, A extends readonly unknown[]>(
  declaration: CommandDeclaration<O, A>,
): Register {
  const { name, description, usage, options, help, exitCodes = EXIT_CODES, action } = declaration;
  return (parent) => {
    const command = parent.command(name).description(description);
    if (usage !== undefined) command.usage(usage);
    for (const [flags, text] of Object.entries(declaration.arguments)) command.argument(flags, text);
    for (const option of [...Object.values(options), ...Object.values(commonOptions)])
      command.addOption(option);
    command.addHelpText('after', `${help}\n${exitCodes}`).action(async (...args: unknown[]) => {
      // Commander appends the options and the command to the arguments.
      configure(command);
      const given = [...args.slice(0, -2), command.opts()] as [...A, Values<O>];
      useColor(command.opts<CommonOptions>().color);
      const exitCode = await action(...given);
      process.exitCode = interruptedBy() ?? exitCode;
    });
  };
}

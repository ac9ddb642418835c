import { isatty } from 'node:tty';
import { styleText } from 'node:util';
import { type Command, Option } from 'commander';

/** When text is coloured. */
export type ColorChoice = 'auto' | 'always' | 'never';

/** Colours text, or leaves it as it is. */
export type Painter = (style: 'red' | 'green' | 'yellow' | 'dim' | 'bold', text: string) => string;

/** `auto`: on a terminal, unless NO_COLOR is set to anything or the terminal is dumb. */
export function painter(choice: ColorChoice, descriptor: 1 | 2): Painter {
  if (!isColored(choice, descriptor)) return (_, text) => text;
  // Newer Node would look at the stream and NO_COLOR again; the choice has been made.
  return (style, text) => styleText(style, text, { validateStream: false });
}

function isColored(choice: ColorChoice, descriptor: number): boolean {
  if (choice !== 'auto') return choice === 'always';
  return !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb' && isatty(descriptor);
}

/** Adds `--color` to a command, and to those below it, that do not have it yet. */
export function withColor(command: Command): void {
  for (const one of command.commands) withColor(one);
  if (command.commands.length > 0 || command.options.some(({ long }) => long === '--color')) return;
  command.addOption(
    new Option('--color <when>', 'colors (NO_COLOR is honored)')
      .choices(['auto', 'always', 'never'])
      .default('auto'),
  );
}

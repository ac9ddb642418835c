import { Command } from 'commander';
import { EXIT_CODES, type Register } from './command.ts';
import { fail } from './fail.ts';
import { complain, print } from './output.ts';
import { packageVersion } from './package-files.ts';
import { fill } from './text/terminal.ts';
import { visible } from './text/visible.ts';

/** The module of a command: commands/NAME.ts. */
interface CommandModule {
  readonly register: Register;
}

/** The commands in the order of the help. */
const COMMANDS: Record<string, () => Promise<CommandModule>> = {
  validate: () => import('./commands/validate.ts'),
  count: () => import('./commands/count.ts'),
  inspect: () => import('./commands/inspect.ts'),
  stats: () => import('./commands/stats.ts'),
  schema: () => import('./commands/schema.ts'),
  cat: () => import('./commands/cat.ts'),
  index: () => import('./commands/index.ts'),
  plan: () => import('./commands/plan.ts'),
  stream: () => import('./commands/stream.ts'),
  convert: () => import('./commands/convert.ts'),
  repair: () => import('./commands/repair.ts'),
  split: () => import('./commands/split.ts'),
  merge: () => import('./commands/merge.ts'),
  shuffle: () => import('./commands/shuffle.ts'),
  sample: () => import('./commands/sample.ts'),
  upload: () => import('./commands/upload.ts'),
  doctor: () => import('./commands/doctor.ts'),
  manifest: () => import('./commands/manifest.ts'),
};

/**
 * Builds the command line. Loads only the called command, or all of them for help and suggestions.
 * @param called the first argument
 */
export async function program(called: string | undefined): Promise<Command> {
  const root = new Command('recordpipe')
    .description(
      'Read, validate, index and convert record files (TFRecord, RecordIO, text lines) without TensorFlow or MXNet.',
    )
    .version(packageVersion(), '-V, --version')
    .exitOverride()
    .configureOutput({
      writeOut: printHelp,
      writeErr: (text) => complain(text.replace(/\n$/, '')),
      outputError: (text, write) => write(errorLines(text)),
    })
    .showSuggestionAfterError()
    .showHelpAfterError('(run recordpipe help, or recordpipe COMMAND --help, for usage)')
    .addHelpText('after', ROOT_HELP);
  for (const { register } of await Promise.all(needed(called).map((load) => load()))) register(root);
  return root;
}

function needed(called: string | undefined): (() => Promise<CommandModule>)[] {
  if (called === '--version' || called === '-V') return [];
  return called !== undefined && Object.hasOwn(COMMANDS, called)
    ? [COMMANDS[called]]
    : Object.values(COMMANDS);
}

/** An error of Commander: a line that quotes arguments, perhaps followed by a suggestion. */
function errorLines(text: string): string {
  return text
    .trimEnd()
    .split(/\n(?=\(Did you mean)/)
    .map(visible)
    .join('\n');
}

let printed: unknown;

/**
 * Prints help. Commander's default ends the process with a stack trace if the reader has closed the
 * pipe (`| head`) or the disk is full.
 */
function printHelp(text: string): void {
  print(fill(text, process.stdout.columns || 80)).catch(async (error: unknown) => {
    // Help is printed in parts, which all fail for the same reason.
    if (error === printed) return;
    printed = error;
    process.exitCode = await fail(error);
  });
}

const ROOT_HELP = `
Examples:
  recordpipe validate data/                     a directory and its subdirectories
  recordpipe count 'train-*.tfrecord'
  recordpipe inspect train.rec -n 3
  recordpipe stats data/ --html report.html
  recordpipe cat lines.tfrecord --newline | head
${EXIT_CODES}`;

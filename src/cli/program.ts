import { Command } from 'commander';
import { errorsAreJson } from './advice.ts';
import { type CommandTexts, describe, EXIT_CODES, type Register } from './command.ts';
import { register as cache } from './commands/cache.ts';
import { register as cat } from './commands/cat.ts';
import { register as completion } from './commands/completion.ts';
import { register as convert } from './commands/convert.ts';
import { register as count } from './commands/count.ts';
import { register as doctor } from './commands/doctor.ts';
import { register as index } from './commands/index.ts';
import { register as inspect } from './commands/inspect.ts';
import { register as manifest } from './commands/manifest.ts';
import { register as merge } from './commands/merge.ts';
import { register as plan } from './commands/plan.ts';
import { register as query } from './commands/query.ts';
import { register as repair } from './commands/repair.ts';
import { register as sample } from './commands/sample.ts';
import { register as schema } from './commands/schema.ts';
import { register as shuffle } from './commands/shuffle.ts';
import { register as split } from './commands/split.ts';
import { register as stats } from './commands/stats.ts';
import { register as stream } from './commands/stream.ts';
import { register as train } from './commands/train.ts';
import { register as upload } from './commands/upload.ts';
import { register as validate } from './commands/validate.ts';
import { fail, packageVersion } from './fail.ts';
import { complain, print } from './output.ts';
import { describedText } from './text/help.ts';
import { fill } from './text/terminal.ts';

/** Commands, in the order of the help. */
const COMMANDS: Readonly<Record<string, Register>> = {
  validate,
  count,
  inspect,
  stats,
  schema,
  cat,
  index,
  plan,
  stream,
  train,
  convert,
  query,
  repair,
  split,
  merge,
  shuffle,
  sample,
  upload,
  doctor,
  cache,
  manifest,
  completion,
};

/**
 * Builds the command line. Declares only the called command, or all commands for help, suggestions
 * and completion.
 * @param called the first command-line argument
 */
export function program(called: string | undefined): Command {
  const root = new Command('recordpipe')
    .description(
      'Read, validate, index and convert record files (TFRecord, RecordIO, text lines) without TensorFlow or MXNet.',
    )
    .version(packageVersion(), '-V, --version', 'print the version')
    .exitOverride()
    .configureOutput({
      writeOut: printHelp,
      writeErr: (text) => {
        if (!errorsAreJson()) complain(text.replace(/\n$/, ''));
      },
      // `fail` prints errors.
      outputError: () => {},
    })
    .showSuggestionAfterError()
    .configureHelp({ optionDescription: describedText })
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command');
  describe(root, ROOT_TEXTS);
  if (called === '--version' || called === '-V') return root;
  const isAlone = called !== undefined && called !== 'completion' && Object.hasOwn(COMMANDS, called);
  for (const register of isAlone ? [COMMANDS[called]] : Object.values(COMMANDS)) register(root);
  return root;
}

let printed: unknown;

/**
 * Prints help. With Commander's default, the process would exit with a stack trace if the reader
 * has closed the pipe (`| head`) or the disk is full.
 */
function printHelp(text: string): void {
  print(fill(text, process.stdout.columns || 80)).catch(async (error: unknown) => {
    // Help is printed in parts, which all fail for the same reason.
    if (error === printed) return;
    printed = error;
    process.exitCode = await fail(error);
  });
}

const ROOT_TEXTS: CommandTexts = {
  examples: `
recordpipe validate data/                 # a directory and its subdirectories
recordpipe count 'train-*.tfrecord'
recordpipe inspect train.rec -n 3
recordpipe stats data/ --html report.html
recordpipe cat lines.tfrecord --newline | head`,
  notes:
    'To set options once for all commands, use recordpipe.config.json or RECORDPIPE_ variables (see docs/configuration.md). recordpipe doctor shows the settings in effect. --verbose logs what a command reads, decides and requests.',
  exitCodes: { ...EXIT_CODES, 4: 'stream, train: no reader opened a pipe in time' },
  exitNote: 'If stream or train runs a program, the command exits with the exit code of the program.',
};

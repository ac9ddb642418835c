import { Command } from 'commander';
import { EXIT_CODES } from './command-parts.ts';
import { fail } from './fail.ts';
import { fill } from './fill.ts';
import { complain, print } from './output.ts';
import { withColor } from './style.ts';
import { packageVersion } from './version.ts';

/** A module that tells what a command accepts: commands/register/NAME.ts. What the command does is in commands/NAME.ts, imported when it runs. */
interface Registration {
  register(root: Command): void;
}

/** The commands, in the order in which help lists them. To add one, add its line here. */
const COMMANDS: Record<string, () => Promise<Registration>> = {
  validate: () => import('./commands/register/validate.ts'),
  count: () => import('./commands/register/count.ts'),
  inspect: () => import('./commands/register/inspect.ts'),
  stats: () => import('./commands/register/stats.ts'),
  schema: () => import('./commands/register/schema.ts'),
  cat: () => import('./commands/register/cat.ts'),
  index: () => import('./commands/register/index.ts'),
  plan: () => import('./commands/register/plan.ts'),
  stream: () => import('./commands/register/stream.ts'),
  convert: () => import('./commands/register/convert.ts'),
  repair: () => import('./commands/register/repair.ts'),
  split: () => import('./commands/register/split.ts'),
  merge: () => import('./commands/register/merge.ts'),
  shuffle: () => import('./commands/register/shuffle.ts'),
  sample: () => import('./commands/register/sample.ts'),
  upload: () => import('./commands/register/upload.ts'),
  doctor: () => import('./commands/register/doctor.ts'),
  manifest: () => import('./commands/register/manifest.ts'),
};

/**
 * The command line. Only the command that is called is loaded, all of them where help or a suggestion has to know them.
 * @param called the first argument
 */
export async function program(called: string | undefined): Promise<Command> {
  const root = new Command('recordpipe')
    .description(
      'Read, check, index and convert record files (TFRecord, RecordIO, lines of text), without TensorFlow or MXNet.',
    )
    .version(packageVersion(), '-V, --version')
    .exitOverride()
    .configureOutput({ writeOut: printHelp, writeErr: (text) => complain(text.replace(/\n$/, '')) })
    .showSuggestionAfterError()
    .showHelpAfterError('(recordpipe help, or --help behind a command, shows what is accepted)')
    .addHelpText('after', ROOT_HELP);
  for (const { register } of await Promise.all(needed(called).map((load) => load()))) register(root);
  for (const command of root.commands) withColor(command);
  return root;
}

function needed(called: string | undefined): (() => Promise<Registration>)[] {
  if (called === '--version' || called === '-V') return [];
  return called !== undefined && Object.hasOwn(COMMANDS, called)
    ? [COMMANDS[called]]
    : Object.values(COMMANDS);
}

let told: unknown;

/** Commander's own way ends the process with a stack trace where the reader has gone (`| head`) or the disk is full. */
function printHelp(text: string): void {
  print(fill(text, process.stdout.columns || 80)).catch(async (error: unknown) => {
    // Help comes in pieces, which all fail for the same reason.
    if (error === told) return;
    told = error;
    process.exitCode = await fail(error);
  });
}

const ROOT_HELP = `
Examples:
  recordpipe validate data/                     what a folder and those below hold
  recordpipe count 'train-*.tfrecord'
  recordpipe inspect train.rec -n 3
  recordpipe stats data/ --html report.html
  recordpipe cat lines.tfrecord --newline | head
${EXIT_CODES}`;

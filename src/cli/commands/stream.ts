import { type Command, InvalidArgumentError, Option } from 'commander';
import { run } from '../command-parts.ts';
import { withObjectOptions } from '../object-options.ts';
import { atLeast, durationOption, sizeOption } from '../options.ts';

export function register(root: Command): void {
  const command = root
    .command('stream')
    .description('Stream data from S3 or a directory into named pipes, as SageMaker Pipe mode does.')
    .argument('[command...]', 'after --: a training program to run against the pipes')
    .option(
      '-c, --channel <name=uri>',
      'a channel: NAME=s3://bucket/prefix or NAME=directory; repeatable',
      gathered,
    )
    .option('--config <file>', 'read channels from a CreateTrainingJob request (InputDataConfig, JSON)');
  for (const option of channelOptions()) command.addOption(option.helpGroup('Channels given with -c:'));
  for (const option of jobOptions()) command.addOption(option.helpGroup('Job:'));
  withObjectOptions(command);
  command
    .option('--json', 'print events as JSON, one per line: on stdout, or on stderr when running a program')
    .option('-q, --quiet', 'hide progress and warnings')
    .option('--no-progress', 'hide progress')
    .addHelpText('after', HELP)
    .action((words, options) =>
      run(async () => (await import('../actions/stream.ts')).stream(words, options)),
    );
}

function channelOptions(): Option[] {
  return [
    new Option('--manifest', 'addresses are manifests (S3DataType ManifestFile)'),
    new Option(
      '--attributes <names>',
      'addresses are augmented manifests; stream these attributes, e.g. image-ref,label',
    ).argParser(names),
    new Option('--gunzip', 'decompress objects while streaming (CompressionType Gzip)'),
    new Option('--wrap', 'wrap each object or attribute in a RecordIO record (RecordWrapperType)'),
    new Option('--shuffle <seed>', 'shuffle objects or lines differently in each epoch').argParser(
      atLeast(0),
    ),
    new Option('--sharded', 'give each host its share of the objects or lines (ShardedByS3Key)'),
  ];
}

function jobOptions(): Option[] {
  return [
    new Option(
      '--root <dir>',
      'directory that stands for /opt/ml of SageMaker containers: input/data, input/config, model, …',
    ).default('/opt/ml'),
    new Option('--dir <dir>', 'directory for the pipes only; writes no job configuration files'),
    new Option('--epochs <n>', 'number of epochs (default: unlimited)').argParser(atLeast(1)),
    new Option('--first-epoch <n>', 'number of the first epoch').argParser(atLeast(0)).default(0),
    new Option('--hosts <names>', 'hosts of the job, e.g. algo-1,algo-2 (default: algo-1)').argParser(names),
    new Option('--host <name>', 'name of this host (default: the first)'),
    new Option('--hyperparameter <name=value>', 'hyperparameter for the program; repeatable')
      .argParser(gathered)
      .default([], 'none'),
    new Option(
      '--reader-timeout <time>',
      'maximum time to wait for a reader to open a pipe, e.g. 10m',
    ).argParser(durationOption),
    new Option(
      '--grace <time>',
      'time for the program to end after a signal before it is killed (default: 10s)',
    ).argParser(durationOption),
    new Option('--hold', 'after a failure, keep pipes open until their readers close them'),
    new Option('--strict-eof', 'fail if a reader closes its pipe before the end'),
    new Option('--skip-missing', 'skip missing objects; in augmented manifests, their lines'),
    new Option('--skip-bad-lines', 'skip unusable lines of augmented manifests'),
    new Option(
      '--max-line-size <size>',
      'maximum line length of an augmented manifest (default: 1 MiB)',
    ).argParser(sizeOption),
    new Option('--lazy', 'fetch nothing before a reader opens the pipe'),
    new Option('--force', 'use existing pipes'),
    new Option('--no-lock', 'serve channels without locking them, on hosts without the program flock'),
    new Option('--metrics <port>', 'serve Prometheus metrics on 127.0.0.1; 0 picks a free port').argParser(
      atLeast(0),
    ),
  ];
}

function gathered(text: string, before: readonly string[] = []): string[] {
  if (/^[^=]+=/s.test(text)) return [...before, text];
  throw new InvalidArgumentError('Expected NAME=VALUE.');
}

function names(text: string): string[] {
  const found = text.split(',').filter((name) => name !== '');
  if (found.length > 0) return found;
  throw new InvalidArgumentError('Expected comma-separated names.');
}

const HELP = `
Examples:
  recordpipe stream -c train=s3://bucket/train/ -- python train.py
  recordpipe stream -c train=data/ -c test=more/ --root ml -- node train.mjs
  recordpipe stream -c train=s3://bucket/train.jsonl --attributes image-ref,label --wrap --shuffle 7 -- python train.py
  recordpipe stream --config channels.json --dir pipes --epochs 2 & cat pipes/train_0

The program runs as in a SageMaker container, with pipes, inputdataconfig.json, resourceconfig.json and SM_* variables. stream exits with the
program's exit code. A pipe cannot signal an error: if data cannot be read, stream stops the program and everything it started before any pipe
reaches an end of file. Signals are passed on; a program that has not ended after --grace, or at a second signal, is killed. The program has a
session of its own: it can read the terminal, but cannot open /dev/tty. When it ends, processes that it started are stopped.

Without a program, CHANNEL.status.json next to the pipes records how each epoch ended. A reader that does not read it takes truncated data as
complete after a failure, unless --hold is given.

Exit codes:
  0         ok
  1         invalid data
  2         invalid usage
  3         data could not be read, or pipes could not be created
  4         no reader opened a pipe in time
  70        internal error: a bug in recordpipe
  129, 130, 131, 143
            stopped by a signal: hangup, interrupt, quit, terminate
  With a program, stream exits with its exit code`;

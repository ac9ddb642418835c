import { type Command, InvalidArgumentError, Option } from 'commander';
import { run } from '../../command-parts.ts';
import { withObjectOptions } from '../../object-options.ts';
import { atLeast, durationOption, sizeOption } from '../../option-values.ts';

export function register(root: Command): void {
  const command = root
    .command('stream')
    .description('Feed named pipes from S3 or a folder, as SageMaker feeds a training job in Pipe mode.')
    .argument('[command...]', 'behind --: a training program to run with them')
    .option(
      '-c, --channel <name=uri>',
      'a channel: NAME=s3://bucket/prefix or NAME=folder; repeatable',
      gathered,
    )
    .option('--config <file>', 'channels as CreateTrainingJob takes them (InputDataConfig, JSON)');
  for (const option of channelOptions()) command.addOption(option.helpGroup('All channels of -c:'));
  for (const option of jobOptions()) command.addOption(option.helpGroup('The job:'));
  withObjectOptions(command);
  command
    .option('--json', 'events, one JSON object a line: on stdout, or on stderr where a program has that')
    .option('-q, --quiet', 'no progress, no warnings')
    .option('--no-progress', 'no progress')
    .addHelpText('after', HELP)
    .action((words, options) => run(async () => (await import('../stream.ts')).stream(words, options)));
}

function channelOptions(): Option[] {
  return [
    new Option('--manifest', 'the addresses are those of manifests (ManifestFile)'),
    new Option(
      '--attributes <names>',
      'they are augmented manifests; these attributes, like image-ref,label',
    ).argParser(names),
    new Option('--gunzip', 'inflate objects as they are streamed (CompressionType Gzip)'),
    new Option('--wrap', 'each object, or attribute, in a RecordIO record (RecordWrapperType)'),
    new Option('--shuffle <seed>', 'objects, or lines, in another order in each epoch').argParser(atLeast(0)),
    new Option('--sharded', 'each host gets its share of the objects, or lines (ShardedByS3Key)'),
  ];
}

function jobOptions(): Option[] {
  return [
    new Option(
      '--root <dir>',
      "what SageMaker's containers have as /opt/ml: input/data, input/config, model, …",
    ).default('/opt/ml'),
    new Option('--dir <dir>', 'folder of the pipes alone; no files that describe a job are written there'),
    new Option('--epochs <n>', 'how many (default: as many as are read)').argParser(atLeast(1)),
    new Option('--first-epoch <n>', 'number of the first one').argParser(atLeast(0)).default(0),
    new Option('--hosts <names>', 'all hosts of the job, like algo-1,algo-2 (default: algo-1)').argParser(
      names,
    ),
    new Option('--host <name>', 'which of them this is (default: the first)'),
    new Option('--hyperparameter <name=value>', 'for the program; repeatable')
      .argParser(gathered)
      .default([], 'none'),
    new Option('--reader-timeout <time>', 'give up when nobody opens a pipe for so long, like 10m').argParser(
      durationOption,
    ),
    new Option(
      '--grace <time>',
      'time for the program to end after a signal before it is killed (default: 10s)',
    ).argParser(durationOption),
    new Option(
      '--hold',
      'after a failure, keep pipes open until their readers close them: no reader takes truncated data as complete',
    ),
    new Option('--strict-eof', 'a reader that leaves before the end is a failure'),
    new Option('--skip-missing', 'leave out objects that are not there, of manifests with their lines'),
    new Option('--skip-bad-lines', 'leave out lines of augmented manifests that cannot be used'),
    new Option('--max-line-size <size>', 'longest line of an augmented manifest (default: 1 MiB)').argParser(
      sizeOption,
    ),
    new Option('--lazy', 'fetch nothing before a reader is there'),
    new Option('--force', 'use pipes that exist already'),
    new Option('--no-lock', 'serve a channel without locking it, on hosts without the program flock'),
    new Option('--metrics <port>', 'serve metrics for Prometheus on 127.0.0.1; 0 chooses a port').argParser(
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
  throw new InvalidArgumentError('Expected names, with commas between them.');
}

const HELP = `
Examples:
  recordpipe stream -c train=s3://bucket/train/ -- python train.py
  recordpipe stream -c train=data/ -c test=more/ --root ml -- node train.mjs
  recordpipe stream -c train=s3://bucket/train.jsonl --attributes image-ref,label --wrap --shuffle 7 -- python train.py
  recordpipe stream --config channels.json --dir pipes --epochs 2 & cat pipes/train_0

A program runs as in a SageMaker container: pipes, inputdataconfig.json, resourceconfig.json and SM_* variables are there, and its exit code
is that of this command. It is stopped when its data cannot be had: a pipe cannot carry an error. Without a program, CHANNEL.status.json beside the pipes
says how each epoch ended.

Exit codes:
  0         ok
  1         data is invalid
  2         wrong usage
  3         data could not be read, or pipes not be made
  4         nobody read a pipe in time
  130, 143  stopped by a signal; with a program: its exit code`;

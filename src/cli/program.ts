import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { interruptedBy } from './interrupt.ts';
import { atLeast, withCommonOptions, withPayloadOptions, withReportingOptions } from './options.ts';

const INPUTS = 'files, folders, quoted patterns, @list (one input per line, @- from stdin), - for stdin';

/** The commands and what they accept. What they do is imported when one is chosen, so that help costs next to nothing. */
export function program(): Command {
  const root = new Command('recordpipe')
    .description('Read, count and check TFRecord files, without TensorFlow.')
    .version(packageVersion(), '-V, --version')
    .exitOverride()
    .showSuggestionAfterError()
    .showHelpAfterError('(recordpipe help, or --help behind a command, shows what is accepted)')
    .addHelpText('after', ROOT_HELP);
  addValidate(root);
  addCount(root);
  addInspect(root);
  addCat(root);
  return root;
}

function addValidate(root: Command): void {
  const command = root
    .command('validate')
    .description('Check every record of every file: framing, lengths and both checksums.')
    .argument('<inputs...>', INPUTS);
  withPayloadOptions(withReportingOptions(command))
    .option('--max-errors <n>', 'findings kept per file (all are counted)', atLeast(0), 100)
    .option('--fail-fast', 'stop at the first bad file')
    .option('--report <file>', 'also write the JSON document to a file')
    .addHelpText('after', VALIDATE_HELP)
    .action((inputs, options) =>
      run(async () => (await import('./commands/validate.ts')).validate(inputs, options)),
    );
}

function addCount(root: Command): void {
  const command = root
    .command('count')
    .description('Count records. Reads little more than the headers where records are large.')
    .argument('<inputs...>', INPUTS);
  withReportingOptions(command)
    .addHelpText('after', COUNT_HELP)
    .action((inputs, options) =>
      run(async () => (await import('./commands/count.ts')).count(inputs, options)),
    );
}

function addInspect(root: Command): void {
  const command = root
    .command('inspect')
    .description('Show records: index, offset, length, and a look at the payload.')
    .argument('<file>', 'a file, or - for stdin')
    .option('-n, --records <n>', 'how many records; 0: all', atLeast(0), 5)
    .option('--skip <n>', 'records to pass over first', atLeast(0), 0)
    .option('--hash', 'show the SHA-256 of each payload')
    .option('--json', 'print one JSON document')
    .option('--jsonl', 'print one JSON object per record and line');
  withPayloadOptions(withCommonOptions(command))
    .addHelpText('after', INSPECT_HELP)
    .action((file, options) =>
      run(async () => (await import('./commands/inspect.ts')).inspect(file, options)),
    );
}

function addCat(root: Command): void {
  const command = root
    .command('cat')
    .description('Write the payloads to standard output, one after the other, as they are.')
    .argument('<inputs...>', INPUTS)
    .option('-n, --records <n>', 'how many records in all; 0: all', atLeast(0), 0)
    .option('--skip <n>', 'records to pass over first', atLeast(0), 0)
    .option('--newline', 'a newline behind each payload')
    .option('--base64', 'one payload per line, in base64');
  withPayloadOptions(withCommonOptions(command))
    .addHelpText('after', CAT_HELP)
    .action((inputs, options) => run(async () => (await import('./commands/cat.ts')).cat(inputs, options)));
}

async function run(command: () => Promise<number>): Promise<void> {
  const exitCode = await command();
  process.exitCode = interruptedBy() ?? exitCode;
}

function packageVersion(): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
}

const EXIT_CODES = `
Exit codes:
  0 ok   1 data is invalid   2 wrong usage   3 a file could not be read or written   130, 143 stopped by a signal`;

const ROOT_HELP = `
Examples:
  recordpipe validate data/                     every TFRecord file in a folder and below
  recordpipe count 'train-*.tfrecord'
  recordpipe inspect train-00000-of-00012 -n 3
  recordpipe cat lines.tfrecord --newline | head
${EXIT_CODES}`;

const VALIDATE_HELP = `
Examples:
  recordpipe validate data/ extra.tfrecord.gz
  recordpipe validate 'train-*' --fail-fast
  recordpipe validate @shards.txt --json --report report.json
  curl -s https://example.org/x.tfrecord | recordpipe validate -
${EXIT_CODES}`;

const COUNT_HELP = `
Examples:
  recordpipe count data/
  recordpipe count -q data/                     the sum, and nothing else
  recordpipe count 'train-*' --json

Payload checksums are not verified: that is what validate is for.
${EXIT_CODES}`;

const INSPECT_HELP = `
Examples:
  recordpipe inspect train.tfrecord             the first 5 records
  recordpipe inspect train.tfrecord --skip 1000 -n 1
  recordpipe inspect train.tfrecord -n 0 --hash --jsonl

Records and offsets count from 0; an offset is that of a record's first byte, uncompressed.
${EXIT_CODES}`;

const CAT_HELP = `
Examples:
  recordpipe cat lines.tfrecord --newline
  recordpipe cat images.tfrecord -n 1 > first.jpg
  recordpipe cat data/ --base64 | wc -l

Every record is checked before it is written; at damage cat stops, with exit code 1.
${EXIT_CODES}`;

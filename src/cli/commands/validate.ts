import { type Command, Option } from 'commander';
import { EXIT_CODES, INPUTS, run } from '../command-parts.ts';
import { atLeast, withPayloadOptions, withReportingOptions } from '../options.ts';
import { withShardOptions } from '../shard-options.ts';

export function register(root: Command): void {
  const command = root
    .command('validate')
    .description('Validate every record of every file: framing, lengths, checksums.')
    .argument('[inputs...]', INPUTS);
  withShardOptions(withPayloadOptions(withReportingOptions(command)), REPORT)
    .option('--schema <file>', 'also check record contents against a schema written by recordpipe schema')
    .addOption(
      new Option(
        '--unknown-features <what>',
        'how to treat features not in the schema (default: as the schema says)',
      ).choices(['error', 'allow']),
    )
    .option('--max-errors <n>', 'maximum findings listed per file (all are counted)', atLeast(0), 100)
    .option('--fail-fast', 'stop at the first invalid file')
    .option('--fail-on-empty', 'treat files without records, and runs without files, as invalid')
    .option('-f, --force', 'overwrite a file at --report that is not a report')
    .addHelpText('after', HELP)
    .action((inputs, options) =>
      run(async () => (await import('../actions/validate.ts')).validate(inputs, options)),
    );
}

const REPORT =
  'also write the JSON report to a file; with --shard or --plan: write the shard report for recordpipe merge; a directory/ or s3://bucket/prefix/ gets one file per shard';

const HELP = `
Examples:
  recordpipe validate data/ extra.tfrecord.gz
  recordpipe validate 'train-*' --fail-fast
  recordpipe validate --format textline --encoding utf8 *.jsonl
  recordpipe validate data/ --schema schema.json
  recordpipe validate agent.rec --multipart concat
  recordpipe validate @shards.txt --json --report report.json
  recordpipe validate --plan plan.jsonl --shard 3/8 --report reports/
  curl -s https://example.org/x.tfrecord | recordpipe validate -

The format is detected from the content, not the name. From directories, validate takes TFRecord and RecordIO files; with --format textline,
text files (*.txt, *.jsonl, *.csv, …). RecordIO has no checksums: parts, lengths and padding are verified, payloads cannot be.
${EXIT_CODES}`;

import { type Command, Option } from 'commander';
import { EXIT_CODES, INPUTS, run } from '../../command-parts.ts';
import { atLeast } from '../../option-values.ts';
import { withPayloadOptions, withReportingOptions } from '../../options.ts';
import { withShardOptions } from '../../shard-options.ts';

export function register(root: Command): void {
  const command = root
    .command('validate')
    .description('Check every record of every file: framing, lengths, checksums.')
    .argument('[inputs...]', INPUTS);
  withShardOptions(withPayloadOptions(withReportingOptions(command)), REPORT)
    .option('--schema <file>', 'also check what is in the records, by a schema that recordpipe schema wrote')
    .addOption(
      new Option(
        '--unknown-features <what>',
        'what features are that the schema says nothing of (default: what the schema says)',
      ).choices(['error', 'allow']),
    )
    .option('--max-errors <n>', 'findings kept per file (all are counted)', atLeast(0), 100)
    .option('--fail-fast', 'stop at the first bad file')
    .option('--fail-on-empty', 'files without records, and runs without files, are invalid')
    .option('-f, --force', 'replace a file at --report that is not a report')
    .addHelpText('after', HELP)
    .action((inputs, options) => run(async () => (await import('../validate.ts')).validate(inputs, options)));
}

const REPORT =
  'also write the JSON document to a file; with --shard or --plan that for recordpipe merge, into a folder/ or s3://bucket/prefix/ under a name of its own';

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

The format is told by the content, whatever the name; of folders TFRecord and RecordIO files are taken, with --format textline those of
text (*.txt, *.jsonl, *.csv, …). RecordIO has no checksums: parts, lengths and padding are checked, payloads cannot be.
${EXIT_CODES}`;

import type { Command } from 'commander';
import { EXIT_CODES, INPUT, run } from '../command-parts.ts';
import { withInputOptions } from '../input-options.ts';
import { atLeast } from '../options.ts';
import { OUT, withTransformOptions } from '../transform-options.ts';

export function register(root: Command): void {
  const command = root
    .command('repair')
    .description('Copy the valid records of damaged files to new files and report what was skipped.')
    .argument('<input>', `${INPUT}; never modified`)
    .argument('[output]', `${OUT}; not with --output-dir`)
    .option('--output-dir <folder>', 'repair each input file into this directory, keeping its name')
    .option('--report <file>', 'also write the findings to a file, as JSON')
    .option('--max-errors <n>', 'maximum findings listed in the report (all are counted)', atLeast(0), 1000);
  withInputOptions(withTransformOptions(command))
    .addHelpText('after', HELP)
    .action((input, output, options) =>
      run(async () => (await import('../actions/repair.ts')).repair(input, output, options)),
    );
}

const HELP = `
Examples:
  recordpipe repair damaged.tfrecord good.tfrecord --report report.json
  recordpipe repair data/ --output-dir repaired
  recordpipe repair bad.rec good.rec || [ $? -eq 1 ]    accept the loss

After damage, repair resumes at the next valid record. The output is always a complete, valid file. Exit code 0 means that the input had no
errors. Exit code 1 means that data was skipped; the report lists each finding with its code, record, offset and number of skipped bytes.

Text lines converted to text lines keep their carriage returns unless you pass --cr. When both input and output are .jsonl files, or the
output has no extension, lines are copied unchanged, whatever JSON they contain. --from jsonl and --to jsonl select {"data":"<base64>"} lines.
${EXIT_CODES}`;

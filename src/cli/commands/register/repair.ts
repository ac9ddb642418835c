import type { Command } from 'commander';
import { EXIT_CODES, INPUT, run } from '../../command-parts.ts';
import { withInputOptions } from '../../input-options.ts';
import { atLeast } from '../../option-values.ts';
import { OUT, withTransformOptions } from '../../transform-options.ts';

export function register(root: Command): void {
  const command = root
    .command('repair')
    .description('Write the good records of a damaged file into a new one, and say what was wrong.')
    .argument('<input>', `${INPUT}; it is only read`)
    .argument('[output]', `${OUT}; not with --output-dir`)
    .option('--output-dir <folder>', 'repair each file of the input into this folder, under its own name')
    .option('--report <file>', 'also write what was found to a file, as a JSON document')
    .option('--max-errors <n>', 'findings in the report (all are counted)', atLeast(0), 1000);
  withInputOptions(withTransformOptions(command))
    .addHelpText('after', HELP)
    .action((input, output, options) =>
      run(async () => (await import('../repair.ts')).repair(input, output, options)),
    );
}

const HELP = `
Examples:
  recordpipe repair damaged.tfrecord good.tfrecord --report report.json
  recordpipe repair data/ --output-dir repaired
  recordpipe repair bad.rec good.rec || [ $? -eq 1 ]    accepts what is lost

Behind damage the next good record is looked for. The output is whole in any case: exit code 0 says that nothing was wrong with the input, 1 that
something is missing from the output; the report says what, with the code, the record, its offset and the bytes left out.

Lines that stay lines of text keep their carriage returns, unless --cr is given. A .jsonl file that becomes a .jsonl file, or has an output without
extension, is taken line by line as it is, whatever JSON it holds; --from jsonl and --to jsonl mean lines {"data":"<base64>"}.
${EXIT_CODES}`;

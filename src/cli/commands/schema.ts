import type { Command } from 'commander';
import { EXIT_CODES, INPUTS, run } from '../command-parts.ts';
import { withPayloadOptions, withRunOptions } from '../options.ts';
import { withShardOptions } from '../shard-options.ts';

export function register(root: Command): void {
  const command = root
    .command('schema')
    .description('Infer the schema that all records conform to, for validate --schema.')
    .argument('[inputs...]', INPUTS);
  withShardOptions(withPayloadOptions(withRunOptions(command)))
    .option('-o, --output <file>', 'write the schema as JSON to a file; - for stdout')
    .option('-f, --force', 'overwrite an existing --output')
    .option('--loose', 'only types, presence, fixed lengths and image formats, to check similar data')
    .option('--json-schema', 'print the JSON Schema of schema files and exit')
    .addHelpText('after', HELP)
    .action((inputs, options) =>
      run(async () => (await import('../actions/schema.ts')).schema(inputs, options)),
    );
}

const HELP = `
Examples:
  recordpipe schema data/                       print a table
  recordpipe schema data/ -o schema.json
  recordpipe schema train/ --loose -o schema.json && recordpipe validate new/ --schema schema.json

The schema is as strict as the data: it has the observed ranges, lengths, sizes and text values. Edit it to relax it; a rule that
you delete is not checked. A feature without any value has no type, because none is known.
${EXIT_CODES}`;

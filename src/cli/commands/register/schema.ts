import type { Command } from 'commander';
import { EXIT_CODES, INPUTS, run } from '../../command-parts.ts';
import { withPayloadOptions, withRunOptions } from '../../options.ts';
import { withShardOptions } from '../../shard-options.ts';

export function register(root: Command): void {
  const command = root
    .command('schema')
    .description('Infer a schema from the records, for validate --schema.')
    .argument('[inputs...]', INPUTS);
  withShardOptions(withPayloadOptions(withRunOptions(command)))
    .option('-o, --output <file>', 'write the schema as JSON to a file')
    .option('--loose', 'only types, presence, fixed lengths and image formats, to check similar data')
    .option('--json-schema', 'print the JSON Schema of schema files and exit')
    .addHelpText('after', HELP)
    .action((inputs, options) => run(async () => (await import('../schema.ts')).schema(inputs, options)));
}

const HELP = `
Examples:
  recordpipe schema data/                       print a table
  recordpipe schema data/ -o schema.json
  recordpipe schema train/ --loose -o schema.json && recordpipe validate new/ --schema schema.json

The schema is as strict as the data: ranges, lengths and sizes are those observed. Edit it to relax it; a rule you remove is not checked.
${EXIT_CODES}`;

// Prints the number of records of each label. The inputs are files, folders, globs or s3:// addresses.
//
//   node count-labels.mjs shards/
import { readColumns } from 'recordpipe/columns';
import { compileFeatures, fixedLen } from 'recordpipe/messages';
import { run } from './run.mjs';

await run(async () => {
  const inputs = process.argv.slice(2);
  if (inputs.length === 0) {
    console.error('usage: node count-labels.mjs INPUT...');
    process.exitCode = 2;
    return;
  }
  const plan = compileFeatures({ label: fixedLen([], 'int64') }, { int64: 'number' });
  const counts = new Map();
  for await (const { label } of readColumns(inputs, plan)) {
    for (const value of label.values) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  for (const [label, count] of [...counts].sort(([a], [b]) => a - b)) console.log(`${label}\t${count}`);
});

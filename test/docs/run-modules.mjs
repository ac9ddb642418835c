// Imports each module named on the command line, in sequence, in its own folder, and prints one
// line of JSON for each: its console output, and the stack of any error that it threw. All modules
// share one process, because starting one per module takes far longer.
import { dirname } from 'node:path';
import { inspect } from 'node:util';

const print = process.stdout.write.bind(process.stdout);
for (const path of process.argv.slice(2)) {
  let stdout = '';
  let stderr = '';
  process.stdout.write = (text) => {
    stdout += text;
    return true;
  };
  process.stderr.write = (text) => {
    stderr += text;
    return true;
  };
  try {
    process.chdir(dirname(path));
    await import(path);
  } catch (error) {
    stderr += inspect(error);
  }
  print(`${JSON.stringify({ path, stdout, stderr })}\n`);
}
process.exit(0);

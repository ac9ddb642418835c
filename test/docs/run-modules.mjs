// Imports each module named on the command line, one after another, in its own folder, and prints one line of JSON for each:
// what it wrote to the console, and the stack of what it threw. One process for all: starting one per module takes far longer.
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

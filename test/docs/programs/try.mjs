// Gives a task to a person who knows only README.md and docs/, and checks the program:
//
//     node test/docs/programs/try.mjs prepare 3 FOLDER   # writes TASK.md and the data
//     node test/docs/programs/try.mjs check 3 FOLDER     # copies FOLDER's solution, and runs and checks it
//
// FOLDER needs an installed recordpipe: `npm install` of the packed package.
import { spawn } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PROGRAMS } from './programs.mjs';

const [verb, number, target] = process.argv.slice(2);
const program = PROGRAMS[Number(number) - 1];
const folder = resolve(target ?? '.');
if (program === undefined || !/^(prepare|check)$/.test(verb)) {
  console.error('usage: try.mjs prepare|check 1-12 FOLDER');
  process.exit(2);
}

if (verb === 'prepare') {
  mkdirSync(folder, { recursive: true });
  const expected = await program.prepare(folder);
  expected?.close?.();
  const task = fileURLToPath(new URL(`tasks/${program.name}.md`, import.meta.url));
  copyFileSync(task, join(folder, 'TASK.md'));
} else {
  // Checks change the data, so they run in a copy.
  const copy = mkdtempSync(join(tmpdir(), 'recordpipe-try-'));
  cpSync(join(folder, program.file), join(copy, program.file));
  symlinkSync(join(folder, 'node_modules'), join(copy, 'node_modules'));
  const path = `${join(folder, 'node_modules/.bin')}${delimiter}${process.env['PATH']}`;
  const run = async (env = {}, onStart = undefined, command = undefined) => {
    const [name, ...args] = command ?? [
      program.file.endsWith('.sh') ? 'bash' : process.execPath,
      program.file,
    ];
    const child = spawn(name, args, {
      cwd: copy,
      env: { ...process.env, NO_COLOR: '1', PATH: path, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const texts = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'])
      child[stream].on('data', (chunk) => {
        texts[stream] += chunk;
      });
    const closed = new Promise((done) => {
      child.on('close', (status, signal) => done({ ...texts, status, signal }));
    });
    return (await Promise.all([closed, onStart?.(child)]))[0];
  };
  try {
    await program.check({ folder: copy, run }, await program.prepare(copy));
    console.log(`${program.name}: right`);
  } catch (error) {
    console.log(`${program.name}: ${error.message}`);
    process.exitCode = 1;
  } finally {
    rmSync(copy, { recursive: true });
  }
}

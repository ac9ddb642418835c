/**
 * The limits: `dd if=FILE of=/dev/null bs=1M`, `cat FILE > /dev/null`, `cat PIPE > /dev/null`, `wc
 * -l FILE` and `grep -c '' FILE`, over the line protocol of bench/against. `seconds` is the time of
 * the whole process. `ownSeconds` excludes startup and is the stricter limit: it is the time that
 * dd reports or, for the others, the time in excess of that for an empty file.
 */

import { spawnSync } from 'node:child_process';
import { openSync, statSync } from 'node:fs';
import { secondsSince, serve } from './peer_protocol.mjs';

const STARTS = 15;
const nowhere = openSync('/dev/null', 'w');
const env = { PATH: process.env.PATH, LC_ALL: 'C' };

function timed(command, args, output = 'pipe') {
  const start = process.hrtime.bigint();
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    env,
    stdio: ['ignore', output, 'pipe'],
  });
  const seconds = secondsSince(start);
  if (error) throw error;
  // grep reports 1 for an input without lines.
  if (status > (command === 'grep' ? 1 : 0)) throw new Error(`${command}: ${stderr}`);
  return { seconds, stdout: String(stdout), stderr: String(stderr) };
}

/** Reads all bytes and ignores record boundaries. */
function pass(command, args, path) {
  const { seconds, stderr } = timed(command, args, nowhere);
  const own = /copied, ([\d.e+-]+) s/.exec(stderr);
  return { seconds, ...(own && { ownSeconds: Number(own[1]) }), records: 0, bytes: statSync(path).size };
}

/** Reads one epoch of a pipe into which `path` is written. */
function passPipe(command, { pipe, path }) {
  const start = startOf(command, [], nowhere);
  const { seconds } = timed(command, [pipe], nowhere);
  return { seconds, ownSeconds: Math.max(seconds - start, 0), records: 0, bytes: statSync(path).size };
}

const starts = new Map();

/** Counts lines. Their bytes exclude line feeds. */
function count(command, args, path) {
  const start = startOf(command, args);
  const { seconds, stdout } = timed(command, [...args, path]);
  const records = Number.parseInt(stdout, 10);
  const ownSeconds = Math.max(seconds - start, 0);
  return { seconds, ownSeconds, records, bytes: statSync(path).size - records };
}

/** Returns the median time of the process for an empty input, measured once. */
function startOf(command, args, output) {
  if (!starts.has(command)) {
    const start = () => timed(command, [...args, '/dev/null'], output).seconds;
    const seconds = Array.from({ length: STARTS }, start).sort((a, b) => a - b);
    starts.set(command, seconds[STARTS >> 1]);
  }
  return starts.get(command);
}

await serve({
  name: 'limit',
  version: timed('dd', ['--version']).stdout.split('\n')[0],
  operations: {
    read: {
      dd: ({ path }) => pass('dd', [`if=${path}`, 'of=/dev/null', 'bs=1M'], path),
      cat: ({ path }) => pass('cat', [path], path),
      'wc -l': ({ path }) => count('wc', ['-l'], path),
      "grep -c ''": ({ path }) => count('grep', ['-c', ''], path),
    },
    write: {},
    pipe: { cat: (request) => passPipe('cat', request) },
  },
  notes: { dd: 'bytes are those of the file', cat: 'bytes are those of the file' },
});

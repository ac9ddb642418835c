/**
 * The limit: `dd if=FILE of=/dev/null bs=1M` and `cat FILE > /dev/null`, behind the line protocol of
 * bench/against. `seconds` is the whole process seen from outside, `ownSeconds` what dd says itself
 * (without its start); the smaller one is the harder limit to come near to.
 */

import { spawnSync } from 'node:child_process';
import { openSync, statSync } from 'node:fs';
import { secondsSince, serve } from './peer_protocol.mjs';

const nowhere = openSync('/dev/null', 'w');
const env = { PATH: process.env.PATH, LC_ALL: 'C' };

function timed(command, args, path) {
  const start = process.hrtime.bigint();
  const { status, error, stderr } = spawnSync(command, args, { env, stdio: ['ignore', nowhere, 'pipe'] });
  const seconds = secondsSince(start);
  if (error) throw error;
  if (status !== 0) throw new Error(`${command}: ${stderr}`);
  const own = /copied, ([\d.e+-]+) s/.exec(String(stderr));
  return { seconds, ...(own && { ownSeconds: Number(own[1]) }), records: 0, bytes: statSync(path).size };
}

await serve({
  name: 'limit',
  version: String(spawnSync('dd', ['--version'], { env }).stdout).split('\n')[0],
  operations: {
    read: {
      dd: ({ path }) => timed('dd', [`if=${path}`, 'of=/dev/null', 'bs=1M'], path),
      cat: ({ path }) => timed('cat', [path], path),
    },
    write: {},
  },
  notes: { dd: 'bytes are those of the file', cat: 'bytes are those of the file' },
});

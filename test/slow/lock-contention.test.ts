import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { programPath } from '../../src/pipemode/job/find-program.ts';
import { writeObjects } from '../pipemode/streamer/stream-place.ts';
import { ended, startCli } from '../support/cli.ts';
import { slowShare } from '../support/slow-share.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
const data = temp.file('data');
writeObjects(data, { a: 'one\n', b: 'two\n' });
const CHANNELS = Array.from({ length: 20 }, (_, i) => `channel${10 + i}`);
const BUSY_LOOPS = 8;
const flock = programPath('flock');

/** Reads every channel once. A channel with other data than `one`, `two` fails the program. */
const READ_ALL = `for channel in ${CHANNELS.join(' ')}; do
  test "$(cat "$SM_INPUT_DIR/data/$channel"_0)" = "$(printf 'one\\ntwo')" || exit 9
done; echo read`;

const loops: ChildProcess[] = [];
beforeAll(() => {
  for (let i = 0; i < BUSY_LOOPS; i++)
    loops.push(spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }));
});
afterAll(() => {
  for (const loop of loops) loop.kill('SIGKILL');
});

/** Returns a PATH whose `flock` takes half a second before it locks. */
function withSlowFlock(): string {
  const script = `#!/bin/sh\necho >> '${temp.file('slow-flocks')}'\nsleep 0.5\nexec '${flock}' "$@"\n`;
  const folder = temp.file('slow');
  mkdirSync(folder);
  temp.file('slow/flock', Buffer.from(script));
  spawnSync('chmod', ['+x', join(folder, 'flock')]);
  return [folder, process.env['PATH']].join(delimiter);
}

const times = slowShare(40);

/** `stream` and `train` in turns. The folder of `stream` is the same each time. */
test.skipIf(flock === undefined).each([
  ['the flock of this host', () => process.env['PATH']],
  ['a flock that takes 0.5 s', withSlowFlock],
] as const)(
  `%s: ${times} starts with 20 channels on a busy machine are not contention`,
  async (name, pathOf) => {
    const PATH = pathOf();
    const channels = CHANNELS.flatMap((channel) => ['-c', `${channel}=${data}`]);
    let longest = 0;
    for (let i = 0; i < times; i++) {
      const place =
        i % 2 === 0
          ? ['stream', '--root', temp.file(`${name} stream`), '--epochs', '1']
          : ['train', '--root', temp.file(`${name} ${i}`), '--epochs', '1', '--input-mode', 'Pipe'];
      const began = performance.now();
      const child = startCli([...place, ...channels, '--', 'sh', '-c', READ_ALL], { env: { PATH } });
      const { code, stdout, stderr } = await ended(child);
      expect([code, stdout], `start ${i}: ${stderr}`).toEqual([0, 'read\n']);
      expect(stderr).not.toMatch(/another (streamer|process)|already-exists|timeout/);
      longest = Math.max(longest, performance.now() - began);
    }
    console.log(`${name}: ${times} starts, the longest took ${Math.round(longest)} ms`);
  },
);

test.skipIf(flock === undefined)('a slow flock finds a streamer that serves the channel', async () => {
  expect(existsSync(temp.file('slow-flocks'))).toBe(true);
  const root = temp.file('served');
  const args = ['stream', '--root', root, '-c', `train=${data}`, '--epochs', '1', '--'];
  const env = { PATH: [temp.file('slow'), process.env['PATH']].join(delimiter) };
  const first = startCli([...args, 'sh', '-c', 'echo up; sleep 600']);
  const exit = ended(first);
  await once(first.stdout!, 'data');
  const { code, stderr } = await ended(startCli([...args, 'true'], { env }));
  expect(code).toBe(3);
  expect(stderr).toContain(`another streamer, process ${first.pid}, is serving channel train`);
  first.kill('SIGTERM');
  await exit;
});

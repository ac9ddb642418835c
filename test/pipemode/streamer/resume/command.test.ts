import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { PipeModeStreamer } from '../../../../src/pipemode/streamer/index.ts';
import { SMALL, withServer } from '../../../storage/faults/transfer.ts';
import { cli, startCli } from '../../../support/cli.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { readPipe } from '../stream-place.ts';

const temp = tempDir();
const LINES = Array.from({ length: 50 }, (_, i) => `line ${i}\n`);

/** A folder with the data of two channels. */
function place(name: string): { folder: string; channels: string[]; dir: string } {
  const folder = temp.file(name);
  for (const channel of ['train', 'test']) {
    mkdirSync(join(folder, channel), { recursive: true });
    writeFileSync(join(folder, channel, 'a.txt'), LINES.map((line) => channel + line).join(''));
  }
  const channels = ['train', 'test'].flatMap((channel) => ['-c', `${channel}=${join(folder, channel)}`]);
  const dir = join(folder, 'pipes');
  mkdirSync(dir);
  return { folder, channels, dir };
}

test('each channel resumes in its own epoch, and --json reports it', async () => {
  const { folder, channels, dir } = place('two');
  const [position, checkpoint] = ['position.json', 'ck.json'].map((name) => join(folder, name));
  writeFileSync(position, '{"train": {"epoch": 1, "records": 20}, "test": {"epoch": 0, "records": 50}}');
  const options = ['--epochs', '2', '--dir', dir, '--json', '--resume', position, '--checkpoint', checkpoint];
  const child = startCli(['stream', ...channels, ...options]);
  const events = text(child.stdout!);
  const exit = once(child, 'close');
  const [train, ...tests] = await Promise.all([
    readPipe(join(dir, 'train_1')),
    readPipe(join(dir, 'test_0')),
    readPipe(join(dir, 'test_1')),
  ]);
  expect(train.toString()).toBe(
    LINES.slice(20)
      .map((line) => `train${line}`)
      .join(''),
  );
  expect(tests.map(String)).toEqual(['', LINES.map((line) => `test${line}`).join('')]);
  expect((await exit)[0]).toBe(0);
  const reported = (await events)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(reported).toContainEqual(
    expect.objectContaining({ event: 'resumed', channel: 'train', epoch: 1, records: 20, exact: true }),
  );
  expect(reported.findLast(({ event }) => event === 'checkpoint')).toMatchObject({
    path: checkpoint,
    channels: { train: { epoch: 2, records: 0 }, test: { epoch: 2, records: 0 } },
  });
});

test('the same command starts and resumes, and the index of readers follows', async () => {
  const { folder, channels } = place('same');
  const [root, checkpoint] = ['ml', 'ck.json'].map((name) => join(folder, name));
  const command = ['stream', ...channels.slice(0, 2), '--epochs', '3', '--root', root];
  const resume = ['--resume', checkpoint, '--checkpoint', checkpoint];
  // Each run reads one epoch of three.
  const index = '"$(cat "$0/pipe_state/.train-pipe_mode-state" 2>/dev/null || echo 0)"';
  const script = `e=${index}; n=$(wc -l < "$SM_CHANNEL_TRAIN"_$e); echo "epoch $e: $n"; exec 3< "$SM_CHANNEL_TRAIN"_$((e+1)); head -c 1 <&3 > /dev/null`;
  for (const epoch of [0, 1]) {
    const { code, stdout, stderr } = await cli([...command, ...resume, '--', 'sh', '-c', script, root]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `epoch ${epoch}: 50\n` });
    expect(stderr.includes('train: resumes in epoch 1 after 0 records')).toBe(epoch === 1);
  }
});

test('mistakes are reported before anything is served', async () => {
  const { folder, channels, dir } = place('mistakes');
  const run = async (...options: string[]): Promise<string> => {
    const { code, stderr } = await cli(['stream', ...channels, '--dir', dir, '-q', ...options]);
    return `${code} ${stderr}`;
  };
  const file = (name: string, contents: string): string => {
    writeFileSync(join(folder, name), contents);
    return join(folder, name);
  };
  expect(await run('--resume', join(folder, 'missing.json'))).toMatch(
    /^3 .*no such file; at the first start, omit --resume .*missing\.json/,
  );
  expect(await run('--resume', file('other.json', '{"valid": {"epoch": 0, "records": 1}}'))).toMatch(
    /^3 .*the state has channel valid, but only train, test are streamed/,
  );
  for (const torn of ['{"train": {"epo', 'null', '{"train": {"epoch": 0}}'])
    expect(await run('--resume', file('torn.json', torn))).toMatch(/^1 .*malformed-state.*torn\.json/);
  expect(await run('--resume', file('empty.json', ''))).toContain('restart the epoch without the file');
  expect(await run('--checkpoint', file('notes.txt', 'mine'))).toMatch(/^3 .*is not a checkpoint/);
  expect(readFileSync(join(folder, 'notes.txt'), 'utf8')).toBe('mine');
  expect(existsSync(join(dir, 'train_0'))).toBe(false);
});

test('SIGTERM writes a last checkpoint', async () => {
  const { folder, channels, dir } = place('term');
  const checkpoint = join(folder, 'ck.json');
  const child = startCli([
    'stream',
    ...channels,
    ...['--dir', dir, '--checkpoint', checkpoint, '--checkpoint-interval', '1h'],
  ]);
  const exit = once(child, 'close');
  await readPipe(join(dir, 'train_0'));
  const reader = spawn('sh', ['-c', 'exec 3< "$0"; echo open; exec sleep 60', join(dir, 'train_1')]);
  await once(reader.stdout, 'data');
  const epoch = (): unknown =>
    existsSync(checkpoint) && JSON.parse(readFileSync(checkpoint, 'utf8')).channels.train.epoch;
  await expect.poll(epoch).toBe(1);
  const status = (): unknown => JSON.parse(readFileSync(join(dir, 'train.status.json'), 'utf8'));
  await expect.poll(status).toMatchObject({ epoch: 2 });
  child.kill('SIGTERM');
  expect((await exit)[0]).toBe(143);
  reader.kill('SIGKILL');
  expect(JSON.parse(readFileSync(checkpoint, 'utf8')).channels).toMatchObject({
    train: { epoch: 1, records: 0, written: { epoch: 1, bytes: LINES.join('train').length + 5 } },
    test: { epoch: 0, records: 0 },
  });
});

test('in S3, nothing before the position is read', async () => {
  const objects = Object.fromEntries(
    ['a', 'b', 'c'].map((name) => [`bucket/${name}`, Buffer.from(LINES.map((line) => name + line).join(''))]),
  );
  const whole = Buffer.concat(Object.values(objects));
  const size = objects['bucket/a'].length;
  await withServer({ objects }, async (server) => {
    const pipeDir = temp.file('s3-pipes');
    const bytes =
      size +
      Buffer.byteLength(
        LINES.slice(0, 10)
          .map((line) => `b${line}`)
          .join(''),
      );
    await using streamer = new PipeModeStreamer({
      channels: [{ name: 'train', uri: 's3://bucket/' }],
      pipeDir,
      epochs: 1,
      resume: [{ train: { epoch: 0, records: 60, bytes } }],
      objects: { ...SMALL, endpointUrl: server.url },
    });
    const running = streamer.run();
    running.catch(() => {});
    expect((await readPipe(join(pipeDir, 'train_0'))).equals(whole.subarray(bytes))).toBe(true);
    await running;
    const read = server.requests('GetObject').map(({ key, range }) => `${key} ${range}`);
    expect(read.filter((one) => one.includes('a '))).toEqual([]);
    expect(read.find((one) => one.startsWith('b'))).toMatch(new RegExp(`bytes=${bytes - size}-`));
  });
});

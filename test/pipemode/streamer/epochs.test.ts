import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { Xoshiro128 } from '../../../src/dataset/operators/random.ts';
import { PipeModeDataset } from '../../../src/pipemode/index.ts';
import { streamChannel } from '../../../src/pipemode/job/stream-channel.ts';
import { PipeModeStreamer, type StreamEvent } from '../../../src/pipemode/streamer/index.ts';
import { openDescriptors, tempDir } from '../../support/temp-dir.ts';
import {
  appearance,
  eventLog,
  expectedEpoch,
  openPipe,
  readEpochs,
  readPipe,
  writeObjects,
} from './stream-place.ts';

const temp = tempDir();
const folder = temp.file('data');
const OBJECTS = { a: pattern(700_000, 1), b: pattern(500_000, 2), 'c/d': pattern(3, 3) };
writeObjects(folder, OBJECTS);
const UNITS = Object.values(OBJECTS).map((bytes) => [bytes]);
const WHOLE = Buffer.concat(Object.values(OBJECTS));
const CHANNELS = [{ name: 'train', uri: folder }];
let places = 0;

function pattern(length: number, step: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * step + (i >> 8)) & 255);
}

function newPlace(): string {
  const place = temp.file(`pipes-${places++}`);
  mkdirSync(place);
  return place;
}

describe('epochs', () => {
  test('the pipe of the next epoch exists before this one ends, and no pipe remains at the end', async () => {
    const pipeDir = newPlace();
    await using streamer = new PipeModeStreamer({ channels: CHANNELS, pipeDir, epochs: 3 });
    const running = streamer.run();
    await streamer.ready;
    expect(readdirSync(pipeDir).filter((name) => /_\d$/.test(name))).toEqual(['train_0', 'train_1']);
    expect((await readPipe(join(pipeDir, 'train_0'))).equals(WHOLE)).toBe(true);
    await appearance(join(pipeDir, 'train_2'));
    expect(readdirSync(pipeDir)).not.toContain('train_0');
    await readPipe(join(pipeDir, 'train_1'));
    await readPipe(join(pipeDir, 'train_2'));
    await running;
    expect(readdirSync(pipeDir)).toEqual(['train.status.json']);
    expect(JSON.parse(readFileSync(join(pipeDir, 'train.status.json'), 'utf8'))).toEqual({
      channel: 'train',
      epoch: 2,
      state: 'done',
      bytes: WHOLE.length,
      complete: true,
      error: null,
      pipe: expect.any(String),
      sent: true,
    });
    expect(openDescriptors(pipeDir)).toBe(0);
  });

  test('a reader that leaves early ends its epoch, and the next one is complete', async () => {
    const pipeDir = newPlace();
    const { events, onEvent } = eventLog();
    await using streamer = new PipeModeStreamer({ channels: CHANNELS, pipeDir, onEvent });
    const running = streamer.run();
    running.catch(() => {});
    await streamer.ready;
    const cuts = [0, 1, 65_536, 699_999, 700_001, 1_100_000];
    for (const [epoch, bytes] of cuts.entries()) {
      const path = join(pipeDir, `train_${epoch}`);
      await appearance(path);
      expect((await someOf(path, bytes)).equals(WHOLE.subarray(0, bytes))).toBe(true);
    }
    expect((await readPipe(join(pipeDir, `train_${cuts.length}`))).equals(WHOLE)).toBe(true);
    await streamer.stop();
    const ends = events.filter(({ event }) => event === 'epoch-end');
    expect(ends.slice(0, -1)).toMatchObject(cuts.map((_, epoch) => ({ epoch, complete: false })));
    expect(ends.at(-1)).toMatchObject({ complete: true, bytes: WHOLE.length });
    expect(readdirSync(pipeDir)).toEqual(['train.status.json']);
  });

  test.each([
    ['large data', folder, 10],
    ['data that fits into the pipe', join(folder, 'c'), 0],
    ['data that fits into the pipe, but for its last byte', join(folder, 'c'), 2],
  ])('strictEof: a reader of %s that leaves early is an error, every time', async (_, uri, bytes) => {
    for (let run = 0; run < 5; run++) {
      const pipeDir = newPlace();
      const channels = [{ name: 'train', uri }];
      const streamer = new PipeModeStreamer({ channels, pipeDir, strictEof: true });
      const running = expect(streamer.run()).rejects.toMatchObject({
        code: 'io-failure',
        uri: join(pipeDir, 'train_0'),
      });
      await streamer.ready;
      await someOf(join(pipeDir, 'train_0'), bytes);
      await running;
    }
  });

  test('strictEof: a reader that leaves early is an error even if the streamer is then stopped', async () => {
    const pipeDir = newPlace();
    const streamer = new PipeModeStreamer({ channels: CHANNELS, pipeDir, strictEof: true });
    const running = expect(streamer.run()).rejects.toMatchObject({ code: 'io-failure' });
    await streamer.ready;
    await someOf(join(pipeDir, 'train_0'), 10);
    await streamer.stop();
    await running;
  });

  test('strictEof: a reader that reads all bytes, even slowly, is not an error', async () => {
    const slow = ['-c', 'exec 3< "$0"; sleep 0.2; exec cat <&3'];
    const pipeDir = newPlace();
    const options = { channels: CHANNELS, pipeDir, strictEof: true, epochs: 2 };
    await using streamer = new PipeModeStreamer(options);
    const running = streamer.run();
    await streamer.ready;
    const reader = spawn('sh', [...slow, join(pipeDir, 'train_0')], { stdio: ['ignore', 'pipe', 'inherit'] });
    expect((await buffer(reader.stdout)).equals(WHOLE)).toBe(true);
    expect((await readPipe(join(pipeDir, 'train_1'))).equals(WHOLE)).toBe(true);
    await running;
  });

  test('onFailure: hold: after a failure, a reader receives no end of file, and run rejects when it closes the pipe', async () => {
    const pipeDir = newPlace();
    const uri = temp.file(
      'cut.manifest',
      Buffer.from(JSON.stringify([{ prefix: `${folder}/` }, 'c/d', 'none'])),
    );
    const channels = [{ name: 'train', uri, dataType: 'ManifestFile' as const }];
    const streamer = new PipeModeStreamer({ channels, pipeDir, onFailure: 'hold' });
    let failed = false;
    const running = streamer.run().catch((error: unknown) => {
      failed = true;
      throw error;
    });
    await streamer.ready;
    const reader = spawn('cat', [join(pipeDir, 'train_0')], { stdio: ['ignore', 'pipe', 'inherit'] });
    reader.stdout.resume();
    const ended = new Promise((resolve) => reader.on('exit', (_, signal) => resolve(signal)));
    const status = join(pipeDir, 'train.status.json');
    await expect.poll(() => existsSync(status) && readFileSync(status, 'utf8')).toMatch(/"failed"/);
    await sleep(100);
    expect([failed, reader.exitCode]).toEqual([false, null]);
    reader.kill();
    await expect(running).rejects.toMatchObject({ code: 'not-found' });
    expect(await ended).toBe('SIGTERM');
  });

  test('a reader that opens the next pipe while this one is unread causes a warning', async () => {
    const pipeDir = newPlace();
    const { events, onEvent } = eventLog();
    await using streamer = new PipeModeStreamer({ channels: CHANNELS, pipeDir, epochs: 2, onEvent });
    const running = streamer.run();
    await streamer.ready;
    const script = 'exec 3< "$0_0"; exec 4< "$0_1"; read go; cat <&3; cat <&4';
    const reader = spawn('sh', ['-c', script, join(pipeDir, 'train')], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const got = buffer(reader.stdout);
    await expect
      .poll(() => warnings(events))
      .toMatchObject([{ code: 'unread-epoch', message: expect.stringContaining('steps_per_epoch') }]);
    reader.stdin.end('go\n');
    expect((await got).equals(Buffer.concat([WHOLE, WHOLE]))).toBe(true);
    await running;
  });

  test('24 epochs of 3 channels with random early closes: every byte is correct and in order', async () => {
    const pipeDir = newPlace();
    const channels = ['one', 'two', 'three'].map((name, i) => ({ name, uri: folder, shuffleSeed: i }));
    const { events, onEvent } = eventLog();
    await using streamer = new PipeModeStreamer({ channels, pipeDir, epochs: 24, onEvent });
    const running = streamer.run();
    await streamer.ready;
    const random = new Xoshiro128(24, 3);
    await Promise.all(
      channels.map(async ({ name }, c) => {
        for (let epoch = 0; epoch < 24; epoch++) {
          const path = join(pipeDir, `${name}_${epoch}`);
          await appearance(path);
          const cut = random.below(10) < 6 ? random.below(WHOLE.length) : WHOLE.length + 1;
          const whole = expectedEpoch(UNITS, epoch, { seed: c });
          expect((await firstOf(path, cut)).equals(whole.subarray(0, cut))).toBe(true);
        }
      }),
    );
    await running;
    expect(events.filter(({ event }) => event === 'epoch-end')).toHaveLength(72);
  }, 180_000);

  test('a stopped reader stops the source: little of a large object is read', async () => {
    const pipeDir = newPlace();
    const large = temp.file('large');
    spawnSync('truncate', ['-s', '2G', large]);
    const objects = { partBytes: 1024 * 1024, windowBytes: 4 * 1024 * 1024 };
    await using streamer = new PipeModeStreamer({
      channels: [{ name: 'train', uri: large }],
      pipeDir,
      objects,
    });
    const running = streamer.run();
    running.catch(() => {});
    await streamer.ready;
    const reader = spawn('sh', [
      '-c',
      `exec 3<'${join(pipeDir, 'train_0')}'; head -c 1000000 <&3 >/dev/null; sleep 60`,
    ]);
    await expect.poll(() => streamer.metrics[0].readerWaitMs).toBeGreaterThan(500);
    const { epochBytes, requests, retries } = streamer.metrics[0];
    expect(epochBytes).toBeGreaterThan(100_000);
    expect(requests).toBeLessThan(12);
    expect(retries).toBe(0);
    reader.kill('SIGKILL');
    await streamer.stop();
  });

  test('PipeModeDataset reads two epochs and keeps its index', async () => {
    const pipeDir = newPlace();
    const lines = temp.file('lines');
    writeObjects(lines, { 'a.txt': 'one\ntwo\n', 'b.txt': 'three\n' });
    writeFileSync(join(pipeDir, 'inputdataconfig.json'), '{"train": {"TrainingInputMode": "Pipe"}}');
    await using streamer = new PipeModeStreamer({ channels: [{ name: 'train', uri: lines }], pipeDir });
    streamer.run().catch(() => {});
    await streamer.ready;
    const options = { recordFormat: 'TextLine', pipeDir, stateDir: pipeDir, configDir: pipeDir } as const;
    const dataset = new PipeModeDataset('train', options).map((bytes) => new TextDecoder().decode(bytes));
    expect(await dataset.repeat(2).toArray()).toEqual(['one', 'two', 'three', 'one', 'two', 'three']);
  });
});

describe('sources', () => {
  test('files without records are not streamed, and a warning names them', async () => {
    const data = temp.file('sidecars');
    writeObjects(data, {
      'a.tfrecord': 'A',
      'a.tfrecord.rpidx': 'index',
      'b.rec': 'B',
      'b.idx': 'index',
      '.DS_Store': 'hidden',
      '.ipynb_checkpoints/a.tfrecord': 'hidden',
      _SUCCESS: '',
      'train.manifest': '[]',
      'c/_part': 'C',
    });
    const { events, onEvent } = eventLog();
    const pipeDir = newPlace();
    const channels = [{ name: 'train', uri: data }];
    const [epoch] = await readEpochs({ channels, pipeDir, epochs: 1, onEvent });
    expect(epoch.toString()).toBe('ABC');
    expect(warnings(events)).toMatchObject([{ code: 'sidecars' }]);
    const [{ message }] = warnings(events) as { message: string }[];
    expect(message).toContain('6 files are not streamed: .DS_Store, .ipynb_checkpoints/a.tfrecord, _SUCCESS');
    expect(message).toContain('SageMaker streams them as data');
  });

  test('a file that is named explicitly is streamed, regardless of its name', async () => {
    const uri = temp.file('.hidden.idx', Buffer.from('bytes'));
    const [epoch] = await readEpochs({ channels: [{ name: 'train', uri }], pipeDir: newPlace(), epochs: 1 });
    expect(epoch.toString()).toBe('bytes');
  });

  test('a folder without other files is an error', async () => {
    const data = temp.file('only-sidecars');
    writeObjects(data, { 'a.idx': 'index' });
    const streamer = new PipeModeStreamer({ channels: [{ name: 'train', uri: data }], pipeDir: newPlace() });
    await expect(streamer.run()).rejects.toMatchObject({
      code: 'object-missing',
      message: expect.stringContaining('files without records'),
    });
  });

  test.each([
    ['ManifestFile', `[{"prefix": "${folder}/"}, "c/d"]`, undefined],
    ['AugmentedManifestFile', `{"n-ref": "${folder}/c/d"}\n{"n-ref": "${folder}/c/d"}\n`, ['n-ref']],
  ] as const)(
    'a %s with a byte order mark is read, with a warning',
    async (dataType, text, attributeNames) => {
      const uri = temp.file(`bom-${dataType}`, Buffer.from(`\uFEFF${text}`));
      const { events, onEvent } = eventLog();
      const channels = [{ name: 'train', uri, dataType, attributeNames }];
      const [epoch] = await readEpochs({ channels, pipeDir: newPlace(), epochs: 1, onEvent });
      expect(epoch.length).toBe(dataType === 'ManifestFile' ? 3 : 6);
      expect(warnings(events)).toMatchObject([{ code: 'byte-order-mark' }]);
    },
  );

  test('the s3:// scheme may be in any case', () => {
    expect(streamChannel({ name: 'train', uri: 'S3://bucket/Key' }).uri).toBe('s3://bucket/Key');
  });

  test('two hosts with the same name are rejected', () => {
    const hosts = { current_host: 'algo-1', hosts: ['algo-1', 'algo-1'] };
    const options = { channels: CHANNELS, pipeDir: newPlace(), hosts };
    expect(() => new PipeModeStreamer(options)).toThrow('hosts: expected distinct names, got algo-1 twice');
  });
});

describe('ready', () => {
  const missing = [{ name: 'train', uri: temp.file('missing') }];

  test('rejects with the failure, and leaves no unhandled rejection', async () => {
    const streamer = new PipeModeStreamer({ channels: missing, pipeDir: newPlace() });
    streamer.run(); // An unhandled rejection would fail this file.
    await expect(streamer.ready).rejects.toMatchObject({ code: 'object-missing' });
    await sleep(10);
  });

  test('need not be awaited', async () => {
    const streamer = new PipeModeStreamer({ channels: missing, pipeDir: newPlace() });
    await expect(streamer.run()).rejects.toMatchObject({ code: 'object-missing' });
    await sleep(10);
  });

  test('rejects if the streamer is stopped first', async () => {
    const streamer = new PipeModeStreamer({ channels: CHANNELS, pipeDir: newPlace() });
    await streamer.stop();
    await expect(streamer.ready).rejects.toMatchObject({ code: 'aborted' });
  });
});

describe('failures', () => {
  test('a prefix without objects is an error', async () => {
    const empty = temp.file('empty');
    mkdirSync(empty);
    const pipeDir = newPlace();
    const streamer = new PipeModeStreamer({ channels: [{ name: 'train', uri: empty }], pipeDir });
    await expect(streamer.run()).rejects.toMatchObject({ code: 'object-missing' });
    expect(readdirSync(pipeDir)).toEqual(['train.status.json']);
  });

  test('a pipe without a reader is an error after the timeout', async () => {
    const pipeDir = newPlace();
    const streamer = new PipeModeStreamer({ channels: CHANNELS, pipeDir, readerTimeoutMs: 50 });
    await expect(streamer.run()).rejects.toMatchObject({
      code: 'reader-timeout',
      uri: join(pipeDir, 'train_0'),
    });
    expect(readdirSync(pipeDir)).toEqual(['train.status.json']);
  });

  test.each([
    ['a file', (path: string) => writeFileSync(path, 'mine')],
    ['a folder', (path: string) => mkdirSync(path)],
    ['a symbolic link', (path: string) => symlinkSync('/dev/null', path)],
    ['a named pipe', (path: string) => void spawnSync('mkfifo', [path])],
  ])('%s with the name of the pipe is not removed', async (_, make) => {
    const pipeDir = newPlace();
    make(join(pipeDir, 'train_1'));
    const streamer = new PipeModeStreamer({ channels: CHANNELS, pipeDir });
    await expect(streamer.run()).rejects.toMatchObject({
      code: 'already-exists',
      uri: join(pipeDir, 'train_1'),
    });
    expect(readdirSync(pipeDir)).toEqual(['train_1']);
  });

  test('force uses an existing pipe', async () => {
    const pipeDir = newPlace();
    spawnSync('mkfifo', [join(pipeDir, 'train_0')]);
    const [epoch] = await readEpochs({ channels: CHANNELS, pipeDir, epochs: 1, force: true });
    expect(epoch.equals(WHOLE)).toBe(true);
  });

  test('two streamers cannot serve one channel', async () => {
    const pipeDir = newPlace();
    await using first = new PipeModeStreamer({ channels: CHANNELS, pipeDir });
    first.run().catch(() => {});
    await first.ready;
    const second = new PipeModeStreamer({ channels: CHANNELS, pipeDir });
    await expect(second.run()).rejects.toMatchObject({
      code: 'already-exists',
      message: expect.stringContaining(`process ${process.pid}`),
    });
    expect((await readPipe(join(pipeDir, 'train_0'))).equals(WHOLE)).toBe(true);
  });

  test('an object that is not gzip is an error with its name, after all earlier bytes', async () => {
    const pipeDir = newPlace();
    const channels = [{ name: 'train', uri: folder, compression: 'Gzip' as const }];
    const streamer = new PipeModeStreamer({ channels, pipeDir });
    const failed = expect(streamer.run()).rejects.toMatchObject({
      code: 'corrupt-compressed-stream',
      uri: `${folder}/a`,
    });
    await streamer.ready;
    await readPipe(join(pipeDir, 'train_0'));
    await failed;
    const status = JSON.parse(readFileSync(join(pipeDir, 'train.status.json'), 'utf8'));
    expect(status).toMatchObject({
      state: 'failed',
      complete: false,
      error: { code: 'corrupt-compressed-stream' },
    });
  });

  test('manifests: missing objects and invalid lines', async () => {
    const good = `{"o-ref": "${folder}/a", "n": 1}`;
    const missing = `{"n": 2, "o-ref": "${folder}/none"}`;
    const uri = temp.file('bad.jsonl', Buffer.from(`${good}\n${missing}\n\n{"n": 3}\n{'n': 4}\n${good}`));
    const channel = {
      name: 'train',
      uri,
      dataType: 'AugmentedManifestFile' as const,
      attributeNames: ['n', 'o-ref'],
    };
    const stopped = async (more: object): Promise<Buffer> => {
      const pipeDir = newPlace();
      const { events, onEvent } = eventLog();
      const streamer = new PipeModeStreamer({ channels: [channel], pipeDir, epochs: 1, onEvent, ...more });
      const running = streamer.run();
      running.catch(() => {});
      await streamer.ready;
      const bytes = await readPipe(join(pipeDir, 'train_0'));
      await running.catch((error: unknown) => {
        throw Object.assign(error as object, { bytes });
      });
      expect(warnings(events)).toMatchObject(
        [/bad|missing/, /no attribute/, /single quotes/].map(() => ({ event: 'warning' })),
      );
      return bytes;
    };
    const line = Buffer.concat([Buffer.from('1'), pattern(700_000, 1)]);
    await expect(stopped({})).rejects.toMatchObject({
      code: 'missing-attribute',
      message: expect.stringContaining('line 4'),
    });
    await expect(stopped({ onBadLine: 'skip' })).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('line 2 of the manifest'),
    });
    expect(
      (await stopped({ onBadLine: 'skip', skipMissing: true })).equals(Buffer.concat([line, line])),
    ).toBe(true);
  });
});

function warnings(events: readonly StreamEvent[]): StreamEvent[] {
  return events.filter(({ event }) => event === 'warning');
}

/** Reads the first bytes of a pipe, or a little more, and closes it. */
async function firstOf(path: string, bytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of openPipe(path)) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= bytes) break;
  }
  return Buffer.concat(chunks).subarray(0, bytes);
}

/** Reads exactly the first bytes of a pipe in a process. */
async function someOf(path: string, bytes: number): Promise<Buffer> {
  const head = spawn(
    'sh',
    ['-c', bytes === 0 ? 'exec 3<"$0"' : 'exec head -c "$1" "$0"', path, String(bytes)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const chunks: Buffer[] = [];
  for await (const chunk of head.stdout) chunks.push(chunk);
  return Buffer.concat(chunks);
}

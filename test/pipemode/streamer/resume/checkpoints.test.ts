import { createReadStream, existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  PipeModeStreamer,
  type StreamCheckpoint,
  type StreamerInput,
} from '../../../../src/pipemode/streamer/index.ts';
import { streamCheckpoint } from '../../../../src/pipemode/streamer/resume/stream-checkpoint.ts';
import { DOES_ALL_RUNS } from '../../../support/random-runs.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { appearance, eventLog, readPipe } from '../stream-place.ts';
import { type Kind, type RecordChannel, recordChannel } from './resumed-channel.ts';

const temp = tempDir();
let places = 0;

const KIND: Kind = {
  format: 'tfrecord',
  dataType: 'S3Prefix',
  compression: 'None',
  recordWrapper: 'None',
  shuffleSeed: 5,
  share: undefined,
};
/** Several times the bytes that a pipe may hold. */
const LARGE = { objects: 40, records: 200, maxBytes: 3000 };
const SMALL = { objects: 7, records: 20, maxBytes: 100 };

/** The inputs of a streamer of one channel, in new folders. */
function place(kind: Kind, size = SMALL): { data: RecordChannel; input: StreamerInput; checkpoint: string } {
  const folder = temp.file(`place-${places++}`);
  const data = recordChannel(folder, kind, size, places);
  const checkpoint = join(folder, 'ckpt/stream.json');
  const input = { channels: [data.input], pipeDir: join(folder, 'pipes'), epochs: 2 };
  return { data, input: { ...input, checkpoint: { path: checkpoint, everyMs: 1 } }, checkpoint };
}

function readCheckpoint(path: string): StreamCheckpoint {
  return JSON.parse(readFileSync(path, 'utf8')) as StreamCheckpoint;
}

/** Reads the first bytes of an epoch and leaves. @returns number of bytes read */
async function readSome(pipe: string, atLeast: number): Promise<number> {
  await appearance(pipe);
  const stream = createReadStream(pipe);
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += (chunk as Buffer).length;
    if (bytes >= atLeast) break;
  }
  return bytes;
}

describe('the checkpoint of a streamer', () => {
  const kinds: [string, Partial<Kind>][] = [
    ['TFRecord', {}],
    ['RecordIO', { format: 'recordio' }],
    ['text lines', { format: 'textline' }],
    ['gzip', { compression: 'Gzip' }],
    ['wrapped attributes', { dataType: 'AugmentedManifestFile', recordWrapper: 'RecordIO' }],
    ['attributes without a wrapper', { dataType: 'AugmentedManifestFile' }],
  ];
  test.each(DOES_ALL_RUNS ? kinds : [kinds[0], kinds[3]])(
    '%s: nothing unread is lost, and at most 2 MiB are sent again',
    async (_, more) => {
      const { data, input, checkpoint } = place({ ...KIND, ...more }, LARGE);
      const frames = data.frames(0);
      const whole = Buffer.concat(frames);
      const streamer = new PipeModeStreamer(input);
      streamer.run().catch(() => {});
      const read = await readSome(join(input.pipeDir, 'train_0'), whole.length / 2);
      await streamer.stop();
      const { channels } = readCheckpoint(checkpoint);
      const { epoch, bytes, records, written } = channels['train'];
      expect(epoch).toBe(0);
      expect(bytes).toBeLessThanOrEqual(read);
      expect(bytes).toBeGreaterThan(read - 2 * 2 ** 20);
      expect(written.bytes).toBeGreaterThanOrEqual(read);
      const ends = frames.map(() => 0);
      for (const [i, { length }] of frames.entries()) ends[i] = (ends[i - 1] ?? 0) + length;
      if (records !== null) expect(ends[records - 1]).toBe(bytes);
      expect(JSON.stringify(channels['train']).length).toBeLessThan(1024);
      const { events, onEvent } = eventLog();
      const overwritten = { path: checkpoint, overwrite: true };
      await using again = new PipeModeStreamer({
        ...input,
        checkpoint: overwritten,
        resume: [readCheckpoint(checkpoint)],
        onEvent,
      });
      const running = again.run();
      expect((await readPipe(join(input.pipeDir, 'train_0'))).equals(whole.subarray(bytes))).toBe(true);
      const next = Buffer.concat(data.frames(1));
      expect((await readPipe(join(input.pipeDir, 'train_1'))).equals(next)).toBe(true);
      await running;
      expect(events).toContainEqual(
        expect.objectContaining({
          event: 'resumed',
          channel: 'train',
          epoch: 0,
          bytes,
          records,
          exact: false,
        }),
      );
      expect(readCheckpoint(checkpoint).channels['train']).toMatchObject({ epoch: 2, bytes: 0, records: 0 });
    },
  );

  test('an epoch counts as read only when the next one is opened', async () => {
    const { data, input, checkpoint } = place(KIND);
    const streamer = new PipeModeStreamer(input);
    streamer.run().catch(() => {});
    await readSome(join(input.pipeDir, 'train_0'), 1);
    await expect.poll(() => streamer.metrics[0].epoch).toBe(1);
    await streamer.stop();
    // The reader may have been killed.
    expect(readCheckpoint(checkpoint).channels['train']).toMatchObject({ epoch: 0, bytes: 0 });
    await using again = new PipeModeStreamer({
      ...input,
      checkpoint: { path: checkpoint, overwrite: true, everyMs: 1 },
      resume: [readCheckpoint(checkpoint)],
    });
    const running = again.run();
    expect((await readPipe(join(input.pipeDir, 'train_0'))).equals(Buffer.concat(data.frames(0)))).toBe(true);
    await readSome(join(input.pipeDir, 'train_1'), 1);
    await running;
  });

  test('a finished run has nothing left to stream', async () => {
    const { input, checkpoint } = place(KIND);
    const streamer = new PipeModeStreamer({ ...input, epochs: 1 });
    const running = streamer.run();
    await readPipe(join(input.pipeDir, 'train_0'));
    await running;
    await new PipeModeStreamer({
      ...input,
      epochs: 1,
      checkpoint: undefined,
      resume: [readCheckpoint(checkpoint)],
    }).run();
  });

  test('other files and checkpoints of other runs are not overwritten', async () => {
    const { input, checkpoint } = place(KIND);
    const other = temp.file('notes.json', Buffer.from('{"mine": true}'));
    const run = (path: string): Promise<void> =>
      new PipeModeStreamer({ ...input, checkpoint: { path } }).run();
    await expect(run(other)).rejects.toMatchObject({ code: 'already-exists', uri: other });
    const streamer = new PipeModeStreamer(input);
    streamer.run().catch(() => {});
    await streamer.ready;
    await streamer.stop();
    expect(existsSync(checkpoint)).toBe(true);
    await expect(run(checkpoint)).rejects.toMatchObject({ code: 'already-exists', uri: checkpoint });
  });
});

describe('a position that does not fit', () => {
  async function checkpointOf(input: StreamerInput, path: string): Promise<StreamCheckpoint> {
    const streamer = new PipeModeStreamer(input);
    streamer.run().catch(() => {});
    await streamer.ready;
    await streamer.stop();
    return readCheckpoint(path);
  }

  test.each<[string, Partial<RecordChannel['input']>, RegExp]>([
    ['another seed', { shuffleSeed: 6 }, /the shuffle seed \(5 then, 6 now\) changed/],
    ['a wrapper', { recordWrapper: 'RecordIO' }, /the record wrapper \(None then, RecordIO now\)/],
    ['compression', { compression: 'Gzip' }, /the compression \(None then, Gzip now\)/],
  ])('%s is an error that names the option', async (_, more, message) => {
    const { data, input, checkpoint } = place(KIND);
    const found = await checkpointOf(input, checkpoint);
    const channels = [{ ...data.input, ...more }];
    const run = new PipeModeStreamer({ ...input, channels, checkpoint: undefined, resume: [found] }).run();
    await expect(run).rejects.toMatchObject({
      code: 'not-resumable',
      message: expect.stringMatching(message),
    });
  });

  test('added, replaced and modified files are errors that name what changed', async () => {
    const { data, input, checkpoint } = place(KIND);
    const found = await checkpointOf(input, checkpoint);
    const run = (): Promise<void> =>
      new PipeModeStreamer({ ...input, checkpoint: undefined, resume: [found] }).run();
    utimesSync(join(data.input.uri, 'o-0002'), 1, 1);
    await expect(run()).rejects.toThrow(/: the sizes or versions of the objects changed/);
    writeFileSync(join(data.input.uri, 'o-0002x'), '');
    await expect(run()).rejects.toThrow(
      /the number of objects or lines \(7 then, 8 now\), the names of the objects, the sizes/,
    );
  });

  test('a record that differs from the last one is an error', async () => {
    const { data, input } = place(KIND);
    const frames = data.frames(0);
    const state = {
      channel: 'train',
      recordFormat: 'TFRecord',
      epoch: 0,
      recordsRead: 9,
      bytesRead: Buffer.concat(frames.slice(0, 9)).length,
      lastRecord: { bytes: frames[8].length - 16, crc32c: 1 },
    };
    const run = (resume: object): Promise<void> =>
      new PipeModeStreamer({ ...input, checkpoint: undefined, resume: [resume] }).run();
    await expect(run(state)).rejects.toMatchObject({
      code: 'not-resumable',
      message: expect.stringMatching(/record 8 of epoch 0 is not the record/),
    });
    await expect(run({ train: { epoch: 0, records: 10_000 } })).rejects.toThrow(
      /epoch 0 has \d+ records, but the reader read 10000/,
    );
    await expect(run({ train: { epoch: 0, records: 9, bytes: 10 ** 9 } })).rejects.toThrow(
      /epoch 0 has \d+ bytes, but the reader read 1000000000/,
    );
  });

  test.each<[string, unknown, RegExp]>([
    ['a list', [], /expected a JSON object/],
    ['another channel', { test: { epoch: 0, records: 0 } }, /the state has channel test, but only train is/],
    ['a negative number', { train: { epoch: 0, records: -1 } }, /integers >= 0/],
    ['an unknown format', { train: { epoch: 0, records: 1, format: 'x' } }, /format: expected one of/],
    ['a checkpoint without channels', { type: 'recordpipe-stream', version: 1 }, /has no channels/],
    ['a newer version', { type: 'recordpipe-stream', version: 2 }, /has version 2, expected 1/],
    [
      'a reader that decompresses',
      {
        channel: 'train',
        recordFormat: 'TFRecord',
        epoch: 0,
        recordsRead: 1,
        bytesRead: 1,
        compression: 'gzip',
      },
      /decompress in the streamer instead/,
    ],
  ])('%s is an error', (_, value, message) => {
    const { input } = place(KIND);
    expect(() => new PipeModeStreamer({ ...input, resume: [value] })).toThrow(message);
  });

  test('a checkpoint that was changed, or without the identity of a channel, is an error', async () => {
    const { input, checkpoint } = place(KIND);
    const { channels, ...rest } = await checkpointOf(input, checkpoint);
    const train = channels['train'];
    const resume = (value: unknown) => () => new PipeModeStreamer({ ...input, resume: [value] });
    expect(resume({ ...rest, channels: { train: { ...train, object: train.object + 1 } } })).toThrow(
      /the checksum of the checkpoint does not match/,
    );
    const damaged = streamCheckpoint({ train: { ...train, content: null as never } });
    expect(resume(damaged)).toThrow(/channel train of the checkpoint is incomplete/);
  });

  test('a position that is not in an array is a usage error', () => {
    const { input } = place(KIND);
    const resume = { train: { epoch: 0, records: 0 } } as never;
    expect(() => new PipeModeStreamer({ ...input, resume })).toThrow(
      /resume: expected an array of positions/,
    );
    expect(() => new PipeModeStreamer({ ...input, checkpoint: 'ck.json' as never })).toThrow(
      /checkpoint: expected/,
    );
  });

  test('an earlier epoch than the first is an error', () => {
    const { input } = place(KIND);
    const resume = [{ train: { epoch: 1, records: 0 } }];
    expect(() => new PipeModeStreamer({ ...input, firstEpoch: 2, resume })).toThrow(/firstEpoch: expected/);
  });
});

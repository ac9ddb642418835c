import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PipeModeDataset } from '../../../../src/pipemode/index.ts';
import { PipeModeStreamer } from '../../../../src/pipemode/streamer/index.ts';
import { resumePoints } from '../../../../src/pipemode/streamer/resume/resume-points.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { type Kind, recordChannel } from './resumed-channel.ts';

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

/** A channel, its streamers and its readers in one folder. */
function place(kind = KIND) {
  const root = temp.file(`place-${places++}`);
  const data = recordChannel(root, kind, { objects: 9, records: 30, maxBytes: 500 }, places);
  const dirs = { pipeDir: join(root, 'pipes'), stateDir: join(root, 'state'), configDir: root };
  mkdirSync(dirs.pipeDir);
  writeFileSync(join(root, 'inputdataconfig.json'), '{"train": {"TrainingInputMode": "Pipe"}}');
  const recordFormat = data.format;
  return {
    data,
    frames: (epoch: number) => data.frames(epoch).map((frame) => Buffer.from(frame).toString('latin1')),
    dataset: () => new PipeModeDataset('train', { ...dirs, recordFormat, openTimeoutMs: 10_000 }),
    /** Runs a streamer while `work` runs. */
    async streaming<R>(resume: readonly unknown[], work: () => Promise<R>): Promise<R> {
      const { pipeDir, stateDir } = dirs;
      const channels = [data.input];
      await using streamer = new PipeModeStreamer({ channels, pipeDir, stateDir, epochs: 2, resume });
      streamer.run().catch(() => {});
      return await work();
    },
  };
}

/** The records of the epochs of TFRecord frames, without their headers. */
function payloads(frames: readonly string[]): string[] {
  return frames.map((frame) => frame.slice(12, -4));
}

function text(record: Uint8Array): string {
  return Buffer.from(record).toString('latin1');
}

describe('a reader and a streamer that resume', () => {
  test('operators: what the consumer did not receive is delivered again, although it was read ahead', async () => {
    const { dataset, streaming, frames } = place();
    const batches = () => dataset().map(text).batch(3).prefetch(2);
    const { first, state } = await streaming([], async () => {
      const iterator = batches().iterate();
      const received: string[][] = [];
      for (let i = 0; i < 5; i++) received.push((await iterator.next()).value as string[]);
      const position = JSON.parse(JSON.stringify(iterator.state()));
      await iterator.return();
      return { first: received.flat(), state: position };
    });
    expect(first).toHaveLength(15);
    const rest = await streaming([state], () => batches().resume(state).toArray());
    expect([...first, ...rest.flat()]).toEqual(payloads(frames(0)));
  });

  test('a file with one state per channel is accepted', async () => {
    const position = {
      version: 1,
      channel: 'train',
      recordFormat: 'TFRecord',
      epoch: 1,
      recordsRead: 4,
      bytesRead: 90,
    };
    const state = { version: 1, operators: ['channel train', 'map'], position: [0, position] };
    const points = resumePoints([{ train: state }], ['train', 'test'], []);
    expect(points.get('train')?.reader).toMatchObject({ epoch: 1, records: 4, bytes: 90 });
    expect(() => resumePoints([{ test: state }], ['train', 'test'], [])).toThrow(
      'no position in channel test',
    );
  });

  test('a position without the name of its channel is an error that shows the expected form', () => {
    expect(() => resumePoints([{ epoch: 2, records: 60 }], ['train'], [])).toThrow(
      'such as {"train": {"epoch": 0, "records": 0}}',
    );
  });

  test('a reader without a state starts with the resumed epoch, and its states count from its beginning', async () => {
    const { dataset, streaming, frames } = place();
    const position = { train: { epoch: 1, records: 20 } };
    const reader = dataset();
    const read = await streaming([position], () => reader.map(text).toArray());
    expect(read).toEqual(payloads(frames(1)).slice(20));
    const all = frames(1);
    expect(reader.state()).toMatchObject({
      epoch: 1,
      recordsRead: all.length,
      bytesRead: all.join('').length,
    });
  });

  test('a pipe that starts after the position of the reader is an error', async () => {
    const { dataset, streaming } = place();
    const state = {
      version: 1,
      channel: 'train',
      recordFormat: 'TFRecord',
      epoch: 0,
      recordsRead: 0,
      bytesRead: 0,
      lastRecord: null,
    } as const;
    const position = { train: { epoch: 0, records: 20 } };
    await expect(streaming([position], () => dataset().resume(state).count())).rejects.toMatchObject({
      code: 'not-resumable',
      message: expect.stringMatching(
        /the pipe starts at byte \d+ of the epoch, but the earlier run read 0 bytes/,
      ),
    });
  });

  test('a position before that of the reader repeats nothing: the reader drops what it has', async () => {
    const { dataset, streaming, frames } = place();
    const reader = dataset();
    const state = await streaming([], async () => {
      const iterator = reader.iterate();
      for (let i = 0; i < 30; i++) await iterator.next();
      const position = reader.state();
      await iterator.return();
      return position;
    });
    const position = { train: { epoch: 0, records: 20 } };
    const rest = await streaming([position], () => dataset().resume(state!).map(text).toArray());
    expect(rest).toEqual(payloads(frames(0)).slice(30));
  });

  test('a streamer that stops within an epoch is an error of the reader, not the end of the epoch', async () => {
    const { dataset, streaming } = place();
    const reader = dataset();
    let reading: Promise<number> | undefined;
    await streaming([], async () => {
      let count = 0;
      reading = (async () => {
        for await (const _ of reader)
          if (++count === 5) await new Promise((resolve) => setTimeout(resolve, 50));
        return count;
      })();
      reading.catch(() => {});
      await expect.poll(() => count).toBeGreaterThan(0);
    });
    // The whole epoch may have been in the pipe.
    const end = await reading!.catch((error: unknown) => error);
    if (typeof end !== 'number') expect(end).toMatchObject({ code: 'io-failure', epoch: 0 });
  });
});

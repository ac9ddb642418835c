import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { decodeRecordIO, decodeTextLines, decodeTFRecords } from 'recordpipe';
import { afterAll, describe, expect, test } from 'vitest';
import { PipeModeStreamer, type StreamChannelInput } from '../../src/pipemode/streamer/index.ts';
import { channelPlace, fixturePath } from '../pipemode/reader/channel-place.ts';
import { faultyS3 } from '../support/faulty-s3/index.ts';
import { listed, missingCounterpart, type PythonCounterpart } from './counterpart.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const children: { kill(signal: 'SIGKILL'): unknown }[] = [];
afterAll(() => {
  for (const one of children) one.kill('SIGKILL');
});

/**
 * Runs a reader program that prints one line of JSON per epoch.
 * @param waits whether it waits for a request before each epoch
 */
async function* epochOutputs(
  counterpart: PythonCounterpart,
  script: string,
  args: readonly string[],
  waits: boolean,
) {
  const python = `${root}.cache/counterparts/${counterpart}/bin/python`;
  const program = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(python, ['-B', program, ...args], { stdio: ['pipe', 'pipe', 'ignore'] });
  children.push(child);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  if (waits) expect((await lines.next()).value).toBe('ready');
  for (;;) {
    if (waits) child.stdin.write('\n');
    const { value, done } = await lines.next();
    if (done) return;
    yield JSON.parse(value) as unknown;
  }
}

/** Reads two epochs of a channel from the streamer's pipes with a program. */
async function twoEpochs(
  channel: StreamChannelInput,
  read: (place: ReturnType<typeof channelPlace>) => AsyncGenerator<unknown>,
  objects?: { readonly endpointUrl: string },
): Promise<unknown[]> {
  const place = channelPlace();
  mkdirSync(place.stateDir, { recursive: true });
  await using streamer = new PipeModeStreamer({
    channels: [channel],
    pipeDir: place.pipeDir,
    objects: objects && { ...objects, region: 'us-east-1' },
  });
  const running = streamer.run();
  running.catch(() => {});
  await Promise.race([streamer.ready, running]);
  const epochs: unknown[] = [];
  for await (const epoch of read(place)) if (epochs.push(epoch) === 2) break;
  return epochs;
}

const TFRECORDS = ['tfrecord-sizes.bin', 'tfrecord-many-small.bin', 'tfrecord-zero-length-records.bin'].map(
  fixturePath,
);
const whole = (records: Iterable<Uint8Array>) => ({
  records: listed([...records].map((one) => one.slice())),
  error: null,
});

describe.skipIf(missingCounterpart('original') !== undefined)(
  'the original PipeModeDataset reads pipes of the streamer',
  () => {
    test.each([
      ['TFRecord', 'tfrecord-sizes.bin', (bytes: Uint8Array) => decodeTFRecords(bytes)],
      [
        'RecordIO',
        'recordio-concat.bin',
        (bytes: Uint8Array) => decodeRecordIO(bytes, { multipart: 'concat' }),
      ],
      ['TextLine', 'textline.bin', (bytes: Uint8Array) => decodeTextLines(bytes, { cr: 'keep' })],
    ] as const)('%s: two epochs, unchanged', async (format, fixture, decode) => {
      const uri = fixturePath(fixture);
      const epochs = await twoEpochs({ name: 'train', uri }, (place) =>
        epochOutputs('original', 'original_epochs.py', [place.root, format], true),
      );
      const expected = whole(decode(readFileSync(uri)));
      expect(expected.records.length).toBeGreaterThan(0);
      expect(epochs).toEqual([expected, expected]);
    });

    test('S3 objects, each wrapped in a record', async () => {
      process.env['AWS_ACCESS_KEY_ID'] ??= 'test';
      process.env['AWS_SECRET_ACCESS_KEY'] ??= 'test';
      const objects = Object.fromEntries(
        TFRECORDS.map((path, i) => [`bucket/data/${i} ü+%`, new Uint8Array(readFileSync(path))]),
      );
      await using server = await faultyS3({ objects });
      const channel = { name: 'train', uri: 's3://bucket/data/', recordWrapper: 'RecordIO' } as const;
      const epochs = await twoEpochs(
        channel,
        (place) => epochOutputs('original', 'original_epochs.py', [place.root, 'RecordIO'], true),
        { endpointUrl: server.url },
      );
      const expected = whole(TFRECORDS.map((path) => new Uint8Array(readFileSync(path))));
      expect(epochs).toEqual([expected, expected]);
    });
  },
);

describe.skipIf(missingCounterpart('sagemaker') !== undefined)(
  "the SageMaker SDK's reader reads pipes of the streamer",
  () => {
    test('files, each wrapped in a record', async () => {
      const channel = {
        name: 'train',
        uri: fixturePath('tfrecord-sizes.bin'),
        recordWrapper: 'RecordIO',
      } as const;
      const epochs = await twoEpochs(channel, (place) =>
        epochOutputs('sagemaker', 'pipe_readers.py', ['sagemaker', place.pipeDir, '2'], false),
      );
      const expected = whole([new Uint8Array(readFileSync(channel.uri))]);
      expect(epochs).toEqual([expected, expected]);
    });
  },
);

describe.skipIf(missingCounterpart('tensorflow') !== undefined)(
  'TensorFlow reads pipes of the streamer',
  () => {
    test('decodes records pulled by a Python reader', async () => {
      const channel = { name: 'train', uri: fixturePath('tfrecord-sizes.bin') };
      const epochs = await twoEpochs(channel, (place) =>
        epochOutputs('tensorflow', 'pipe_readers.py', ['tensorflow', place.pipeDir, '2'], false),
      );
      const expected = whole(decodeTFRecords(readFileSync(channel.uri)));
      expect(epochs).toEqual([expected, expected]);
    });
  },
);

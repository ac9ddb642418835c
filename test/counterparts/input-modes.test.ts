import { fileURLToPath } from 'node:url';
import { encodeTFRecord } from 'recordpipe';
import { describe, expect, test } from 'vitest';
import { type InputMode, TrainingRun, trainingRequest } from '../../src/pipemode/train/index.ts';
import { sha256 } from '../support/golden.ts';
import { s3Place } from '../support/s3-place.ts';
import { tempDir } from '../support/temp-dir.ts';
import { missingCounterpart } from './counterpart.ts';

const temp = tempDir();
const python = fileURLToPath(new URL('../../.cache/counterparts/original/bin/python', import.meta.url));
const script = fileURLToPath(new URL('input_modes.py', import.meta.url));

/** Records of the object `file`: each is different, and some are larger than a pipe. */
function recordsOf(file: number): Uint8Array[] {
  return Array.from({ length: 50 }, (_, i) =>
    new Uint8Array(i % 10 === 9 ? 100_000 : 10 + i)
      .fill((file * 50 + i) % 251)
      .fill(i, 0, 5)
      .fill(file, 5, 8),
  );
}

const FILES = [0, 1, 2, 3, 4];
const objects = Object.fromEntries(
  FILES.map((file) => [
    `bucket/train/${file}`,
    new Uint8Array(Buffer.concat(recordsOf(file).map(encodeTFRecord))),
  ]),
);
const WHOLE = FILES.flatMap((file) => recordsOf(file).map(sha256));

/** Runs the script. @returns the hashes of its records by host, in order */
async function hashes(inputMode: InputMode, instanceCount: number): Promise<Map<string, string[]>> {
  await using s3 = await s3Place({ objects });
  const found = new Map<string, string[]>();
  const job = new TrainingRun({
    request: trainingRequest({
      channels: [
        {
          name: 'train',
          uri: 's3://bucket/train/',
          inputMode,
          ...(instanceCount > 1 && { distribution: 'ShardedByS3Key' }),
        },
      ],
      instanceCount,
      environment: { TF_CPP_MIN_LOG_LEVEL: '3' },
    }),
    command: [python, '-B', script],
    root: temp.file(`${inputMode}-${instanceCount}`),
    objects: s3.objects,
    onLine: (host, line) => {
      const [, hash] = /^sha256: (\w+)$/.exec(line) ?? [];
      if (hash !== undefined) found.set(host, [...(found.get(host) ?? []), hash]);
    },
  });
  expect(await job.run()).toMatchObject({ status: 'Completed', exitCode: 0 });
  return found;
}

describe.skipIf(missingCounterpart('original') !== undefined)(
  'the same script with TensorFlow and the original PipeModeDataset, data in S3',
  () => {
    test.each(['File', 'FastFile', 'Pipe'] as const)(
      '%s mode, one host: all records in order',
      async (mode) => {
        expect((await hashes(mode, 1)).get('algo-1')).toEqual(WHOLE);
      },
    );

    test('two hosts: the same shares in each mode, and their union is the channel', async () => {
      const [file, fast, pipe] = [
        await hashes('File', 2),
        await hashes('FastFile', 2),
        await hashes('Pipe', 2),
      ];
      for (const host of ['algo-1', 'algo-2']) {
        expect(fast.get(host)).toEqual(file.get(host));
        expect(pipe.get(host)).toEqual(file.get(host));
        expect(file.get(host)?.length).toBeGreaterThan(0);
      }
      expect([...file.values()].flat().sort()).toEqual([...WHOLE].sort());
    });
  },
);

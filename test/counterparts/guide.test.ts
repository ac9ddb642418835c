import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { encodeTFRecord } from 'recordpipe';
import { encodeExample } from 'recordpipe/messages';
import { describe, expect, test } from 'vitest';
import { buildIfStale } from '../support/build-once.ts';
import { s3Place } from '../support/s3-place.ts';
import { tempDir } from '../support/temp-dir.ts';
import { counterpartRoot, missingCounterpart } from './counterpart.ts';
import { guideSections } from './guide.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const temp = tempDir();
const RECORDS = 64;

function examples(): Uint8Array {
  const frames = Array.from({ length: RECORDS / 2 }, (_, i) =>
    encodeTFRecord(
      encodeExample({
        x: { kind: 'float', value: [i, 1, 0, 1].map((one) => one / RECORDS) },
        y: { kind: 'float', value: [i / RECORDS] },
      }),
    ),
  );
  return new Uint8Array(Buffer.concat(frames));
}

const LABELS = [3, 1, 4];
const lines = LABELS.map((label, i) => JSON.stringify({ 'image-ref': `s3://bucket/images/${i}.png`, label }));
const bytes = (content: string): Uint8Array => new TextEncoder().encode(content);
const OBJECTS = {
  'bucket/train/a.tfrecord': examples(),
  'bucket/train/b.tfrecord': examples(),
  'bucket/train.manifest': bytes(`${lines.join('\n')}\n`),
  ...Object.fromEntries(LABELS.map((_, i) => [`bucket/images/${i}.png`, bytes('x'.repeat(i + 1))])),
};

/** Python environments with Keras 2.14, and with the current Keras, which has no PipeModeDataset. */
type Environment = 'original' | 'tensorflow';

/** Runs the commands of a section as its reader would. Returns their output. */
async function outputOf(
  title: string,
  environment: Environment = 'original',
): Promise<{ stdout: string; stderr: string; folder: string }> {
  const section = guideSections().find((one) => one.title === title);
  if (section === undefined) throw new Error(`the guide has no section ${title}`);
  const folder = temp.file(`${environment}-${title.replaceAll(/\W+/g, '-')}`);
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(
    join(bin, 'recordpipe'),
    `#!/bin/sh\nexec '${process.execPath}' '${root}dist/cli.js' "$@"\n`,
    {
      mode: 0o755,
    },
  );
  for (const [name, code] of Object.entries(section.files)) writeFileSync(join(folder, name), code);
  await using s3 = await s3Place({ objects: OBJECTS });
  const path = [bin, `${counterpartRoot(environment)}/bin`, process.env['PATH']].join(delimiter);
  const env = { ...process.env, ...s3.env, PATH: path, TF_CPP_MIN_LOG_LEVEL: '3' };
  const child = spawn('bash', ['-ec', section.commands.join('\n')], { cwd: folder, env, stdio: 'pipe' });
  child.stdin.end();
  const [stdout, stderr, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise((resolve) => child.on('exit', resolve)),
  ]);
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  return { stdout, stderr, folder };
}

/** Runs the section of File mode and checks what its reader would see. */
async function expectFileMode(environment: Environment): Promise<void> {
  const { stdout, stderr, folder } = await outputOf('Script mode: TFRecords in S3, File mode', environment);
  expect(stdout).toMatch(/Epoch 2\/2\n2\/2 - .*loss: /);
  expect(existsSync(join(folder, 'ml/model/model.weights.h5'))).toBe(true);
  expect(readFileSync(join(folder, 'metrics.csv'), 'utf8').trim().split('\n').length).toBeGreaterThan(2);
  expect(stderr).toMatch(/loss +2 /);
  expect(stderr).toMatch(/job .*: Completed/);
}

describe.skipIf(missingCounterpart('original') !== undefined)(
  'the guide "SageMaker on your laptop", with TensorFlow and the original PipeModeDataset',
  () => {
    buildIfStale('bundle', 'dist/cli.js');

    test('script mode: Keras trains on TFRecords from S3 in File mode', () => expectFileMode('original'));

    test('Pipe mode: Keras trains on PipeModeDataset', async () => {
      const { stdout, stderr, folder } = await outputOf('Pipe mode: PipeModeDataset');
      expect(stdout).toMatch(/Epoch 2\/2\n2\/2 - .*loss: /);
      expect(stderr).toMatch(/job .*: Completed/);
      expect(existsSync(join(folder, 'ml/model/model.weights.h5'))).toBe(true);
    });

    test('an augmented manifest: batches of two records are its lines', async () => {
      const { stdout } = await outputOf('An augmented manifest with batch(n)');
      const pairs = [...stdout.matchAll(/bytes: (\d+) label: (\d+)/g)].map(([, size, label]) => [
        size,
        label,
      ]);
      expect(pairs.sort()).toEqual(LABELS.map((label, i) => [String(i + 1), String(label)]));
      expect(stdout).toContain(`lines: ${LABELS.length}`);
    });
  },
);

describe.skipIf(missingCounterpart('tensorflow') !== undefined)(
  'the guide "SageMaker on your laptop", with the current Keras',
  () => {
    test('script mode: trains on TFRecords from S3 in File mode', () => expectFileMode('tensorflow'));
  },
);

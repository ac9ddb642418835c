import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { encodeTFRecord } from 'recordpipe';
import { encodeExample } from 'recordpipe/messages';
import { payloadPool } from '../against/payload.mjs';
import { whyMissing } from '../against/peer.mjs';
import { contest } from '../contest.mjs';
import { SEED } from '../data.mjs';
import { COMMAND_LINE, ROOT } from '../machine.mjs';
import { Bucket } from '../s3/bucket.mjs';
import { missingNginx, withNginx } from '../s3/nginx.mjs';
import { startDelay } from '../s3/start-delay.mjs';

const MEMORY = '/dev/shm';
const PROGRAM = fileURLToPath(new URL('../train/first_batch.py', import.meta.url));
const IMAGE_BYTES = 10_000;
const MAX_BYTES = 2 ** 26;
const SHARDS = 8;
/** Records per shard: enough for the batches of the program. */
const MIN_RECORDS = 64;
/** Round-trip time to the server. */
const MILLISECONDS = 20;
/** Relative difference that the order of additions on several threads may make. */
const TOLERANCE = 1e-4;
const PREFIX = 'train/';
const GROUP = 'train first batch';

/** Environments with Keras, the one of the original PipeModeDataset first. */
const ENVIRONMENTS = ['original', 'tensorflow'];
const LOOPS = { fit: 'model.fit', iterate: 'the dataset alone' };
const WAYS = [
  { who: 'tf.data', way: 'local files', source: 'files' },
  { who: 'recordpipe', way: 'train, Pipe mode', mode: 'Pipe', source: 'pipe' },
  { who: 'recordpipe', way: 'train, File mode', mode: 'File', source: 'files' },
];

const placeOf = ({ who, way }, loop) => ({
  group: GROUP,
  who,
  what: `${way}: ${LOOPS[loop]}`,
  cores: 'all',
});

/**
 * Measures how long a training loop waits for its first batch: TFRecordDataset on local files, and
 * `recordpipe train` with the same data in S3, in milliseconds. Every turn is a new process that
 * trains the same model on the same records.
 */
export async function runTraining(cases, context) {
  const { data, add } = context;
  const name = ENVIRONMENTS.find((one) => existsSync(installed(`${one}.stamp`)));
  const skipped = missingNginx ?? (name === undefined ? whyMissing('tensorflow') : undefined);
  if (skipped !== undefined) {
    for (const { what } of cases) for (const way of WAYS) add({ ...placeOf(way, what), skipped });
    return;
  }
  const place = data.name('recordpipe-train', existsSync(MEMORY) ? MEMORY : undefined);
  const bucket = new Bucket(join(place, 'objects'));
  try {
    const folder = writeShards(bucket, context.fileBytes);
    await withNginx(place, bucket, async (nginx) => {
      const line = await startDelay(new URL(nginx.fast).port, MILLISECONDS);
      try {
        await measure(cases, {
          ...context,
          place,
          folder,
          name,
          uri: bucket.uri(PREFIX),
          endpoint: line.endpoint,
        });
      } finally {
        await line.close();
      }
    });
  } finally {
    data.remove(place);
  }
}

const installed = (path) => join(ROOT, '.cache/counterparts', path);

/** Writes the objects of the channel. Returns their folder, which is also the local channel. */
function writeShards(bucket, fileBytes) {
  const each = Math.max(MIN_RECORDS, Math.floor(Math.min(fileBytes, MAX_BYTES) / SHARDS / IMAGE_BYTES));
  const images = payloadPool(SHARDS * each, IMAGE_BYTES, SEED);
  const keys = Array.from({ length: SHARDS }, (_, shard) => {
    const key = `${PREFIX}${shard}.tfrecord`;
    const frames = Array.from({ length: each }, (_, i) => frame(images, shard * each + i));
    writeFileSync(bucket.path(key), Buffer.concat(frames));
    return key;
  });
  bucket.list(PREFIX, keys);
  return dirname(bucket.path(keys[0]));
}

function frame(images, k) {
  const image = { kind: 'bytes', value: [images[k % images.length]] };
  return encodeTFRecord(encodeExample({ image, label: { kind: 'int64', value: [k % 10] } }));
}

async function measure(cases, context) {
  const { name, smoke, rounds, data, add } = context;
  for (const { what: loop } of cases) {
    // All ways must train on the same records in the same order.
    const expected = {};
    const contestants = [];
    for (const way of WAYS) {
      const place = placeOf(way, loop);
      // Only the original reads pipes: TFRecordDataset needs files that it can seek.
      const skipped = way.source === 'pipe' && name !== 'original' ? whyMissing('original') : undefined;
      if (skipped !== undefined) add({ ...place, skipped });
      else contestants.push(contestant(place, { ...context, ...way, loop, expected }));
    }
    const outcomes = await contest(contestants, {
      rounds: smoke ? 1 : rounds,
      before: () => data.warmMemory(smoke ? 0 : 2 ** 27),
    });
    for (const { key, place, whole, notes } of contestants) {
      const { rounds: values, failed } = outcomes.get(key);
      if (failed) add({ ...place, failed });
      else {
        add({ ...place, ...notes, unit: 'ms', rounds: values });
        add({ ...place, ...notes, what: `${place.what}, from process start`, unit: 'ms', rounds: whole });
      }
    }
  }
}

/** A way to train. `whole` collects the times from process start. */
function contestant(place, { expected, ...job }) {
  const whole = [];
  const notes = {};
  const turn = async () => {
    const begin = now();
    const output = await run(job);
    const { start, first, values, keras } = JSON.parse(output.trim().split('\n').at(-1));
    expected.values ??= values;
    if (values.some((value, i) => Math.abs(value / expected.values[i] - 1) > TOLERANCE))
      throw new Error(`trained on other records: ${values} instead of ${expected.values}`);
    notes.version = `Keras ${keras}`;
    whole.push(first - begin);
    return first - start;
  };
  return { key: place.what, who: place.who, unit: 'ms', place, whole, notes, open: async () => ({ turn }) };
}

/** Milliseconds of the monotonic clock, as in Python. */
function now() {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Runs the program once, alone or as a training job. Returns its output. */
async function run({ name, place, folder, uri, endpoint, source, mode, loop }) {
  const program = [installed(`${name}/bin/python`), '-B', PROGRAM, source, loop, String(IMAGE_BYTES)];
  const access = ['--endpoint-url', endpoint, '--region', 'us-east-1', '--no-sign-request'];
  const root = join(place, 'ml');
  const job = ['-c', `train=${uri}`, '--input-mode', mode, '--root', root, '-q', ...access];
  const line =
    mode === undefined ? program : [process.execPath, COMMAND_LINE, 'train', ...job, '--', ...program];
  rmSync(root, { recursive: true, force: true });
  const child = spawn(line[0], line.slice(1), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, SM_CHANNEL_TRAIN: folder },
  });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  if (code !== 0) throw new Error(`${mode ?? 'local'}: exit ${code}\n${stderr.trim()}`);
  return stdout;
}

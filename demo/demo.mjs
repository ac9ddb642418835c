// Demonstrates the main features on generated sample data: writing shards, finding and repairing a
// damaged record, converting, random access, Pipe mode, statistics of Examples, and streaming an
// augmented manifest into a training program. Run with `npm run demo`.
import { spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32, deflateSync } from 'node:zlib';
import { encodeTFRecord, readTFRecords } from 'recordpipe';
import { encodeExample } from 'recordpipe/messages';
import { PipeModeDataset } from 'recordpipe/pipemode';
import { openIndexed } from 'recordpipe/records/indexes';
import { openTFRecordShards } from 'recordpipe/records/write';

const here = fileURLToPath(new URL('.', import.meta.url)).replace(/\/$/, '');
const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'recordpipe-demo-'));

try {
  say('1. Write 200,000 records to shards of 8 MiB');
  const writer = openTFRecordShards(join(folder, 'train'), {
    maxShardBytes: 8 * 1024 * 1024,
    suffix: '.tfrecord',
  });
  for (let i = 0; i < 200_000; i++) await writer.write(new TextEncoder().encode(sample(i)));
  const shards = await writer.close();
  for (const { path, records, bytes } of shards)
    console.log(`   ${nameOf(path)}  ${records} records, ${bytes} bytes`);

  say('2. Flip one bit in the middle of the third shard');
  flipBit(shards[2].path, Math.floor(shards[2].bytes / 2));

  say('3. Validate every record of every shard');
  run(1, 'validate', folder);

  say('4. Inspect the first records of a shard');
  run(0, 'inspect', shards[0].path, '-n', '2');

  say('5. Read the damaged shard and skip the damage');
  let good = 0;
  const damages = [];
  const options = { recover: 'scan', onCorrupt: (error) => damages.push(error.code) };
  for await (const _record of readTFRecords(shards[2].path, options)) good++;
  console.log(`   ${good} of ${shards[2].records} records are valid; skipped: ${damages.join(', ')}`);

  say('6. Repair it: copy the valid records to a new file');
  run(1, 'repair', shards[2].path, join(folder, 'repaired.tfrecord'));

  say('7. Convert TFRecord to RecordIO to base64 lines and back to the same bytes');
  const [rec, base64, back] = ['train.rec', 'train.b64', 'back.tfrecord'].map((name) => join(folder, name));
  run(0, 'convert', shards[0].path, rec);
  run(0, 'convert', rec, base64);
  run(0, 'convert', base64, back);
  if (!readFileSync(back).equals(readFileSync(shards[0].path))) throw new Error('the bytes differ');

  say('8. Read a record by its index');
  run(0, 'index', rec);
  const records = await openIndexed(rec);
  console.log(
    `   record 12,345 of ${records.length}: ${new TextDecoder().decode(await records.get(12_345)).slice(0, 40)}…`,
  );
  await records.close();

  say('9. Pipe mode: read RecordIO from a named pipe, as a training job reads its channel');
  writeFileSync(join(folder, 'inputdataconfig.json'), '{"train": {"TrainingInputMode": "Pipe"}}');
  spawnSync('mkfifo', [join(folder, 'train_0')]);
  const feeder = spawn('sh', ['-c', 'exec cat "$0" > "$1"', rec, join(folder, 'train_0')]);
  const channel = new PipeModeDataset('train', { configDir: folder, stateDir: folder, pipeDir: folder });
  const batches = await channel.batch(1000).count();
  console.log(`   ${batches} batches of up to 1,000 records, epoch ${channel.state().epoch}`);
  feeder.kill();

  say('10. Examples: compute statistics, infer a schema, and find a record that violates it');
  const [examples, schema] = ['examples.tfrecord', 'schema.json'].map((name) => join(folder, name));
  writeFileSync(examples, Buffer.concat(Array.from({ length: 3000 }, (_, i) => example(i, i % 7))));
  run(0, 'stats', examples, '--html', join(folder, 'report.html'));
  run(0, 'schema', examples, '-o', schema);
  const other = join(folder, 'other.tfrecord');
  writeFileSync(other, Buffer.concat([example(1, 3), example(2, 700)]));
  run(1, 'validate', other, '--schema', schema);
  run(0, 'inspect', other, '-n', '1');

  say('11. Stream an augmented manifest of small images to a training program for two epochs');
  mkdirSync(join(folder, 'images'));
  const lines = [0, 1, 2, 3].map((label) => {
    const image = join(folder, 'images', `${label}.png`);
    writeFileSync(image, png(4 + label, 60 * label));
    return JSON.stringify({ 'image-ref': image, label });
  });
  writeFileSync(join(folder, 'train.manifest'), `${lines.join('\n')}\n`);
  const trainer = fileURLToPath(new URL('train.mjs', import.meta.url));
  const source = ['-c', `train=${join(folder, 'train.manifest')}`, '--attributes', 'image-ref,label'];
  const how = ['--wrap', '--shuffle', '7', '--root', join(folder, 'job'), '--quiet'];
  run(0, 'stream', ...source, ...how, '--', process.execPath, trainer);

  const { stdout } = spawnSync(process.execPath, [cli, 'validate', folder, '--json'], { encoding: 'utf8' });
  const found = JSON.parse(stdout);
  if (
    found.totals.bad !== 1 ||
    good !== shards[2].records - 1 ||
    batches !== Math.ceil(shards[0].records / 1000)
  )
    throw new Error('the demo missed the damage or lost records');
  say('Done: found the one damaged record of 200,000 and preserved all others.');
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function sample(i) {
  return JSON.stringify({ id: i, label: i % 10, text: 'lorem ipsum dolor sit amet '.repeat(1 + (i % 7)) });
}

function example(i, label) {
  const weights = [0.25, i / 3000];
  return encodeTFRecord(
    encodeExample({
      label: { kind: 'int64', value: [label] },
      text: { kind: 'bytes', value: ['lorem ipsum '.repeat(1 + (i % 5))] },
      ...(i % 4 !== 0 && { weights: { kind: 'float', value: weights } }),
    }),
  );
}

/** Creates a PNG of a gray square. */
function png(side, grey) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header[8] = 8; // 8 bits per pixel, grayscale
  const rows = Buffer.alloc(side * (side + 1), grey);
  for (let y = 0; y < side; y++) rows[y * (side + 1)] = 0;
  const chunks = [
    ['IHDR', header],
    ['IDAT', deflateSync(rows)],
    ['IEND', Buffer.alloc(0)],
  ].map(([name, data]) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    const body = Buffer.concat([Buffer.from(name), data]);
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  });
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), ...chunks]);
}

function flipBit(path, at) {
  const descriptor = openSync(path, 'r+');
  const byte = new Uint8Array(1);
  readSync(descriptor, byte, 0, 1, at);
  byte[0] ^= 1;
  writeSync(descriptor, byte, 0, 1, at);
  closeSync(descriptor);
}

function run(expected, ...args) {
  console.log(`   $ recordpipe ${args.map(nameOf).join(' ')}`);
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], { encoding: 'utf8' });
  for (const line of `${stdout}${stderr}`.trimEnd().split('\n'))
    console.log(`   ${line.replaceAll(`${folder}/`, '')}`);
  if (status !== expected)
    throw new Error(`recordpipe ${args[0]} exited with ${status}, expected ${expected}`);
}

function nameOf(path) {
  return path
    .replace(process.execPath, 'node')
    .replace(`${here}/`, 'demo/')
    .replace(`${folder}/`, '')
    .replace(folder, 'DATA');
}

function say(text) {
  console.log(`\n${text}`);
}

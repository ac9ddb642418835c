// Writes the data of each program into its folder, and returns what its check expects.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { encodeRecordIO, encodeTFRecord } from 'recordpipe';
import { encodeExample } from 'recordpipe/messages';
import { openObjectWriter } from 'recordpipe/storage';

/** @param {string} value */
const text = (value) => new TextEncoder().encode(value);
/** @param {Iterable<Uint8Array>} payloads */
const tfrecords = (payloads) => Buffer.concat(Array.from(payloads, (payload) => encodeTFRecord(payload)));
/** @param {number} length @param {(i: number) => T} of @template T */
const list = (length, of) => Array.from({ length }, (_, i) => of(i));
/** @param {number} value */
const int64 = (value) => ({ kind: /** @type {const} */ ('int64'), value: [value] });

/** @param {string} folder @param {Record<string, Uint8Array | string>} files */
function write(folder, files) {
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
}

/** @param {string} folder */
async function gzippedShards(folder) {
  const payloads = list(900, (i) => new Uint8Array((i * 37) % 501));
  const shard = (from) => gzipSync(tfrecords(payloads.slice(from, from + 300)));
  write(folder, {
    'data/a.tfrecord.gz': shard(0),
    'data/b.tfrecord.gz': shard(300),
    'data/c.tfrecord.gz': shard(600),
  });
  return [900, payloads.reduce((sum, { length }) => sum + length, 0), 500].join(' ');
}

/** @param {string} folder */
async function meanOfAFeature(folder) {
  const records = list(500, (i) =>
    encodeExample({
      label: int64(i % 7),
      ...(i % 3 !== 0 && { price: { kind: 'float', value: [i / 8] } }),
    }),
  );
  write(folder, {
    'data/part-0.tfrecord': tfrecords(records.slice(0, 200)),
    'data/part-1.tfrecord': tfrecords(records.slice(200)),
  });
  const prices = list(500, (i) => i / 8).filter((_, i) => i % 3 !== 0);
  const mean = prices.reduce((sum, price) => sum + price, 0) / prices.length;
  const labels = Object.fromEntries(list(7, (i) => [i, i < 500 % 7 ? 72 : 71]));
  return { mean: Number(mean.toFixed(4)), labels };
}

/** @param {string} folder */
async function shardsFromASource(folder) {
  mkdirSync(join(folder, 'out'));
  write(folder, {
    'source.mjs': `export async function* rows() {
  const { FAIL_AT, WAIT_AT } = process.env;
  for (let id = 0; id < 2000; id++) {
    if (id === Number(FAIL_AT)) throw new Error('the database is gone');
    if (id === Number(WAIT_AT)) {
      console.error('waiting');
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
    yield { id, text: 'text of row '.repeat(4) + id };
  }
}
`,
  });
}

/** @param {string} folder */
async function annotations(folder) {
  const good = list(20, (i) => text(`record ${i}`));
  const damaged = tfrecords(good);
  const size = encodeTFRecord(good[0]).length;
  damaged[3 * size + 14] ^= 1;
  damaged[8 * size + 14] ^= 1;
  // More findings than a report lists by default.
  const many = tfrecords(list(150, () => good[0]));
  for (let i = 0; i < 150; i++) many[i * size + 14] ^= 1;
  write(folder, {
    'data/a.tfrecord': tfrecords(good),
    'data/b.tfrecord': damaged,
    'data/c.tfrecord': tfrecords(good).subarray(0, -3),
    'data/d.tfrecord': many,
  });
  const last = tfrecords(good.slice(0, 19)).length;
  return [
    `::error file=data/b.tfrecord,title=data-checksum::record 3 at byte ${3 * size}`,
    `::error file=data/b.tfrecord,title=data-checksum::record 8 at byte ${8 * size}`,
    `::error file=data/c.tfrecord,title=truncated-record::record 19 at byte ${last}`,
    ...list(150, (i) => `::error file=data/d.tfrecord,title=data-checksum::record ${i} at byte ${i * size}`),
  ];
}

/** Starts an S3 service with the bucket `bucket` in its own process. */
async function startStore() {
  const main = fileURLToPath(new URL('../../support/faulty-s3/main.mjs', import.meta.url));
  const server = spawn(process.execPath, [main], { stdio: ['pipe', 'pipe', 'inherit'] });
  server.stdin.write('{"buckets":["bucket"]}\n');
  const [line] = await once(createInterface(server.stdout), 'line');
  return { url: JSON.parse(line).url, close: () => server.stdin.end() };
}

/**
 * @param {string} _folder
 * @param {() => Promise<{ url: string, close(): unknown }>} start starts the service; tests have one in their process
 */
async function ownS3(_folder, start = startStore) {
  const store = await start();
  const { url } = store;
  const credentials = { accessKeyId: 'store-key', secretAccessKey: 'store-secret' };
  const objects = { endpointUrl: url, region: 'us-east-1', credentials };
  const records = list(30, (i) => text(`record ${i}`));
  const damaged = tfrecords(records);
  damaged[40] ^= 1;
  for (const [key, bytes] of Object.entries({
    'train/b.tfrecord': tfrecords(records),
    'train/a.tfrecord': tfrecords(records.slice(0, 11)),
    'train/deep/c.tfrecord': damaged,
    'other/d.tfrecord': damaged,
  })) {
    const writer = await openObjectWriter(`s3://bucket/${key}`, objects);
    await writer.write(bytes);
    await writer.close();
  }
  return {
    env: { STORE_URL: url, STORE_KEY: credentials.accessKeyId, STORE_SECRET: credentials.secretAccessKey },
    close: () => store.close(),
    lines: [
      's3://bucket/train/a.tfrecord ok 11',
      's3://bucket/train/b.tfrecord ok 30',
      's3://bucket/train/deep/c.tfrecord data-checksum',
    ],
  };
}

/** @param {string} folder */
async function survivesAKill(folder) {
  const records = list(400, (i) => text(String(i)));
  write(folder, {
    'data/a.tfrecord': tfrecords(records.slice(0, 150)),
    'data/b.tfrecord': tfrecords(records.slice(150)),
  });
}

/** @param {string} folder */
async function damagedFile(folder) {
  const records = list(60, (i) => text(`record number ${String(i).padStart(3, '0')}`));
  const bytes = tfrecords(records);
  const size = bytes.length / 60;
  bytes[10 * size + 15] ^= 1; // a payload
  bytes[25 * size + 2] ^= 1; // a length
  const end = 59 * size + 20; // the last record is truncated
  write(folder, { 'damaged.tfrecord': bytes.subarray(0, end) });
  const lost = new Set([10, 25, 59]);
  return {
    valid: tfrecords(records.filter((_, i) => !lost.has(i))),
    losses: [
      { code: 'data-checksum', record: 10, offset: 10 * size },
      { code: 'length-checksum', record: 25, offset: 25 * size },
      { code: 'truncated-record', record: 59, offset: 59 * size },
    ],
    records: 57,
  };
}

/** @param {string} folder */
async function recordsByNumber(folder) {
  write(folder, {
    'data/part-0.tfrecord': tfrecords(list(500, (i) => text(`payload ${i} ${'x'.repeat(i)}`))),
  });
}

/** @param {string} folder */
async function droppedFile(folder) {
  const records = list(50, (i) => text(`record ${i}`));
  const damaged = tfrecords(records);
  const start = tfrecords(records.slice(0, 5)).length;
  damaged[start + 13] ^= 1;
  write(folder, {
    'a.tfrecord': tfrecords(records),
    'b.tfrecord.gz': gzipSync(tfrecords(records)),
    'c.rec': Buffer.concat(records.map((record) => encodeRecordIO(record))),
    'd.txt': 'one\ntwo\nthree\n',
    'e.tfrecord': damaged,
  });
  return [
    { format: 'tfrecord', records: 50 },
    { format: 'tfrecord', records: 50 },
    { format: 'recordio', records: 50 },
    { format: 'textline', records: 3 },
    { code: 'data-checksum', record: 5, offset: start },
  ];
}

/** @param {string} folder */
async function augmentedManifest(folder) {
  const config = { train: { TrainingInputMode: 'Pipe', RecordWrapperType: 'RecordIO' } };
  const epoch = (order) =>
    Buffer.concat(
      order.flatMap((i) => [encodeRecordIO(new Uint8Array(100 * i + 1)), encodeRecordIO(text(`label-${i}`))]),
    );
  write(folder, {
    'ml/input/config/inputdataconfig.json': JSON.stringify(config),
    'ml/input/data/train_0': epoch([1, 2, 3, 4, 5]),
    'ml/input/data/train_1': epoch([5, 3, 1, 2, 4]),
  });
  return [
    '0 label-1,label-2 302',
    '0 label-3,label-4 702',
    '0 label-5 501',
    '1 label-5,label-3 802',
    '1 label-1,label-2 302',
    '1 label-4 401',
  ];
}

/** @param {string} folder */
async function portAReader(folder) {
  const users = list(40, (i) => 2n ** 60n + BigInt(i * i) * 7n + 1n);
  const records = users.map((user, i) =>
    encodeExample({
      user_id: { kind: 'int64', value: [user] },
      name: { kind: 'bytes', value: [`name-${i}`] },
      scores: { kind: 'float', value: list(i % 6, (k) => k / 4) },
    }),
  );
  write(folder, { 'users.tfrecord': tfrecords(records) });
  const total = users.reduce((sum, user) => sum + user, 0n);
  // 0 + 1/4 + 2/4 + 3/4 is 1.5, which is not greater than 1.5; one more is.
  const names = list(40, (i) => i).filter((i) => i % 6 === 5);
  return [`${total} ${users.at(-1)}`, names.map((i) => `name-${i}`).join(',')];
}

/** @param {string} folder */
async function filterSplitQuery(folder) {
  const rows = list(600, (i) => ({
    user: i % 41,
    label: i % 3 === 0 ? 1 : 0,
    price: i % 4 === 0 ? undefined : i / 2,
  }));
  const records = rows.map(({ user, label, price }) =>
    encodeExample({
      user: int64(user),
      label: int64(label),
      ...(price !== undefined && { price: { kind: 'float', value: [price] } }),
    }),
  );
  write(folder, {
    'data/a.tfrecord': tfrecords(records.slice(0, 250)),
    'data/b.tfrecord': tfrecords(records.slice(250)),
  });
  return rows.filter(({ label, price }) => label === 1 && price !== undefined).length;
}

/** @type {Record<string, (folder: string, start?: any) => Promise<unknown>>} */
export const DATA = {
  gzippedShards,
  meanOfAFeature,
  shardsFromASource,
  annotations,
  ownS3,
  survivesAKill,
  damagedFile,
  recordsByNumber,
  droppedFile,
  augmentedManifest,
  portAReader,
  filterSplitQuery,
};

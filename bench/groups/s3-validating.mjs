import { copyFileSync, writeFileSync } from 'node:fs';
import { encodeTFRecord } from 'recordpipe';
import { payloadPool } from '../against/payload.mjs';
import { SEED } from '../data.mjs';
import { recordsIn } from '../formats.mjs';
import { ALL_OBJECTS } from '../s3/clients.mjs';
import { contestantOf, run, sha256Of } from '../s3/lines.mjs';
import { startDelay } from '../s3/start-delay.mjs';
import { measure } from './s3-downloads.mjs';

const SHARDS = 40;
const TIMES_LARGER = 4;
/** Total of all shards. Every program reads them sixteen times. */
const MAX_BYTES = 2 ** 29;
const OBJECTS = 2000;
const MILLISECONDS = 20;
/** A small object: 64 KiB. */
const SMALL = { records: 64, recordBytes: 1008 };

/**
 * Compares `recordpipe validate s3://` of 40 shards with copying them: over HTTP and HTTPS, and with
 * limited connections. Figures are bytes per second of whole processes and, in a separate group,
 * their processor seconds per gigabyte.
 */
export async function runValidating({ smoke, fileBytes, data, place, bucket, serve, ...context }) {
  const count = recordsIn(Math.min(TIMES_LARGER * fileBytes, MAX_BYTES) / SHARDS, 1000);
  const file = data.records('shard', count, 1000);
  const objects = objectsIn(bucket, 'shards/', SHARDS, (_, path) => copyFileSync(file.path, path));
  data.remove(file.path);
  const bytes = SHARDS * file.fileBytes;
  await serve(place, bucket, (nginx) =>
    measureWays({ ...context, data, place, bucket }, objects, {
      unit: 'GB/s',
      perSecond: bytes / 1e9,
      bytes,
      records: SHARDS * count,
      environment: nginx.environment,
      endpoints: [
        ['', nginx.fast],
        [', HTTPS', nginx.secure],
        ...(smoke
          ? []
          : [
              [', limited connections', nginx.limited],
              [', limited connections, HTTPS', nginx.secureLimited],
            ]),
      ],
    }),
  );
}

/**
 * Compares `recordpipe validate s3://` of 2,000 objects of 64 KiB with copying them, with a
 * round-trip time of 20 ms, in objects per second.
 */
export async function runSmallObjects({ smoke, data, place, bucket, serve, ...context }) {
  const count = smoke ? OBJECTS / 100 : OBJECTS;
  const frames = payloadPool(count, SMALL.recordBytes, SEED).map(encodeTFRecord);
  const objects = objectsIn(bucket, 'small/', count, (k, path) => {
    const some = Array.from({ length: SMALL.records }, (_, i) => frames[(k + i) % frames.length]);
    writeFileSync(path, Buffer.concat(some));
  });
  const delayed = (url) => startDelay(new URL(url).port, MILLISECONDS);
  await serve(place, bucket, async (nginx) => {
    const lines = [await delayed(nginx.fast), await delayed(nginx.secure)];
    try {
      await measureWays({ ...context, data, place, bucket }, objects, {
        unit: 'objects/s',
        perSecond: count,
        bytes: count * frames[0].length * SMALL.records,
        records: count * SMALL.records,
        environment: nginx.environment,
        endpoints: [
          ['', lines[0].endpoint],
          [', HTTPS', lines[1].endpoint.replace('http:', 'https:')],
        ],
      });
    } finally {
      for (const line of lines) await line.close();
    }
  });
}

/** Writes objects and their listing. `write(k, path)` writes the file of object k. */
function objectsIn(bucket, prefix, count, write) {
  const keys = Array.from({ length: count }, (_, k) => `${prefix}${String(k).padStart(5, '0')}.tfrecord`);
  for (const [k, key] of keys.entries()) write(k, bucket.path(key));
  bucket.list(prefix, keys);
  return { prefix, sha256: sha256Of(keys.map((key) => bucket.path(key))) };
}

async function measureWays(context, { prefix, sha256 }, { endpoints, records, environment, ...size }) {
  const { group, data, rounds, place, bucket, add } = context;
  for (const [suffix, endpoint] of endpoints) {
    const programs = ALL_OBJECTS.filter(({ firstOnly }) => suffix === '' || !firstOnly);
    const contestants = programs.map((program) =>
      contestantOf(
        { ...program, what: `${program.what}${suffix}` },
        (folder) => program.line(endpoint, bucket, prefix, folder),
        {
          source: { bytes: size.bytes, sha256, scratch: place },
          perSecond: size.perSecond,
          environment,
          ...(program.what === 'validate' && { check: (line) => checkRecords(line, records, environment) }),
        },
      ),
    );
    const options = { group, unit: size.unit, rounds, data, add };
    await measure(contestants, options);
  }
}

async function checkRecords({ line }, expected, environment) {
  const { records } = JSON.parse((await run(line, 'cat', environment)).output).totals;
  if (records !== expected) throw new Error(`validate: ${records} records, expected ${expected}`);
}

/**
 * The measured operations of recordpipe. Each measures its own time, from opening the file to
 * closing it, as the peers do.
 */

import { closeSync, openSync, writeSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import {
  readRecordIO,
  readRecordIOBatches,
  readTextLineBatches,
  readTextLines,
  readTFRecordBatches,
  readTFRecords,
  scanRecordIO,
  scanTextLines,
  scanTFRecords,
} from 'recordpipe';
import { secondsSince } from '../against/peer_protocol.mjs';
import { FORMATS, frameBytes } from '../formats.mjs';
import { CHAIN_OPERATIONS } from './chain-operations.mjs';
import { DATASET_OPERATIONS } from './dataset-operations.mjs';
import { EXAMPLE_OPERATIONS } from './example-operations.mjs';
import { FILTER_OPERATIONS } from './filter-operations.mjs';
import { IMAGE_OPERATIONS } from './image-operations.mjs';
import { INDEX_OPERATIONS } from './index-operations.mjs';
import { PIPE_OPERATIONS } from './pipe-operations.mjs';

const READ = {
  tfrecord: { records: readTFRecords, batches: readTFRecordBatches, scan: scanTFRecords },
  recordio: { records: readRecordIO, batches: readRecordIOBatches, scan: scanRecordIO },
  textline: { records: readTextLines, batches: readTextLineBatches, scan: scanTextLines },
};

/**
 * With a single core, reading ahead gains nothing, so use blocking mode, as a program for such a
 * machine would.
 */
const blocking = availableParallelism() === 1;

function views(options) {
  return async ({ path, format = 'tfrecord' }) => {
    const read = READ[format].records;
    let records = 0;
    let bytes = 0;
    const start = process.hrtime.bigint();
    for await (const record of read(path, { ...options, blocking })) {
      records += 1;
      bytes += record.length;
    }
    return { seconds: secondsSince(start), records, bytes };
  };
}

function batches(options) {
  return async ({ path, format = 'tfrecord' }) => {
    const read = READ[format].batches;
    let records = 0;
    let bytes = 0;
    const start = process.hrtime.bigint();
    for await (const { index, length } of read(path, { ...options, blocking })) {
      for (let i = 0; i < length; i++) bytes += index[2 * i + 1];
      records += length;
    }
    return { seconds: secondsSince(start), records, bytes };
  };
}

/** Reads each record as a view without a promise per record. */
function viewsOfBatches(options) {
  return async ({ path, format = 'tfrecord' }) => {
    const read = READ[format].batches;
    let records = 0;
    let bytes = 0;
    const start = process.hrtime.bigint();
    for await (const batch of read(path, { ...options, blocking })) {
      for (let i = 0; i < batch.length; i++) bytes += batch.record(i).length;
      records += batch.length;
    }
    return { seconds: secondsSince(start), records, bytes };
  };
}

/** @param here whether to read on the calling thread, as the command line does */
function validate(here) {
  return async ({ path, format = 'tfrecord' }) => {
    const start = process.hrtime.bigint();
    const { records, payloadBytes, errorCount } = await READ[format].scan(path, { blocking: here });
    const seconds = secondsSince(start);
    if (errorCount > 0) throw new Error(`${errorCount} findings in a valid file`);
    return { seconds, records, bytes: payloadBytes };
  };
}

function countRecords(here) {
  return async ({ path, format = 'tfrecord' }) => {
    const { countFiles } = await import('recordpipe/check');
    const start = process.hrtime.bigint();
    const { files, records } = await countFiles([path], { format, jobs: 1, blocking: here });
    const seconds = secondsSince(start);
    if (files.length !== 1 || files[0].error) throw new Error('findings in a valid file');
    return { seconds, records };
  };
}

export const count = countRecords(blocking);

function validateSeveral(jobs) {
  return async ({ paths }) => {
    const { validateFiles } = await import('recordpipe/check');
    const start = process.hrtime.bigint();
    const { files, totals } = await validateFiles(paths, { jobs, blocking });
    const seconds = secondsSince(start);
    if (totals.bad > 0 || files.length !== paths.length) throw new Error('findings in valid files');
    return { seconds, records: totals.records, bytes: totals.bytes };
  };
}

/** Writes with the given opener, either for a single format or for all formats. */
function write(opener, options) {
  return async ({ path, count, size, seed, format = 'tfrecord' }) => {
    const files = await import('recordpipe/records/write');
    const pool = samePool(count, size, seed, format);
    const start = process.hrtime.bigint();
    const writer = await files[opener](
      path,
      opener === 'openRecordWriter' ? { ...options, format } : options,
    );
    for (let k = 0, next = 0; k < count; k++) {
      const full = writer.write(pool[next]);
      if (full !== undefined) await full;
      if (++next === pool.length) next = 0;
    }
    await writer.close();
    return { seconds: secondsSince(start), records: count, bytes: count * size };
  };
}

let made = {};

/** Reuses the pool of the previous pass if it is the same. */
function samePool(count, size, seed, format) {
  const key = `${count} ${size} ${seed} ${format}`;
  if (made.key !== key) made = { key, pool: FORMATS[format].pool(count, size, seed) };
  return made.pool;
}

/** Writes the same number of bytes in blocks of 1 MiB, as an upper limit for writing. */
function writeBlocks({ path, count, size, format = 'tfrecord' }) {
  const block = Buffer.alloc(1024 * 1024, 1);
  const total = count * frameBytes(format, size);
  const start = process.hrtime.bigint();
  const file = openSync(path, 'w');
  for (let left = total; left > 0; left -= block.length)
    writeSync(file, block, 0, Math.min(left, block.length));
  closeSync(file);
  return { seconds: secondsSince(start), records: count, bytes: count * size };
}

/** Operations by kind and mode. */
export const OPERATIONS = {
  read: {
    views: views({}),
    'views, reuse': views({ reuse: true }),
    batches: batches({}),
    'batches, reuse': batches({ reuse: true }),
    'views of batches, reuse': viewsOfBatches({ reuse: true }),
    validate: validate(blocking),
    'validate, blocking': validate(true),
    count,
    'count, blocking': countRecords(true),
  },
  several: { 'jobs 1': validateSeveral(1), 'jobs 2': validateSeveral(2) },
  write: {
    openTFRecordWriter: write('openTFRecordWriter', {}),
    'openTFRecordWriter, blocking': write('openTFRecordWriter', { blocking: true }),
    openRecordWriter: write('openRecordWriter', {}),
    'writeSync, 1 MiB blocks': writeBlocks,
  },
  ...INDEX_OPERATIONS,
  ...PIPE_OPERATIONS,
  ...CHAIN_OPERATIONS,
  ...EXAMPLE_OPERATIONS,
  ...FILTER_OPERATIONS,
  ...IMAGE_OPERATIONS,
  ...DATASET_OPERATIONS,
};

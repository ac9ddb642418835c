/**
 * Measured Pipe mode epochs, from the request for records to the end of the epoch. With `check`,
 * the response contains the CRC-32 of all records. `processorMs` is the processor time of this
 * process, which depends less on other work on the machine.
 */

import { crc32 } from 'node:zlib';
import { secondsSince } from '../against/peer_protocol.mjs';

const NAMES = { tfrecord: 'TFRecord', recordio: 'RecordIO', textline: 'TextLine' };

/**
 * Measures an epoch. `count(dataset, look)` counts records and bytes, and passes each record to
 * `look` if defined.
 */
function epoch(count) {
  return async ({ channel, format, pipeDir, stateDir, configDir, check }) => {
    const { PipeModeDataset } = await import('recordpipe/pipemode');
    const dataset = new PipeModeDataset(channel, {
      recordFormat: NAMES[format],
      pipeDir,
      stateDir,
      configDir,
    });
    let sum = 0;
    const look = (record) => {
      sum = crc32(record, sum);
    };
    const processor = process.cpuUsage();
    const start = process.hrtime.bigint();
    const { records, bytes } = await count(dataset, check ? look : undefined);
    const seconds = secondsSince(start);
    const { user, system } = process.cpuUsage(processor);
    return { seconds, processorMs: (user + system) / 1000, records, bytes, ...(check && { sum }) };
  };
}

async function views(dataset, look) {
  let records = 0;
  let bytes = 0;
  for await (const record of dataset) {
    records += 1;
    bytes += record.length;
    look?.(record);
  }
  return { records, bytes };
}

async function inForEach(dataset, look) {
  let records = 0;
  let bytes = 0;
  await dataset.forEach((record) => {
    records += 1;
    bytes += record.length;
    look?.(record);
  });
  return { records, bytes };
}

/** Arrays of `size` views, the documented use of the original. */
function arrays(size) {
  return async (dataset, look) => {
    let records = 0;
    let bytes = 0;
    for await (const batch of dataset.batch(size)) {
      records += batch.length;
      for (const record of batch) bytes += record.length;
      if (look) batch.forEach(look);
    }
    return { records, bytes };
  };
}

/** Reads only the index of each batch. */
async function batches(dataset, look) {
  let records = 0;
  let bytes = 0;
  for await (const batch of dataset.batches({ reuse: true })) {
    const { index, length } = batch;
    for (let i = 0; i < length; i++) bytes += index[2 * i + 1];
    for (let i = 0; look && i < length; i++) look(batch.record(i));
    records += length;
  }
  return { records, bytes };
}

/** Creates a view of every record of each batch. */
async function viewsOfBatches(dataset, look) {
  let records = 0;
  let bytes = 0;
  for await (const batch of dataset.batches({ reuse: true })) {
    for (let i = 0; i < batch.length; i++) {
      const record = batch.record(i);
      bytes += record.length;
      look?.(record);
    }
    records += batch.length;
  }
  return { records, bytes };
}

export const PIPE_OPERATIONS = {
  pipe: {
    views: epoch(views),
    'views, forEach': epoch(inForEach),
    'batch(256)': epoch(arrays(256)),
    'batches, reuse': epoch(batches),
    'batches, reuse, views': epoch(viewsOfBatches),
  },
};

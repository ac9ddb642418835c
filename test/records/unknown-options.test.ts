import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { nearestName } from '../../src/bytes/arguments.ts';
import {
  decodeTFRecords,
  encodeTFRecord,
  openRecords,
  readRecords,
  readTextLines,
  readTFRecordBatches,
  readTFRecords,
  scanTFRecords,
  UsageError,
} from '../../src/index.ts';
import { PipeModeDataset } from '../../src/pipemode/index.ts';
import { buildIndex, openIndexed } from '../../src/records/indexes/index.ts';
import { openRecordWriter, openTFRecordShards, openTFRecordWriter } from '../../src/records/write/index.ts';

const file = encodeTFRecord(Uint8Array.of(1));

test.each<[string, (options: never) => unknown, string, string]>([
  ['readTFRecords', (options) => readTFRecords(file, options), 'chunkByte', 'chunkBytes'],
  ['readTFRecordBatches', (options) => readTFRecordBatches(file, options), 'maxRecordSize', 'maxRecordBytes'],
  ['readTextLines', (options) => readTextLines(file, options), 'delimeter', 'delimiter'],
  ['readRecords', (options) => readRecords(file, options), 'fromat', 'format'],
  ['openRecords', (options) => openRecords(file, options), 'copys', 'copy'],
  ['decodeTFRecords', (options) => decodeTFRecords(file, options), 'Checksum', 'checksum'],
  ['scanTFRecords', (options) => scanTFRecords(file, options), 'maxError', 'maxErrors'],
  ['openTFRecordWriter', (options) => openTFRecordWriter('never', options), 'compresion', 'compression'],
  ['openTFRecordShards', (options) => openTFRecordShards('never', options), 'maxShardSize', 'maxShardBytes'],
  ['openRecordWriter', (options) => openRecordWriter('never', options), 'formats', 'format'],
  ['buildIndex', (options) => buildIndex('never', options), 'kinds', 'kind'],
  ['openIndexed', (options) => openIndexed('never', options), 'mising', 'missing'],
  ['PipeModeDataset', (options) => new PipeModeDataset('train', options), 'stateDirs', 'stateDir'],
])('%s suggests the option most similar to an unknown one', async (caller, call, wrong, right) => {
  const failing = (async () => call({ [wrong]: 1 } as never))();
  await expect(failing).rejects.toThrow(UsageError);
  await expect(failing).rejects.toThrow(`${caller}: unknown option ${wrong}; did you mean ${right}?`);
});

test('options without a similar name, and values other than objects', () => {
  expect(() => readTFRecords(file, { parallelism: 4 } as never)).toThrow(/known options: compression, /);
  for (const options of [null, 5, 'gzip'])
    expect(() => readTFRecords(file, options as never)).toThrow(/expected an object with options/);
  expect(nearestName('x', ['compression'])).toBeUndefined();
});

test.each([undefined, null, '', 5])('a writer does not create a file named %j', async (path) => {
  await expect(openTFRecordWriter(path as never)).rejects.toThrow(/path: expected a path or URL/);
  expect(() => openTFRecordShards(path as never)).toThrow(/prefix: expected a path/);
  await expect(buildIndex(path as never)).rejects.toThrow(UsageError);
  expect(existsSync(String(path))).toBe(false);
});

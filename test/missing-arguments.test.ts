import { expect, test } from 'vitest';
import { countFiles, validateFiles } from '../src/check/index.ts';
import { UsageError } from '../src/errors.ts';
import { packIR } from '../src/messages/ir-header.ts';
import { PipeModeStreamer } from '../src/pipemode/streamer/index.ts';
import { openRecordShards, openRecordWriter } from '../src/records/write/index.ts';
import { planShards } from '../src/scale/index.ts';
import { listObjects, statObject } from '../src/storage/index.ts';
import {
  convertFile,
  mergeFiles,
  repairFile,
  sampleFile,
  shuffleFile,
  splitFile,
} from '../src/transform/index.ts';
import { uploadFiles } from '../src/upload/index.ts';
import { FILE } from './support/samples.ts';
import { tempDir } from './support/temp-dir.ts';

const file = tempDir().file('in.tfrecord', FILE);

/** Missing in programs without types, and where a variable of the environment is not set. */
const missing = undefined as never;

test.each<[name: string, call: () => unknown, message: RegExp]>([
  ['openRecordWriter without options', () => openRecordWriter('out.tfrecord', missing), /expected options/],
  ['openRecordShards without options', () => openRecordShards('out', missing), /expected options/],
  ['convertFile without an output', () => convertFile(file, missing), /output: expected a path/],
  ['repairFile without an output', () => repairFile(file, missing), /output: expected a path/],
  ['mergeFiles without an output', () => mergeFiles([file], missing), /output: expected a path/],
  ['shuffleFile without an output', () => shuffleFile(file, missing), /output: expected a path/],
  ['sampleFile without an output', () => sampleFile(file, missing), /output: expected a path/],
  ['sampleFile without options', () => sampleFile(file, 'out.tfrecord', missing), /records.*fraction/],
  ['splitFile without a prefix', () => splitFile(file, missing), /prefix: expected a path/],
  ['splitFile without options', () => splitFile(file, 'out', missing), /recordsPerShard/],
  ['validateFiles without inputs', () => validateFiles(missing), /inputs: expected a path/],
  ['countFiles without inputs', () => countFiles(missing), /inputs: expected a path/],
  ['planShards without inputs', () => planShards(missing), /inputs: expected a path/],
  ['uploadFiles without a destination', () => uploadFiles(file, missing), /destination: expected/],
  ['statObject without an address', () => statObject(missing), /uri: expected a path/],
  ['listObjects without an address', () => listObjects(missing), /uri: expected a path/],
  ['PipeModeStreamer without channels', () => new PipeModeStreamer({} as never), /channels: expected/],
  ['packIR of a label that is text', () => packIR({ label: 'a' as never, id: 1 }, FILE), /label: expected/],
  ['packIR of labels that are text', () => packIR({ label: ['a'] as never, id: 1 }, FILE), /label: expected/],
])('%s is a UsageError that names the argument', async (_, call, message) => {
  const error = await (async () => call())().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(UsageError);
  expect((error as Error).message).toMatch(message);
});

import { expect, test } from 'vitest';
import {
  collectStats,
  countFiles,
  expandInputs,
  inferSchema,
  schemaOf,
  statsHtml,
  validateFiles,
} from '../src/check/index.ts';
import { ColumnDecoder, ColumnEncoder, type ColumnSchema } from '../src/columns/index.ts';
import { Dataset } from '../src/dataset/index.ts';
import {
  encodeRecordIO,
  encodeRecordIOInto,
  encodeTextLine,
  encodeTextLineInto,
  readTFRecords,
  recordIOEncoderStream,
  recordIOFrameBytes,
  textLineEncoderStream,
  UsageError,
} from '../src/index.ts';
import {
  compileFeatures,
  decodeExample,
  decodeSageMakerRecord,
  decodeSequenceExample,
  ExampleCursor,
  ExampleDecoder,
  encodeExample,
  encodeSequenceExample,
  sparse,
} from '../src/messages/index.ts';
import { packIR } from '../src/messages/ir-header.ts';
import { formatManifest, listManifestObjects, writeManifest } from '../src/pipemode/manifest/index.ts';
import { PipeModeStreamer } from '../src/pipemode/streamer/index.ts';
import {
  createRecordIOEncoder,
  createTextLineEncoder,
  openRecordShards,
  openRecordWriter,
} from '../src/records/write/index.ts';
import { planShards, writePlan } from '../src/scale/index.ts';
import {
  listObjects,
  openObject,
  openObjectReader,
  readObjects,
  removeFromCache,
  statObject,
} from '../src/storage/index.ts';
import {
  convertFile,
  mergeFiles,
  repairFile,
  sampleFile,
  shuffleFile,
  shuffleFiles,
  splitFile,
} from '../src/transform/index.ts';
import { uploadFiles } from '../src/upload/index.ts';
import { FILE } from './support/samples.ts';
import { tempDir } from './support/temp-dir.ts';

const file = new Uint8Array();

const present = tempDir().file('in.tfrecord', FILE);

const COLUMNS: ColumnSchema = { recordpipeColumns: 1, message: 'Example', fields: [] };

/** The value that an untyped program passes for an unset variable. */
const missing = undefined as never;

test.each<[name: string, call: () => unknown, message: RegExp]>([
  ['openRecordWriter without options', () => openRecordWriter('out.tfrecord', missing), /expected options/],
  ['openRecordShards without options', () => openRecordShards('out', missing), /expected options/],
  ['convertFile without an output', () => convertFile(present, missing), /output: expected a path/],
  ['repairFile without an output', () => repairFile(present, missing), /output: expected a path/],
  ['mergeFiles without an output', () => mergeFiles([present], missing), /output: expected a path/],
  ['shuffleFile without an output', () => shuffleFile(present, missing), /output: expected a path/],
  ['sampleFile without an output', () => sampleFile(present, missing), /output: expected a path/],
  ['sampleFile without options', () => sampleFile(present, 'out.tfrecord', missing), /records.*fraction/],
  ['splitFile without a prefix', () => splitFile(present, missing), /prefix: expected a path/],
  ['splitFile without options', () => splitFile(present, 'out', missing), /recordsPerShard/],
  ['validateFiles without inputs', () => validateFiles(missing), /inputs: expected a path/],
  ['countFiles without inputs', () => countFiles(missing), /inputs: expected a path/],
  ['planShards without inputs', () => planShards(missing), /inputs: expected a path/],
  ['uploadFiles without a destination', () => uploadFiles(present, missing), /destination: expected/],
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

/** Arguments that untyped JavaScript can pass: missing or misplaced ones. */
test.each<[string, (wrong: never) => unknown, unknown, string]>([
  ['validateFiles', (wrong) => validateFiles(wrong), { path: 'a' }, 'inputs'],
  ['countFiles', (wrong) => countFiles(wrong), null, 'inputs'],
  ['collectStats', (wrong) => collectStats(wrong), 5, 'inputs'],
  ['inferSchema', (wrong) => inferSchema(wrong), undefined, 'inputs'],
  ['expandInputs', (wrong) => expandInputs(wrong), undefined, 'inputs'],
  ['sampleFile', (wrong) => sampleFile(file, 'never', wrong), undefined, 'expected exactly one of records'],
  ['splitFile', (wrong) => splitFile(file, 'never', wrong), undefined, 'expected exactly one'],
  ['shuffleFiles', (wrong) => shuffleFiles(wrong, 'never'), null, 'at least one source'],
  ['openObject', (wrong) => openObject(wrong), undefined, 'object'],
  ['openObjectReader', (wrong) => openObjectReader(wrong), null, 'object'],
  ['readObjects', (wrong) => firstOf(readObjects(wrong)), null, 'objects'],
  ['readObjects', (wrong) => firstOf(readObjects(wrong)), [null], 'object'],
  ['listObjects', (wrong) => firstOf(listObjects(wrong)), null, 'uri'],
  ['statObject', (wrong) => statObject(wrong), 5, 'uri'],
  ['statObject', (wrong) => statObject('s3://bucket/key', { endpointUrl: wrong }), 5, 'endpointUrl'],
  ['formatManifest', (wrong) => formatManifest(wrong), null, 'uris'],
  ['writeManifest', (wrong) => writeManifest('never', wrong), [5], 'uris[0]'],
  ['listManifestObjects', (wrong) => listManifestObjects(wrong), null, 'addresses'],
  ['compileFeatures', (wrong) => compileFeatures(wrong), undefined, 'specs'],
  ['openRecordWriter', (wrong) => openRecordWriter('never', wrong), undefined, 'format'],
  ['openRecordShards', (wrong) => openRecordShards('never', wrong), undefined, 'format'],
  ['PipeModeStreamer', (wrong) => new PipeModeStreamer(wrong), undefined, 'options'],
  ['PipeModeStreamer', (wrong) => new PipeModeStreamer(wrong), { pipeDir: 'x' }, 'channels'],
  ['Dataset.zip', (wrong) => Dataset.zip(wrong), null, 'zip'],
  ['concatenate', (wrong) => Dataset.range(1).concatenate(wrong), [1], 'concatenate: expected'],
  ['forEach', (wrong) => Dataset.range(1).forEach(wrong), undefined, 'forEach: expected a function'],
  ['reduce', (wrong) => Dataset.range(1).reduce(0, wrong), undefined, 'reduce: expected a function'],
  [
    'iterate',
    (wrong) => Dataset.range(1).toArray({ signal: wrong }),
    null,
    'signal: expected an AbortSignal',
  ],
  ['readTFRecords', (wrong) => firstOf(readTFRecords(present, { signal: wrong })), {}, 'signal: expected'],
])('%s(%#) names an invalid argument in a UsageError', async (_, call, wrong, message) => {
  const failing = (async () => call(wrong as never))();
  await expect(failing).rejects.toThrow(UsageError);
  await expect(failing).rejects.toThrow(message);
});

const files = ['none.tfrecord'];
test.each<[string, (options: never) => unknown]>([
  ['validateFiles', (options) => validateFiles(files, options)],
  ['countFiles', (options) => countFiles(files, options)],
  ['collectStats', (options) => collectStats(files, options)],
  ['inferSchema', (options) => inferSchema(files, options)],
  ['convertFile', (options) => convertFile('a.tfrecord', 'b.rec', options)],
  ['repairFile', (options) => repairFile('a.tfrecord', 'b.tfrecord', options)],
  ['splitFile', (options) => splitFile('a.tfrecord', 'b', { recordsPerShard: 1, ...(options as object) })],
  ['sampleFile', (options) => sampleFile('a.tfrecord', 'b.tfrecord', options)],
  ['shuffleFile', (options) => shuffleFiles(['a.tfrecord'], 'b.tfrecord', options)],
  ['uploadFiles', (options) => uploadFiles('a.tfrecord', 's3://bucket/', options)],
  ['planShards', (options) => planShards(files, options)],
  [
    'PipeModeStreamer',
    (options) => new PipeModeStreamer({ channels: [], pipeDir: '.', ...(options as object) }),
  ],
  ['objects', (options) => statObject('s3://bucket/key', options)],
])('%s suggests the option most similar to an unknown one', async (name, call) => {
  const calling = async (): Promise<unknown> => call({ objectz: 1 } as never);
  await expect(calling()).rejects.toMatchObject({
    code: 'invalid-argument',
    message: expect.stringMatching(
      new RegExp(`^${name}: unknown option objectz; (did you mean objects\\?|known options: )`),
    ),
  });
});

test.each<[string, (options: never) => unknown]>([
  ['removeFromCache', (options) => removeFromCache('.', options)],
  ['compileFeatures', (options) => compileFeatures({}, options)],
  ['ExampleDecoder', (options) => new ExampleDecoder(options)],
  ['sparse', (options) => sparse('i', 'v', 'int64', 3, options)],
  ['schemaOf', (options) => schemaOf({} as never, options)],
  ['statsHtml', (options) => statsHtml({} as never, options)],
  ['expandInputs', (options) => expandInputs(present, 'auto', options)],
  ['writePlan', (options) => writePlan({} as never, 'never', options)],
  ['encodeExample', (options) => encodeExample({}, options)],
  ['encodeSequenceExample', (options) => encodeSequenceExample({}, options)],
  ['decodeExample', (options) => decodeExample(file, options)],
  ['decodeSequenceExample', (options) => decodeSequenceExample(file, options)],
  ['ExampleCursor.open', (options) => new ExampleCursor().open(file, options)],
  ['decodeSageMakerRecord', (options) => decodeSageMakerRecord(file, options)],
  ['ColumnDecoder', (options) => new ColumnDecoder(COLUMNS, options)],
  ['ColumnEncoder', (options) => new ColumnEncoder(COLUMNS, options)],
  ['recordIOFrameBytes', (options) => recordIOFrameBytes(file, options)],
  ['encodeRecordIO', (options) => encodeRecordIO(file, options)],
  ['encodeRecordIOInto', (options) => encodeRecordIOInto(file, new Uint8Array(8), 0, options)],
  ['encodeTextLine', (options) => encodeTextLine(file, options)],
  ['encodeTextLineInto', (options) => encodeTextLineInto(file, new Uint8Array(8), 0, options)],
  ['recordIOEncoderStream', (options) => recordIOEncoderStream(options)],
  ['textLineEncoderStream', (options) => textLineEncoderStream(options)],
  ['createRecordIOEncoder', (options) => createRecordIOEncoder(options)],
  ['createTextLineEncoder', (options) => createTextLineEncoder(options)],
])('%s rejects an unknown option', async (name, call) => {
  const calling = async (): Promise<unknown> => call({ bogus: 1 } as never);
  await expect(calling()).rejects.toThrow(UsageError);
  await expect(calling()).rejects.toThrow(`${name}: unknown option bogus; known options: `);
});

test('streams reject invalid options before the first record', () => {
  for (const create of [recordIOEncoderStream, createRecordIOEncoder])
    expect(() => create({ oversize: 'split' } as never)).toThrow(/^oversize: expected one of error, concat/);
  for (const create of [textLineEncoderStream, createTextLineEncoder])
    expect(() => create({ cr: 'no' } as never)).toThrow(/^cr: expected one of keep, crlf, all/);
});

test('a plan of 50,000 features compiles in linear time', () => {
  const specs = Object.fromEntries(
    Array.from({ length: 50_000 }, (_, i) => [`f${i}`, { type: 'varLen', kind: 'int64' } as const]),
  );
  expect(Object.keys(compileFeatures(specs).parse(new Uint8Array()))).toHaveLength(50_000);
});

async function firstOf(values: AsyncIterable<unknown>): Promise<unknown> {
  return values[Symbol.asyncIterator]().next();
}

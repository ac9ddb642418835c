import { collectStats, inferSchema, validateFiles } from 'recordpipe/check';
import { describe, expect, test } from 'vitest';
import {
  type FieldValue,
  type MessageType,
  recognizeRecord,
  recordContent,
  recordJson,
} from '../../../src/check/index.ts';
import { encodeRecordIO, encodeTFRecord } from '../../../src/formats/index.ts';
import { encodeExample, encodeSageMakerRecord, encodeSequenceExample } from '../../../src/messages/index.ts';
import { packIR } from '../../../src/messages/ir-header.ts';
import { gif } from '../../support/examples.ts';
import { event, message } from '../../support/messages.ts';
import { concat } from '../../support/oracle-tfrecord.ts';
import { tempDir } from '../../support/temp-dir.ts';

const temp = tempDir();
const example = encodeExample({ x: { kind: 'int64', value: [1] } });
const document = encodeExample({
  tokens: { kind: 'bytes', value: ['a', 'b'] },
  relevance: { kind: 'int64', value: [1] },
});
const elwc = message('ExampleListWithContext', {
  context: encodeExample({ query: { kind: 'bytes', value: ['q'] } }),
  examples: [encodeExample({ tokens: { kind: 'bytes', value: ['c'] } }), document],
});
const record = encodeSageMakerRecord({
  features: { values: { kind: 'float32', values: [0.5, 2], keys: [3, 70], shape: [100] } },
  label: { values: { kind: 'float32', values: [1] } },
  uid: 'u1',
});
const person = message('Person', { name: 'Ada Lovelace', id: 7, phones: ['1'], key: Buffer.from([1, 2]) });

describe('recognizeRecord', () => {
  test.each([
    ['an Example', example, 'Example', 'Example'],
    ['an empty record', new Uint8Array(0), 'Example', 'Example'],
    [
      'a SequenceExample',
      encodeSequenceExample({ featureLists: { a: [{ kind: 'int64', value: [1] }] } }),
      'SequenceExample',
      'SequenceExample',
    ],
    ['an ExampleListWithContext', elwc, 'ExampleListWithContext', 'ExampleListWithContext'],
    [
      'an ExampleListWithContext without a context',
      message('ExampleListWithContext', { examples: [document] }),
      'ExampleListWithContext',
      'ExampleListWithContext',
    ],
    ['a scalar event', event(3, { tag: 'loss', simpleValue: 0.5 }), 'Event', 'Event'],
    [
      'the first event of a file',
      message('Event', { wallTime: 1.5e9, fileVersion: 'brain.Event:2' }),
      'Event',
      'Event',
    ],
    ['a Record', record, 'Record', 'Record'],
    ['an IRHeader with an image', packIR({ label: 3, id: 7 }, gif(2, 2)), 'IRHeader', 'IRHeader'],
    [
      'an IRHeader with labels',
      packIR({ label: [4, 5, 0.1, 0.2], id: 7 }, gif(2, 2)),
      'IRHeader',
      'IRHeader',
    ],
    [
      'a message of another type',
      person,
      'protobuf',
      'protobuf message of unknown type (fields 1, 2, 4, 100)',
    ],
    [
      'an Example with a field that Examples do not have',
      concat([example, Uint8Array.of(0x98, 0x06, 1)]),
      'protobuf',
      'protobuf message of unknown type (fields 1, 99)',
    ],
    [
      'a group that ends with the number of another field',
      Uint8Array.of(0x73, 0x8c, 0xb7, 0xfa, 0x2b),
      'binary',
      'binary data',
    ],
    ['text', Buffer.from('grüß dich\n'), 'text', 'text'],
    ['text after a byte order mark', Buffer.from('\ufeffcat'), 'text', 'text'],
    ['a number of 32 bits', Uint8Array.of(29, 14, 0, 0, 3, 0, 0, 0), 'binary', 'binary data'],
    [
      'an IRHeader without an image',
      packIR({ label: 3, id: 7 }, Buffer.from('raw')),
      'binary',
      'binary data',
    ],
  ])('%s', (_, bytes, type, description) => {
    expect(recognizeRecord(bytes)).toEqual({ type, description });
  });

  test('RecordIO may have an IRHeader before any payload', () => {
    const bytes = packIR({ label: 3, id: 7 }, Buffer.from('raw'));
    expect(recognizeRecord(bytes, 'recordio').type).toBe('IRHeader');
    expect(recognizeRecord(new Uint8Array(20), 'recordio').type).toBe('binary');
  });

  test('lines are text or binary, and a blank line is text', () => {
    expect(recognizeRecord(new Uint8Array(0), 'textline').type).toBe('text');
    expect(recognizeRecord(example, 'textline').type).toBe('binary');
  });

  test('a truncated Example is described as damaged, a valid message of another type is not', () => {
    const two = encodeExample({
      a: { kind: 'int64', value: [1] },
      b: { kind: 'bytes', value: ['long enough'] },
    });
    expect(recognizeRecord(two.subarray(0, -3)).description).toMatch(/^binary data/);
    // The outer lengths are correct, but an inner one is not.
    const inner = Uint8Array.from(two);
    inner[two.length - 12] = 100;
    expect(recognizeRecord(inner).description).toContain(
      `begins like an Example but is truncated or damaged in the values of a feature (at byte ${two.length - 12} of the ${two.length}-byte record)`,
    );
    for (const sound of [elwc, record, person, event(1, { tag: 'x', simpleValue: 1 })])
      expect(recognizeRecord(sound).description).not.toMatch(/damaged/);
  });
});

test('a message that replaces kinds is an Example only if all of its lists are those of an Example', () => {
  const message = (...fields: (readonly [tag: number, value: readonly number[]])[]): number[] =>
    fields.flatMap(([tag, value]) => [tag, value.length, ...value]);
  const typeOf = (feature: number[]): string =>
    recognizeRecord(Uint8Array.from(message([0x0a, message([0x0a, message([0x0a, [97]], [0x12, feature])])])))
      .type;
  const text = [...'Ann'].map((one) => one.charCodeAt(0));
  expect(typeOf(message([0x0a, message([0x0a, text])], [0x1a, []]))).toBe('Example');
  expect(typeOf(message([0x0a, text], [0x1a, []]))).toBe('protobuf');
});

/** Returns kinds and values by name. */
function plain(fields: ReadonlyMap<string, FieldValue>): Record<string, unknown[]> {
  return Object.fromEntries([...fields].map(([name, { kind, value }]) => [name, [kind, ...value]]));
}

describe('recordContent and recordJson', () => {
  const json = (bytes: Uint8Array): unknown => {
    const { type } = recognizeRecord(bytes);
    return JSON.parse([...recordJson(bytes, type as MessageType)].join(''));
  };

  test('scalars, tensors, images and histograms of TensorBoard', () => {
    const png = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
    const bytes = event(
      3,
      { tag: 'loss', simpleValue: 0.1 },
      { tag: 'accuracy', tensor: { dtype: 1, floatVal: [0.5] } },
      { tag: 'rate', tensor: { dtype: 1, tensorContent: Buffer.from(Float32Array.of(2).buffer) } },
      { tag: 'broken', tensor: { dtype: 1, tensorContent: Buffer.from([1, 2, 3, 4, 5]) } },
      { tag: 'picture', image: { height: 1, width: 1, encodedImageString: png } },
      { tag: 'two', tensor: { dtype: 7, stringVal: [Buffer.from('1'), Buffer.from('1'), png] } },
      { tag: 'weights', histo: { min: -1, max: 2, num: 5, bucketLimit: [0, 3], bucket: [2, 3] } },
      { tag: 'step', simpleValue: 9 },
    );
    const { wall_time, step, ...tags } = plain(recordContent(bytes, 'Event').features);
    expect([wall_time, step]).toEqual([
      ['float64', 1_600_000_003.5],
      ['int64', 3n],
    ]);
    expect(tags).toEqual({
      loss: ['float', Math.fround(0.1)],
      accuracy: ['float', 0.5],
      rate: ['float', 2],
      broken: ['float', expect.any(Number)],
      picture: ['bytes', png],
      two: ['bytes', png],
      weights: ['float64', -1, 2],
      'summary/step': ['float', 9],
    });
    expect(json(event(3, { tag: 'loss', simpleValue: 0.1 }))).toEqual({
      wallTime: 1_600_000_003.5,
      step: '3',
      summary: { value: [{ tag: 'loss', simpleValue: 0.1 }] },
    });
  });

  test('an ExampleListWithContext has one step per example in each list', () => {
    const { features, featureLists } = recordContent(elwc, 'ExampleListWithContext');
    expect(plain(features)).toEqual({ query: ['bytes', Uint8Array.from(Buffer.from('q'))] });
    expect(featureLists.get('relevance')?.map(({ kind }) => kind)).toEqual(['none', 'int64']);
    expect(featureLists.get('tokens')?.map(({ value }) => value.length)).toEqual([1, 2]);
    expect(json(elwc)).toMatchObject({
      context: { features: { feature: { query: { bytesList: { value: ['cQ=='] } } } } },
      examples: [{}, { features: { feature: { relevance: { int64List: { value: ['1'] } } } } }],
    });
  });

  test('tensors, keys and shapes of a Record', () => {
    expect(plain(recordContent(record, 'Record').features)).toEqual({
      'label/values': ['float', 1],
      'features/values': ['float', 0.5, 2],
      'features/values/keys': ['int64', 3n, 70n],
      'features/values/shape': ['int64', 100n],
      uid: ['bytes', Uint8Array.from(Buffer.from('u1'))],
    });
    expect(json(record)).toEqual({
      features: { values: { float32Tensor: { values: [0.5, 2], keys: ['3', '70'], shape: ['100'] } } },
      label: { values: { float32Tensor: { values: [1] } } },
      uid: 'u1',
    });
  });
});

describe('stats and schema', () => {
  test('of MXNet images: labels, ids, sizes and samples', async () => {
    const frames = Array.from({ length: 6 }, (_, i) =>
      encodeRecordIO(packIR({ label: i % 2, id: i }, gif(8, 4 + i))),
    );
    const path = temp.file('train.rec', concat(frames));
    const stats = await collectStats(path, { samples: true });
    expect(stats.messages).toEqual({ example: 0, sequenceExample: 0, irHeader: 6, other: 0 });
    const [id, label, payload] = stats.features;
    expect(id.int64).toMatchObject({ min: 0, max: 5 });
    expect(label.float?.distinct).toEqual([
      { value: 0, count: 3 },
      { value: 1, count: 3 },
    ]);
    expect(payload.bytes?.images.gif).toMatchObject({ values: 6, height: { min: 4, max: 9 } });
    expect(stats.samples.map((sample) => sample.label).sort()).toEqual(['0', '0', '0', '1', '1', '1']);
    const { schema } = await inferSchema(path);
    expect(schema).toMatchObject({
      message: 'IRHeader',
      features: { label: { type: 'float', range: { min: 0, max: 1 } }, payload: { images: ['gif'] } },
    });
    expect((await validateFiles(path, { schema })).ok).toBe(true);
    const other = temp.file('other.rec', encodeRecordIO(packIR({ label: 2, id: 0 }, gif(8, 4))));
    const { violations } = await validateFiles(other, { schema });
    expect(violations?.map(({ rule, feature }) => [rule, feature])).toEqual([['range', 'label']]);
  });

  test('of Records: doubles are exact, and conform to their own schema', async () => {
    const one = (value: number, label: number): Uint8Array =>
      encodeRecordIO(
        encodeSageMakerRecord({
          features: { values: { kind: 'float64', values: [value, -1] } },
          label: { values: { kind: 'int32', values: [label] } },
        }),
      );
    const path = temp.file('dense.rec', concat([one(0.1, 1), one(1e300, -2)]));
    const { features, messages } = await collectStats(path);
    expect(messages).toMatchObject({ record: 2, other: 0 });
    expect(features[0]).toMatchObject({ name: 'features/values', float: { min: -1, max: 1e300, values: 4 } });
    expect(features[0].float?.log2).toEqual({
      negative: [[0, 2]],
      zeros: 0,
      positive: [
        [-4, 1],
        [996, 1],
      ],
    });
    expect(features[1]).toMatchObject({ name: 'label/values', int64: { min: -2, max: 1 } });
    const { schema } = await inferSchema(path);
    expect(schema.features['features/values'].type).toBe('float64');
    expect((await validateFiles(path, { schema })).ok).toBe(true);
    const other = temp.file('dense2.rec', concat([one(1e301, 5), encodeRecordIO(example)]));
    const { violations } = await validateFiles(other, { schema });
    expect(violations?.map(({ rule, message: text }) => `${rule}: ${text}`).sort()).toEqual([
      'message: expected Record, got Example',
      'range: expected -1 to 1e+300, got 1e+301',
      'range: expected -2 to 1, got 5',
    ]);
  });

  test('of events: scalars by tag, steps and wall time', async () => {
    const events = [0, 100].map((step) => event(step, { tag: 'loss', simpleValue: 1 / (1 + step) }));
    const path = temp.file('events.out.tfevents.1', concat(events.map((one) => encodeTFRecord(one))));
    const { features, messages } = await collectStats(path);
    expect(messages).toMatchObject({ event: 2, other: 0 });
    expect(features.map(({ name }) => name)).toEqual(['loss', 'step', 'wall_time']);
    expect(features[1].int64).toMatchObject({ min: 0, max: 100 });
    expect(features[2].float).toMatchObject({ min: 1_600_000_000.5, max: 1_600_000_100.5 });
    await expect(inferSchema(path)).rejects.toThrow('Events (stats shows their fields)');
  });

  test('of lists with context: a schema whose lists are the examples', async () => {
    const path = temp.file('elwc.tfrecord', encodeTFRecord(elwc));
    const { schema } = await inferSchema(path);
    expect(schema).toMatchObject({
      message: 'ExampleListWithContext',
      features: { query: { type: 'bytes' } },
      featureLists: { relevance: { type: 'int64', steps: { min: 2, max: 2 } } },
    });
    expect((await validateFiles(path, { schema })).ok).toBe(true);
  });

  test('of text: blank lines are text, not Examples', async () => {
    const { messages } = await collectStats(temp.file('lines.txt', Buffer.from('a\n\n\nb\n')), {
      format: 'textline',
    });
    expect(messages).toMatchObject({ example: 0, other: 4, text: 4 });
  });
});

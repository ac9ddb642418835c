import { collectStats } from 'recordpipe/check';
import { encodeExample, encodeSequenceExample } from 'recordpipe/messages';
import { describe, expect, test } from 'vitest';
import { elided } from '../../src/check/index.ts';
import { featureNames, nearest } from '../../src/cli/feature-choice.ts';
import { type RecordViews, recordViews, type ViewOptions } from '../../src/cli/record-views.ts';
import { visible } from '../../src/cli/text/format.ts';
import { previewLines } from '../../src/cli/text/payload.ts';
import { statsText } from '../../src/cli/text/stats.ts';
import { tableLines } from '../../src/cli/text/terminal.ts';
import { encodeRecordIO, encodeTFRecord } from '../../src/formats/index.ts';
import { encodeSageMakerRecord } from '../../src/messages/index.ts';
import { packIR } from '../../src/messages/ir-header.ts';
import { cli } from '../support/cli.ts';
import { gif } from '../support/examples.ts';
import { event } from '../support/messages.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { DOES_ALL_RUNS } from '../support/random-runs.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
const plain = (_: string, text: string): string => text;

/** Returns the human-readable output for a record, without its first line. */
async function shown(
  record: Uint8Array,
  options: ViewOptions = {},
  format: 'tfrecord' | 'recordio' = 'tfrecord',
): Promise<string[]> {
  return linesOf(await recordViews(options), record, format).slice(1);
}

function linesOf(views: RecordViews, record: Uint8Array, format: 'tfrecord' | 'recordio'): string[] {
  const place = { record: 0, offset: 0, length: record.length };
  return views.text(place, record, format, plain).trimEnd().split('\n');
}

async function statsLines(
  name: string,
  records: readonly Uint8Array[],
  format = 'tfrecord',
): Promise<string[]> {
  const encode = format === 'recordio' ? encodeRecordIO : encodeTFRecord;
  const path = temp.file(name, concat(records.map((record) => encode(record))));
  return statsText(await collectStats(path), plain).split('\n');
}

describe('inspect shows', () => {
  test('labels, ids and images of MXNet records', async () => {
    const record = packIR({ label: [1, 2.5], id: 2n ** 60n }, gif(8, 4));
    expect(linesOf(await recordViews({}), record, 'recordio')).toEqual([
      'record 0  at byte 0  45 bytes  IRHeader (MXNet)',
      '  label    float  [2]  1, 2.5',
      '  id       int64  [1]  1152921504606846976',
      '  payload  bytes  [1]  gif 8 × 4, 13 B',
    ]);
  });

  test('tensors and labels of SageMaker Records', async () => {
    const record = encodeSageMakerRecord({
      features: { values: { kind: 'float64', values: [1.1, 2.2], keys: [3, 70], shape: [100] } },
      label: { values: { kind: 'int32', values: [-1] } },
    });
    expect(await shown(record)).toEqual([
      '  label/values           int32    [1]  -1',
      '  features/values        float64  [2]  1.1, 2.2',
      '  features/values/keys   int64    [2]  3, 70',
      '  features/values/shape  int64    [1]  100',
    ]);
  });

  test('tags, steps, scalars and times of TensorBoard events', async () => {
    expect(await shown(event(7, { tag: 'train/loss', simpleValue: 0.25 }))).toEqual([
      '  wall_time   float64  [1]  1600000007.5 (2020-09-13T12:26:47.500Z)',
      '  step        int64    [1]  7',
      '  train/loss  float    [1]  0.25',
    ]);
  });

  test('byte order marks and invisible characters as escapes, so that differing labels look different', async () => {
    const label = (text: string): Promise<string[]> =>
      shown(encodeExample({ label: { kind: 'bytes', value: [text] } }));
    expect(await label('\ufeffcat')).toEqual(['  label  bytes  [1]  "\\ufeffcat"']);
    expect(await label('ca\u200bt\u202e')).toEqual(['  label  bytes  [1]  "ca\\u200bt\\u202e"']);
    expect(await label('cat')).toEqual(['  label  bytes  [1]  "cat"']);
    expect(await label('a\u00a0b 日本　語')).toEqual(['  label  bytes  [1]  "a\\xa0b 日本　語"']);
    expect(previewLines(Buffer.from('\ufeffcat'))).toEqual(['"\\ufeffcat"']);
    expect(visible('\u{e0041}\t\x1b[31m')).toBe('\\u{e0041}\\t\\x1b[31m');
  });

  test('only the features that names or patterns select', async () => {
    const record = encodeSequenceExample({
      context: { 'image/width': { kind: 'int64', value: [1] }, label: { kind: 'int64', value: [2] } },
      featureLists: { 'image/rows': [{ kind: 'int64', value: [3] }] },
    });
    const names = async (...select: string[]): Promise<(string | undefined)[]> =>
      (await shown(record, { select })).map((line) => /^ {2}(\S+)/.exec(line)?.[1]).filter(Boolean);
    expect(await names('image/*')).toEqual(['image/width', 'image/rows']);
    expect(await names('l?bel', 'image/rows')).toEqual(['label', 'image/rows']);
    const views = await recordViews({ select: ['labl'] });
    linesOf(views, record, 'tfrecord');
    expect(() => views.checkFeatures(1)).toThrow(
      '--select: no feature "labl" in the record shown; did you mean "label"?',
    );
    const found = await recordViews({ select: ['*width*'] });
    linesOf(found, record, 'tfrecord');
    expect(() => found.checkFeatures(1)).not.toThrow();
  });

  test('--select separates names by commas, except escaped ones, and rejects an argument without a name', () => {
    expect(featureNames('label,image/*')).toEqual(['label', 'image/*']);
    expect(featureNames('a\\,b*,c', ['first'])).toEqual(['first', 'a,b*', 'c']);
    for (const none of ['', ',', ',,'])
      expect(() => featureNames(none)).toThrow('Expected names or patterns');
  });

  test.runIf(DOES_ALL_RUNS)('a bounded number of lines of a record with 130,000 features', async () => {
    const features = new Map(
      Array.from({ length: 130_000 }, (_, i) => [`f${i}`, { kind: 'int64' as const, value: [i] }]),
    );
    const lines = await shown(encodeExample(features));
    expect(lines).toHaveLength(501);
    expect(lines.at(-1)).toBe('  … and 129,500 more; --select selects features');
    expect(await shown(encodeExample(features), { select: ['f129999'] })).toEqual([
      '  f129999  int64  [1]  129999',
    ]);
  });

  test('long names without their middle', async () => {
    const line = (await shown(encodeExample({ ['x'.repeat(300)]: { kind: 'int64', value: [1] } })))[0];
    expect(line).toBe(`  ${'x'.repeat(31)}…${'x'.repeat(32)}  int64  [1]  1`);
    expect(elided('training-data-00017-of-01024', 16)).toBe('trainin…of-01024');
    expect(elided('short', 16)).toBe('short');
  });

  test('a table of 200,000 rows', () => {
    expect(
      tableLines(
        ['a'],
        Array.from({ length: 200_000 }, () => ['x']),
      ),
    ).toHaveLength(200_001);
  });
});

test('inspect --select with a name that no record has exits with 2 and suggests the nearest', async () => {
  const path = temp.file(
    'x.tfrecord',
    encodeTFRecord(encodeExample({ label: { kind: 'int64', value: [1] } })),
  );
  const { code, stderr } = await cli(['inspect', path, '--select', 'image,labl']);
  expect(code).toBe(2);
  expect(stderr).toContain('no feature "image" in the record shown');
  const json = await cli(['inspect', path, '--select', 'labl', '--jsonl', '--decode']);
  expect([json.code, json.stderr.includes('did you mean "label"?')]).toEqual([2, true]);
  const stats = await cli(['stats', path, '--select', 'labels']);
  expect([stats.code, stats.stderr.includes('did you mean "label"?')]).toEqual([2, true]);
  const chosen = await cli(['stats', path, '--select', 'l*', '--json']);
  expect(JSON.parse(chosen.stdout).features.map(({ name }: { name: string }) => name)).toEqual(['label']);
});

test('schema of a missing file exits with 3', async () => {
  const { code, stdout, stderr } = await cli(['schema', temp.file('nosuch')]);
  expect([code, stdout]).toEqual([3, '']);
  expect(stderr).toContain('not-found: no such file');
});

test('cat --base64 writes the same text for large and small records', async () => {
  const payloads = [Buffer.alloc(2_000_001, 'abc'), Buffer.from('x'), Buffer.alloc(0)];
  const path = temp.file('big.tfrecord', concat(payloads.map((one) => encodeTFRecord(one))));
  const { stdout } = await cli(['cat', path, '--base64']);
  expect(stdout).toBe(payloads.map((one) => `${one.toString('base64')}\n`).join(''));
});

test('nearest finds misspelled names only', () => {
  const names = ['label', 'image/encoded', 'image/height'];
  expect(['labl', 'image/hieght', 'Label', 'weights'].map((name) => nearest(name, names))).toEqual([
    'label',
    'image/height',
    'label',
    undefined,
  ]);
});

describe('stats shows', () => {
  const records = Array.from({ length: 12 }, (_, i) =>
    encodeExample({
      label: { kind: 'int64', value: [i % 3] },
      mask: { kind: 'int64', value: Array.from({ length: 128 }, (__, j) => j % 2) },
      episode_id: { kind: 'int64', value: [i % 2] },
      is_first: { kind: 'int64', value: [i % 4 === 0 ? 1 : 0] },
      pixel: { kind: 'bytes', value: [Uint8Array.of(0, i % 2)] },
      class_key: { kind: 'bytes', value: [Uint8Array.of(255, i % 2)] },
      always: { kind: 'bytes', value: ['\ufeffcat'] },
      shape: { kind: 'bytes', value: [Uint8Array.of(29, 14, 0, 0)] },
      score: { kind: 'float', value: [-34980 + i, 34219.6] },
    }),
  );

  test('label distributions of labels, and not of masks, ids, flags and pixels', async () => {
    const lines = await statsLines('labels.tfrecord', records);
    const blocks = lines.flatMap((line, i) =>
      lines[i - 1] === '' && lines[i + 1]?.startsWith('  ') ? [line] : [],
    );
    expect(blocks).toEqual(['class_key', 'label']);
    expect(lines).toContainEqual(expect.stringMatching(/^ {2}base64 \/wA= +█+ +6 +50\.0 %$/));
  });

  test('constant texts, and bytes with control characters as binary', async () => {
    const lines = await statsLines('constant.tfrecord', records);
    expect(lines).toContainEqual(expect.stringMatching(/^always .* text, always "\\ufeffcat", 6 B$/));
    expect(lines).toContainEqual(expect.stringMatching(/^shape .* binary, always base64 HQ4AAA==, 4 B$/));
    expect(lines).toContainEqual(expect.stringMatching(/^score .* -34,980 to 34,220 /));
  });

  test('the time and tags of events', async () => {
    const events = [0, 100].map((step) => event(step, { tag: 'loss', simpleValue: step }));
    const lines = await statsLines('events.tfrecord', events);
    expect(lines[0]).toMatch(/^2 records in 1 file, .*: 2 Event$/);
    expect(lines).toContain('wall time     2020-09-13T12:26:40.500Z to 2020-09-13T12:28:20.500Z');
    expect(lines).toContainEqual(expect.stringMatching(/^loss +float +████ 100 % +1 +0 to 100/));
  });

  test('class labels of MXNet records', async () => {
    const images = Array.from({ length: 6 }, (_, i) => packIR({ label: i % 2, id: i }, gif(8, 4)));
    const lines = await statsLines('images.rec', images, 'recordio');
    expect(lines).toContainEqual(expect.stringMatching(/^label +float .* 0 to 1, 2 distinct/));
    expect(lines).toContainEqual(expect.stringMatching(/^ {2}1 {2}█+ +3 +50\.0 %$/));
  });
});

import { UsageError } from 'recordpipe';
import { encodeExample, encodeSageMakerRecord, encodeSequenceExample } from 'recordpipe/messages';
import { compileFilter, mergeFilterCounts, missingFeatures } from 'recordpipe/messages/filter';
import { describe, expect, test } from 'vitest';

const EXAMPLE = encodeExample({
  label: { kind: 'int64', value: [3] },
  id: { kind: 'int64', value: [9007199254740993n] },
  score: { kind: 'float', value: [0.1] },
  ids: { kind: 'int64', value: [1, 2, 300, -5] },
  tags: { kind: 'bytes', value: ['cat', 'dog'] },
  name: { kind: 'bytes', value: ['Grüße'] },
  empty: { kind: 'int64', value: [] },
  unset: { kind: 'none', value: [] },
  'bbox.x': { kind: 'float', value: [1, 2, 3] },
  'image/encoded': { kind: 'bytes', value: [Uint8Array.of(0xff, 0xd8)] },
});

async function matches(expression: string, record: Uint8Array = EXAMPLE): Promise<boolean> {
  return (await compileFilter(expression)).matches(record);
}

async function message(expression: string): Promise<string> {
  const error = await compileFilter(expression).catch((thrown: unknown) => thrown);
  expect(error, expression).toBeInstanceOf(UsageError);
  return (error as Error).message;
}

describe('expressions', () => {
  test.each([
    'label == 3 && len(tags) > 1 && !has(bbox)',
    'id == 9007199254740993 && id != 9007199254740992 && id > 9007199254740992.0',
    'id in [1, 9007199254740993]',
    'score == 0.1 && score <= 0.1 && !(score < 0.1) && score in [0.1]',
    'score * 2 > 0.2',
    '300 in ids && !(4 in ids) && ids[2] == 300 && ids == [1, 2, 300, -5]',
    'ids.exists(x, x < 0) && !ids.all(x, x > 0) && ids.exists_one(x, x == 2)',
    'ids.exists(x, tags.exists(t, t == "cat" && x == 1))',
    '"cat" in tags && tags[1].startsWith("d") && tags[0].endsWith("at") && tags[0].contains("a")',
    'name == "Grüße" && name.contains("üß") && name.matches("^Gr.+e$") && len(name[0]) == 7',
    'feature("image/encoded") == b"\\xff\\xd8" && has("image/encoded")',
    'bbox.x[1] == 2.0 && size(bbox.x) == 3 && bbox.x.size() == 3',
    'label / 2 == 1 && label % 2 == 1 && -label == -3 && (label + 1) * 2 == 8',
    'label == 3 ? score > 0 : false',
    'has(empty) && len(empty) == 0 && !has(unset)',
    'true || missing == 1',
  ])('%s is true', async (expression) => {
    expect(await matches(expression)).toBe(true);
  });

  test('a comparison with a missing or empty feature is unknown, and so is its negation', async () => {
    for (const name of ['missing', 'empty', 'unset', 'ids[9]'])
      for (const expression of [`${name} == 1`, `!(${name} == 1)`, `${name} != 1`, `${name} == 1 && true`])
        expect(await matches(expression), expression).toBe(false);
    expect(await matches('missing == 1 || label == 3')).toBe(true);
    expect(await matches('(missing == 1 && label == 4) == false')).toBe(true);
    expect(await matches('label / (label - 3) == 1')).toBe(false);
  });

  test('a SequenceExample has the features of its context and the lengths of its lists', async () => {
    const record = encodeSequenceExample({
      context: { id: { kind: 'bytes', value: ['a'] } },
      featureLists: {
        tokens: [
          { kind: 'int64', value: [5] },
          { kind: 'int64', value: [6, 7] },
        ],
      },
    });
    expect(await matches('id == "a" && len(tokens) == 2 && has(tokens) && !has(other)', record)).toBe(true);
    await expect(matches('tokens == 5', record)).rejects.toThrow('is a feature list');
  });

  test('a Record of SageMaker has fields with the names of stats', async () => {
    const record = encodeSageMakerRecord({
      features: { values: { kind: 'float32', values: [0.5, 2], keys: [3, 70], shape: [100] } },
      label: { values: { kind: 'float32', values: [1] }, other: { kind: 'int32', values: [7] } },
      uid: 'u1',
    });
    expect(await matches('label == 1 && feature("label/other") == 7 && uid == "u1"', record)).toBe(true);
    expect(await matches('feature("features/values")[1] == 2 && len(features) == 2', record)).toBe(true);
    expect(await matches('feature("features/values/keys") == [3, 70]', record)).toBe(true);
    const labelled = encodeSageMakerRecord({
      features: {},
      label: { values: { kind: 'float64', values: [0.1] } },
    });
    expect(await matches('label == 0.1 && !has(features)', labelled)).toBe(true);
  });
});

describe('errors', () => {
  test.each([
    ['label = 3', 'write ==\n  label = 3\n        ^'],
    ['label == ', 'got the end of the expression\n  label == \n           ^'],
    ['label == 3 and x', 'write &&\n  label == 3 and x\n             ^^^'],
    ['(label == 3', 'expected ), got the end'],
    ['label', 'expected a condition, got the feature "label"'],
    ['"image/a" >= 3', 'a feature on one side of >=; if "image/a" is a feature, write feature("image/a")'],
    ['"format" == "jpeg"', 'if "format" is a feature, write feature("format")'],
    ['label == null', 'write !has(…)'],
    ['label in []', 'at least one value'],
    ['label in [1, "a"]', 'only numbers or only strings'],
    ['ids[-1] == 3', 'index >= 0'],
    ['foo(label)', 'unknown function foo'],
    ['len(a, b) > 1', 'expected 1 argument for len, got 2'],
    ['a.startsWith("x", "y")', 'expected 1 argument for startsWith, got 2'],
    ['name.matches("(")', 'invalid regular expression'],
    ['package == 1', 'write feature("package")'],
    ['has(label) == label', 'cannot compare'],
    ['label == 99999999999999999999', '64-bit'],
    ['', 'got none'],
  ])('%s', async (expression, text) => {
    expect(await message(expression)).toContain(text);
  });

  test.each([
    ['label == "x"', 'cannot compare feature "label" (integer) with "x" (bytes)'],
    ['tags == "cat"', 'feature "tags" has several values'],
    ['label.startsWith("a")', 'got feature "label" (integer)'],
    ['name + 1 == 2', 'expected a number for +, got feature "name" (bytes)'],
    ['id * id > 0', 'a 64-bit integer'],
    ['name < 3.5', 'cannot compare feature "name" (bytes)'],
  ])('%s names the feature and the record', async (expression, text) => {
    const filter = await compileFilter(expression);
    const place = { uri: 'a.tfrecord', record: 7, offset: 20 };
    expect(() => filter.matches(EXAMPLE, place)).toThrow(text);
    expect(() => filter.matches(EXAMPLE, place)).toThrow('(record 7 at byte 20 of a.tfrecord)');
  });

  test('a record without features is an error, not one that does not pass', async () => {
    for (const text of ['hello world', '\xff\xd8\xff', 'x'])
      await expect(matches('label == 3', Buffer.from(text, 'latin1'))).rejects.toMatchObject({
        code: 'malformed-example',
      });
    expect(await matches('label == 3', new Uint8Array(0))).toBe(false);
    await expect(matches('label == 3', EXAMPLE.subarray(0, -2))).rejects.toThrow('example: ');
  });

  test('a damaged list is an error that names its feature', async () => {
    // An Example whose feature x has a packed run that ends inside a varint.
    const damaged = Uint8Array.of(10, 12, 10, 10, 10, 1, 120, 18, 5, 26, 3, 10, 1, 0x87);
    await expect(matches('x == 7', damaged)).rejects.toThrow('feature "x": ');
    expect(await matches('has(x)', damaged)).toBe(true);
  });
});

describe('hostile expressions', () => {
  test('deep nesting and huge literals are errors', async () => {
    for (const [open, close] of ['()', '[]', '!', '-', 'len(|)', '(1 in x)? |:1'].map((pair) =>
      pair.split(pair.includes('|') ? '|' : ''),
    )) {
      const text = `${open.repeat(1e4)}1${(close ?? '').repeat(1e4)} == 1`;
      expect((await message(text)).length).toBeLessThan(500);
    }
    expect(await message(`${'('.repeat(1e5)}1`)).toContain('at most 100000 characters');
    expect(await message(`a == ${'9'.repeat(9e4)}`)).toContain('64-bit');
    expect(await message(`${Array(1000).fill('a').join(' + ')} == 1`)).toContain('nested too deeply');
    expect(await message(`a == "${'x'.repeat(9e4)}`)).toContain('unterminated string');
  });

  test('long chains and lists are compiled', async () => {
    expect(await matches(Array(3000).fill('label == 2').concat('label == 3').join(' || '))).toBe(true);
    const list = Array.from({ length: 9000 }, (_, i) => i * 3).join(', ');
    expect(await matches(`label in [${list}] && !(score in [0.5, 7])`)).toBe(true);
  });

  test('a regular expression takes linear time', async () => {
    const record = encodeExample({ text: { kind: 'bytes', value: [`${'a'.repeat(50_000)}!`] } });
    expect(await matches('text.matches("^(a+)+$")', record)).toBe(false);
    expect(await matches('text.matches("(a|aa)+!$")', record)).toBe(true);
  });
});

test('counts state what was tested, and suggest names', async () => {
  const filter = await compileFilter('lable == 3 || feature("image/encodd") == "" || label == 3');
  expect(filter.features).toEqual(['lable', 'image/encodd', 'label']);
  filter.matches(EXAMPLE);
  filter.matches(encodeExample({ label: { kind: 'int64', value: [4] } }));
  const { counts } = filter;
  expect(counts).toMatchObject({ tested: 2, matched: 1, missing: ['image/encodd', 'lable'] });
  expect(missingFeatures(counts)).toEqual([
    'where: no record has a feature "image/encodd"; did you mean feature("image/encoded")?',
    'where: no record has a feature "lable"; did you mean "label"?',
  ]);
  filter.reset();
  filter.matches(encodeExample({ lable: { kind: 'int64', value: [3] } }));
  const both = mergeFilterCounts(counts, filter.counts);
  expect(both).toMatchObject({ tested: 3, matched: 2, missing: ['image/encodd'] });
  filter.reset();
  expect(missingFeatures(filter.counts)).toEqual([]);

  const quotient = await compileFilter('image/height >= 480 && feature("image/height") > 0');
  quotient.matches(encodeExample({ 'image/height': { kind: 'int64', value: [480] } }));
  expect(missingFeatures(quotient.counts)).toEqual([
    'where: no record has a feature "height"; did you mean feature("image/height")?',
    'where: no record has a feature "image"; did you mean feature("image/height")?',
  ]);
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RecordpipeError } from '../../../src/errors.ts';
import { parseManifestLine } from '../../../src/pipemode/manifest/manifest-lines.ts';
import { randomRuns } from '../../support/random-runs.ts';

function textsOf(line: string, names: string[]): string[] {
  return parseManifestLine(line, names).map(({ text }) => text);
}

function failureOf(line: string | Uint8Array, names: string[]): RecordpipeError {
  try {
    parseManifestLine(line, names, { uri: 'm.manifest', line: 3, offset: 120 });
  } catch (error) {
    if (error instanceof RecordpipeError) return error;
    throw error;
  }
  throw new Error('the line was taken');
}

describe('values keep their text', () => {
  test.each([
    ['1', '1'],
    ['1.50', '1.50'],
    ['-0', '-0'],
    ['1E400', '1E400'],
    ['12345678901234567890', '12345678901234567890'],
    ['true', 'true'],
    ['null', 'null'],
    ['"a\\u00e9\\n\\"b\\""', 'aé\n"b"'],
    ['""', ''],
    ['[ 1.0 , "a, b" , { } ]', '[1.0,"a, b",{}]'],
    ['{ "b" : 1e2 , "a" : [ ] , "b" : "\\u0041" }', '{"b":1e2,"a":[],"b":"\\u0041"}'],
  ])('%s', (written, text) => {
    expect(textsOf(`{"v":${written}}`, ['v'])).toEqual([text]);
  });

  test('values come in the order of the names; other attributes are ignored', () => {
    const line = ' {"z": 1, "image-ref": "s3://b/k", "label": "x", "more": [1]}\r';
    expect(parseManifestLine(line, ['label', 'image-ref'])).toEqual([
      { name: 'label', ref: false, text: 'x' },
      { name: 'image-ref', ref: true, text: 's3://b/k' },
    ]);
  });

  test('the last value counts if a name occurs twice', () => {
    expect(textsOf('{"a":1,"a":2}', ['a'])).toEqual(['2']);
  });

  test('bytes are decoded as UTF-8', () => {
    expect(parseManifestLine(new TextEncoder().encode('{"ä":"😀"}'), ['ä'])[0].text).toBe('😀');
    expect(failureOf(new Uint8Array([0x7b, 0xff, 0x7d]), ['a']).message).toContain(
      'line 3, column 2: not UTF-8',
    );
  });

  test('https addresses of S3 become s3://', () => {
    expect(textsOf('{"a-ref":"https://b.s3.eu-west-1.amazonaws.com/x%20y"}', ['a-ref'])).toEqual([
      's3://b/x y',
    ]);
    expect(textsOf('{"a-ref":"https://s3.amazonaws.com/b/x"}', ['a-ref'])).toEqual(['s3://b/x']);
  });
});

describe('errors name the mistake and its position', () => {
  test.each([
    ["{'a': 1}", 'line 3, column 2: JSON does not allow single quotes'],
    ['{"a": None}', "line 3, column 7: Python's None"],
    ['{"a": NaN}', 'line 3, column 7: JSON has no NaN'],
    ['{"a": 01}', 'line 3, column 7: invalid JSON number'],
    ['{"a": .5}', 'column 7: expected a value, got .'],
    ['{"a": 1,}', 'column 9: expected " before a name, got }'],
    ['{"a": [1,]}', 'column 10: expected a value, got ]'],
    ['{"a" 1}', 'column 6: expected : after a name, got 1'],
    ['{"a": 1', 'column 8: expected , or } after a value, got the end of the text'],
    ['{"a": 1} x', 'column 10: expected the end of the text after the value, got x'],
    ['{"a": "x\\q"}', 'column 9: invalid JSON escape \\q'],
    ['{"a": "x', 'column 7: the string has no closing quote'],
    ['[1]', 'column 1: expected { at the start of a line, got ['],
    ['\ufeff{"a": 1}', 'column 1: expected { at the start of a line'],
    ['', 'column 1: expected { at the start of a line, got the end of the text'],
    ['{"a": "\\ud800"}', 'column 7: a lone surrogate'],
  ])('%s', (line, message) => {
    const error = failureOf(line, ['a']);
    expect(error.code).toBe('malformed-manifest');
    expect(error).toMatchObject({ uri: 'm.manifest', record: 2, offset: 120 });
    expect(error.message).toContain(message);
  });

  test('missing attributes are an error', () => {
    const error = failureOf('{"image-ref":"s3://b/k","Label":1}', ['image-ref', 'label']);
    expect(error.code).toBe('missing-attribute');
    expect(error.message).toContain('no attribute "label"; the line has only "image-ref", "Label"');
  });

  test.each([
    [
      '{"a-ref": 5}',
      'column 11: "a-ref" is not the address of an object: expected "s3://bucket/key", got number',
    ],
    ['{"a-ref": "b/k"}', 'column 11: "a-ref" is not the address of an object'],
    ['{"a-ref": "s3://b"}', 'not the address of an object'],
    ['{"a-ref": "https://example.org/x"}', 'not the address of an object'],
  ])('%s', (line, message) => {
    expect(failureOf(line, ['a-ref']).message).toContain(message);
  });

  test('errors show an excerpt of long lines', () => {
    const line = `{"a": "${'ä'.repeat(5000)}", b}`;
    const { message } = failureOf(line, ['a']);
    expect(message).toContain('column 5011: expected " before a name, got b');
    expect(message.length).toBeLessThan(250);
  });

  test('values may nest to any depth', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    expect(textsOf(`{"a":${deep}}`, ['a'])).toEqual([deep]);
  });
});

/** JSON text with random white space between its tokens. */
function spaced(value: unknown, spaces: readonly string[]): string {
  let at = 0;
  const space = (): string => spaces[at++ % spaces.length];
  const write = (one: unknown): string => {
    if (Array.isArray(one)) return `[${space()}${one.map(write).join(`${space()},${space()}`)}${space()}]`;
    if (typeof one !== 'object' || one === null) return JSON.stringify(one);
    const members = Object.entries(one).map(
      ([name, member]) => `${JSON.stringify(name)}${space()}:${space()}${write(member)}`,
    );
    return `{${space()}${members.join(`${space()},${space()}`)}${space()}}`;
  };
  return write(value);
}

const spaces = fc.array(fc.constantFrom('', ' ', '\t', '  '), { minLength: 1, maxLength: 7 });

test('property: every JSON value is streamed without white space, as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 3, stringUnit: 'binary' }), spaces, (value, blanks) => {
      const plain = JSON.parse(JSON.stringify(value));
      fc.pre(typeof plain !== 'string' || !/\p{Surrogate}/u.test(plain));
      const [{ text }] = parseManifestLine(spaced({ before: 1, v: plain, after: [] }, blanks), ['v']);
      expect(text).toBe(typeof plain === 'string' ? plain : JSON.stringify(plain));
    }),
    { numRuns: randomRuns(50) },
  );
});

test('property: accepts exactly the text that JSON.parse accepts', () => {
  const pieces = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"',
    '\\',
    '1',
    '-',
    '.5',
    'e3',
    '0',
    'true',
    'nul',
    ' ',
    '\n',
    "'",
    'x',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
      const text = `{"v":${parts.join('')}`;
      let parsed: unknown;
      try {
        parsed = JSON.parse(text);
      } catch {}
      if (parsed === undefined) expect(failureOf(text, []).code).toBe('malformed-manifest');
      else expect(parseManifestLine(text, [])).toEqual([]);
    }),
    { numRuns: randomRuns(500) },
  );
});

test('property: numbers keep their digits', () => {
  const digits = fc.stringMatching(/^-?(0|[1-9]\d{0,25})(\.\d{1,25})?([eE][+-]?\d{1,4})?$/);
  fc.assert(
    fc.property(digits, (lexeme) => {
      expect(textsOf(`{"v": ${lexeme} }`, ['v'])).toEqual([lexeme]);
    }),
  );
});

test('a byte order mark is skipped at the start of the first line, and an error elsewhere', () => {
  expect(textsOf('\ufeff{"v":1}', ['v'])).toEqual(['1']);
  expect(failureOf('\ufeff{"v":1}', ['v']).message).toMatch(/got \\ufeff: \\ufeff\{"v":1\}/);
  expect(failureOf('{"v":\u200b1}', ['v']).message).toMatch(/got \\u200b/);
});

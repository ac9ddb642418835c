import { describe, expect, test } from 'vitest';
import { isRecordpipeError } from '../../src/index.ts';
import {
  compileFeatures,
  compileSequenceFeatures,
  decodeExample,
  decodeSequenceExample,
  encodeExample,
  encodeSequenceExample,
  type Feature,
  type FeatureKind,
  type FeatureSpec,
  fixedLen,
  fixedLenSequence,
  ragged,
  sparse,
  varLen,
} from '../../src/messages/index.ts';
import { NAMES, oddExample, randomFeature, randomFeatures } from '../support/example-messages.ts';
import { Random } from '../support/random.ts';
import { tempDir } from '../support/temp-dir.ts';
import { missingCounterpart, runPython } from './counterpart.ts';

const missing = missingCounterpart('tensorflow');
const folder = tempDir();

/**
 * Output of tensorflow_examples.py: bytes in hexadecimal, integers as digits, floats as the
 * hexadecimal of their 32 bits or NaN.
 */
interface FeatureOutput {
  readonly kind: string;
  readonly value: string[];
}
interface MessageOutput {
  readonly context: Record<string, FeatureOutput>;
  readonly lists: Record<string, FeatureOutput[]>;
  readonly deterministic: string;
}

function ask<T>(mode: 'messages' | 'parse' | 'sequences', cases: readonly unknown[]): T[] {
  const path = folder.file(`${mode}.json`, Buffer.from(JSON.stringify(cases)));
  return runPython('tensorflow', 'tensorflow_examples.py', mode, path).map((line) => JSON.parse(line) as T);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

function float(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  const word = Buffer.alloc(4);
  word.writeFloatBE(value);
  return word.toString('hex');
}

function values(kind: string, value: unknown): string[] {
  if (kind === 'bytes') return (value as Uint8Array[]).map(hex);
  return Array.from<number | bigint, string>(value as Float32Array, (one) =>
    kind === 'float' ? float(one as number) : String(one),
  );
}

function featuresOutput(features: Iterable<readonly [string, Feature]>): Record<string, FeatureOutput> {
  return Object.fromEntries([...features].map(([name, feature]) => [name, featureOutput(feature)]));
}

function featureOutput({ kind, value }: Feature): FeatureOutput {
  return { kind, value: values(kind, value) };
}

/**
 * Reports whether no name is a prefix of another. In that case protobuf for Python writes the
 * prefix last; protobuf for C++ and recordpipe write it first.
 */
function plainlyOrdered(names: readonly string[]): boolean {
  return names.every((one) => names.every((other) => one === other || !other.startsWith(one)));
}

const EDGES = [
  encodeExample({}),
  encodeExample({
    none: { kind: 'none' },
    '': { kind: 'bytes', value: [] },
    a: { kind: 'float', value: [] },
  }),
  encodeExample({ no: { kind: 'int64', value: [] } }),
  encodeExample({
    naïve: { kind: 'bytes', value: ['grüß', '', Uint8Array.of(255, 0)] },
    텐스트: { kind: 'int64', value: [-1, -(2n ** 63n), 2n ** 63n - 1n, 0, 127, 128] },
    '🦊': { kind: 'float', value: [Number.NaN, Infinity, -Infinity, -0, 1e-45, 3.4028234663852886e38] },
    '\uffff': { kind: 'int64', value: [1] },
    '\0': { kind: 'none' },
  }),
];

describe.skipIf(missing !== undefined)('messages', () => {
  test('TensorFlow reads the same values from encoded Examples and writes the same bytes', () => {
    const random = new Random(11);
    const records = EDGES.concat(Array.from({ length: 400 }, () => encodeExample(randomFeatures(random))));
    const answers = ask<MessageOutput>(
      'messages',
      records.map((record) => ({ kind: 'Example', hex: hex(record) })),
    );
    expect(answers.length).toBe(records.length);
    for (const [i, { context, deterministic }] of answers.entries()) {
      expect(featuresOutput(decodeExample(records[i])), `record ${i}`).toEqual(context);
      const theirs = Buffer.from(deterministic, 'hex');
      expect(hex(encodeExample(decodeExample(theirs))), `record ${i}`).toBe(hex(records[i]));
      if (plainlyOrdered(Object.keys(context))) expect(deterministic, `record ${i}`).toBe(hex(records[i]));
    }
  });

  test('SequenceExamples', () => {
    const random = new Random(13);
    const records = Array.from({ length: 200 }, () =>
      encodeSequenceExample({
        context: randomFeatures(random),
        featureLists: Object.fromEntries(
          Array.from({ length: random.below(4) }, () => [
            `list ${random.pick(NAMES)}`,
            Array.from({ length: random.below(5) }, () => randomFeature(random)),
          ]),
        ),
      }),
    );
    const answers = ask<MessageOutput>(
      'messages',
      records.map((record) => ({ kind: 'SequenceExample', hex: hex(record) })),
    );
    for (const [i, answer] of answers.entries()) {
      const { context, featureLists } = decodeSequenceExample(records[i]);
      expect(featuresOutput(context), hex(records[i])).toEqual(answer.context);
      const lists = [...featureLists].map(([name, steps]) => [name, steps.map(featureOutput)]);
      expect(Object.fromEntries(lists), hex(records[i])).toEqual(answer.lists);
      const theirs = Buffer.from(answer.deterministic, 'hex');
      expect(hex(encodeSequenceExample(decodeSequenceExample(theirs)))).toBe(hex(records[i]));
      if (plainlyOrdered([...context.keys()]) && plainlyOrdered(Object.keys(answer.lists)))
        expect(answer.deterministic).toBe(hex(records[i]));
    }
  });
});

type Columns = Record<
  string,
  { values: string[]; shape?: number[]; indices?: number[]; rowSplits?: number[] }
>;
type Attempt = Columns | { error: string; message: string };
interface Parsed {
  readonly batch: Attempt;
  readonly singles: Attempt[];
}
interface Case {
  readonly specs: Record<string, FeatureSpec>;
  readonly records: readonly Uint8Array[];
  readonly strict?: 'tf';
}

const SAMPLE = {
  bytes: ['', 'a', 'dé', 'xyz'],
  float: [0.5, -0, 3e38, Number.NaN, Infinity],
  int64: [0n, -1n, 300n, 2n ** 63n - 1n, -(2n ** 63n)],
} as const;

function list(random: Random, kind: FeatureKind, length: number): never {
  const value = Array.from({ length }, () => random.pick<unknown>(SAMPLE[kind]));
  return { kind, value } as never;
}

/** Returns the spec in the form sent to TensorFlow, with the default in JSON. */
function specJson(spec: FeatureSpec): unknown {
  return JSON.parse(JSON.stringify(spec, (_, value) => (typeof value === 'bigint' ? String(value) : value)));
}

function kinds(specs: Case['specs'], parsed: Record<string, unknown>, single: boolean): Columns {
  return Object.fromEntries(
    Object.entries(parsed).map(([name, found]) => [name, columnOutput(specs[name], found, single)]),
  );
}

function columnOutput(spec: FeatureSpec, found: unknown, single: boolean): Columns[string] {
  if (!single || spec.type === 'sparse') {
    const column = found as {
      values: unknown;
      shape?: number[];
      indices?: Int32Array;
      rowSplits?: Int32Array;
    };
    return {
      values: values(spec.kind, column.values),
      ...(column.shape && { shape: [...column.shape] }),
      ...(column.indices && { indices: [...column.indices] }),
      ...(column.rowSplits && { rowSplits: [...column.rowSplits] }),
    };
  }
  if (spec.type === 'fixedLen' && spec.shape.length === 0)
    return { values: values(spec.kind, [found]), shape: [] };
  const converted = values(spec.kind, found);
  switch (spec.type) {
    case 'varLen':
      return { values: converted, shape: [converted.length], indices: converted.map((_, i) => i) };
    case 'fixedLenSequence':
      return {
        values: converted,
        shape: [converted.length / spec.shape.reduce((a, b) => a * b, 1), ...spec.shape],
      };
    case 'fixedLen':
      return { values: converted, shape: [...spec.shape] };
    default:
      return { values: converted, shape: [converted.length] };
  }
}

function attempt(parse: () => Columns): Columns | string {
  try {
    return parse();
  } catch (error) {
    if (!isRecordpipeError(error, 'schema-mismatch', 'malformed-example')) throw error;
    return error.message;
  }
}

const KINDS: readonly FeatureKind[] = ['bytes', 'float', 'int64'];
const DEFAULTS = { bytes: 'dflt', float: -1.5, int64: -7n } as const;

function randomCase(random: Random): Case {
  const kind = (): FeatureKind => random.pick(KINDS);
  const [f, d, v, s, r, w] = Array.from({ length: 6 }, kind);
  const shape = random.pick([[], [1], [2], [2, 3]]);
  const size = shape.reduce((a, b) => a * b, 1);
  const step = random.pick([[], [2], [1, 2]]);
  const stepSize = step.reduce((a, b) => a * b, 1);
  const specs: Case['specs'] = {
    fixed: fixedLen(shape, f),
    dflt: fixedLen(shape, d, Array.from({ length: size }, () => DEFAULTS[d]) as never),
    scalar: fixedLen([], d, DEFAULTS[d] as never),
    var: varLen(v),
    seq: random.below(2) ? fixedLenSequence(step, s) : fixedLenSequence(step, s, DEFAULTS[s] as never),
    rag: random.below(2) ? ragged(r) : ragged(r, 'var-ragged'),
    é: sparse(['x', 'y'], 'w', w, [10, 20]),
  };
  const misfits = random.below(3) === 0;
  const other = (right: FeatureKind): FeatureKind => (misfits && random.below(12) === 0 ? kind() : right);
  const count = (right: number): number => (misfits && random.below(12) === 0 ? random.below(7) : right);
  const records = Array.from({ length: random.below(6) + 1 }, () => {
    const features: Record<string, never> = {};
    const put = (name: string, one: () => never): void => {
      if (random.below(4)) features[name] = random.below(12) ? one() : ({ kind: 'none' } as never);
    };
    features['fixed'] = list(random, other(f), count(size));
    put('dflt', () => list(random, other(d), count(size)));
    put('scalar', () => list(random, other(d), count(1)));
    put('var', () => list(random, other(v), random.below(5)));
    put('seq', () => list(random, other(s), count(stepSize * random.below(4))));
    put('rag', () => list(random, other(r), random.below(5)));
    put('var-ragged', () => list(random, other(r), random.below(70)));
    if (random.below(4)) {
      const places = random.below(5);
      // Use unique indices, because TensorFlow's order of values at equal indices depends on its
      // sort.
      const index = (below: number, first: number): never =>
        ({
          kind: 'int64',
          value: Array.from({ length: places }, (_, i) => (3 * i + first) % below),
        }) as never;
      features['x'] = index(10, random.below(10));
      features['y'] = index(20, random.below(20));
      features['w'] = list(random, other(w), places);
    }
    put('unwanted', () => list(random, kind(), 3));
    return encodeExample(features);
  });
  return { specs, records };
}

/**
 * Returns one feature of an unusually encoded record, read with the rules of TensorFlow's parser.
 */
function oddCase(random: Random): Case {
  const specs = {
    [random.pick(NAMES.filter((name) => name !== '__proto__' && name !== ''))]: varLen(random.pick(KINDS)),
  };
  return { specs, records: [oddExample(random)], strict: 'tf' };
}

describe.skipIf(missing !== undefined)('parse_example', () => {
  function compared(
    cases: readonly Case[],
    lenient: boolean,
  ): { parsed: number; refused: number; ours: number } {
    const answers = ask<Parsed>(
      'parse',
      cases.map(({ specs, records }) => ({
        specs: Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, specJson(spec)])),
        records: records.map(hex),
      })),
    );
    expect(answers.length).toBe(cases.length);
    const counts = { parsed: 0, refused: 0, ours: 0 };
    for (const [i, { specs, records, strict = false }] of cases.entries()) {
      const plan = compileFeatures(specs, { strict });
      const tries: [Attempt, Columns | string, string][] = [
        [answers[i].batch, attempt(() => kinds(specs, plan.parseBatch(records), false)), 'batch'],
        ...records.map((record, k): [Attempt, Columns | string, string] => [
          answers[i].singles[k],
          attempt(() => kinds(specs, plan.parse(record), true)),
          `record ${k}`,
        ]),
      ];
      for (const [theirs, found, what] of tries) {
        const where = `case ${i}, ${what}: ${JSON.stringify(Object.values(specs).map(specJson))} ${records.map(hex).join(' ')}\n${JSON.stringify(theirs)}\n${JSON.stringify(found)}`;
        if ('error' in theirs) {
          // TensorFlow also parses features that were not requested.
          if (!lenient) expect(typeof found, where).toBe('string');
          counts.refused++;
        } else if (lenient && typeof found === 'string') counts.ours++;
        else {
          expect(found, where).toEqual(theirs);
          counts.parsed++;
        }
      }
    }
    return counts;
  }

  test('FixedLen, VarLen, FixedLenSequence, Sparse, and Ragged; defaults, missing and mismatched features', () => {
    const random = new Random(14);
    const { parsed, refused } = compared(
      Array.from({ length: 150 }, () => randomCase(random)),
      false,
    );
    expect(parsed).toBeGreaterThan(300);
    expect(refused).toBeGreaterThan(20);
  });

  test('unusual encodings with `strict` give the same values or an error', () => {
    const random = new Random(15);
    const { parsed, ours } = compared(
      Array.from({ length: 600 }, () => oddCase(random)),
      true,
    );
    expect(parsed).toBeGreaterThan(100);
    expect(ours).toBeGreaterThan(10);
  });
});

describe.skipIf(missing !== undefined)('parse_single_sequence_example', () => {
  test('dense, sparse, and ragged context and feature lists', () => {
    const random = new Random(16);
    const cases = Array.from({ length: 200 }, () => {
      const [c, d, v, r] = Array.from({ length: 4 }, () => random.pick(KINDS));
      const shape = random.pick([[], [2], [2, 3]]);
      const size = shape.reduce((a, b) => a * b, 1);
      const steps = (kind: FeatureKind, count: () => number): never[] =>
        Array.from({ length: random.below(5) }, () => list(random, kind, count()));
      const wrong = random.below(4) === 0;
      const featureLists: Record<string, never[]> = { unwanted: steps('float', () => 2) };
      if (random.below(5)) featureLists['dense'] = steps(d, () => (wrong ? random.below(3) : size));
      if (random.below(5))
        featureLists['sparse'] = steps(wrong ? random.pick(KINDS) : v, () => random.below(4));
      if (random.below(5)) featureLists['ragged'] = steps(r, () => random.below(4));
      return {
        context: { id: fixedLen([], c, DEFAULTS[c] as never) },
        lists: { dense: fixedLenSequence(shape, d), sparse: varLen(v), ragged: ragged(r) },
        record: encodeSequenceExample({
          context: random.below(2) ? { id: list(random, c, 1) } : {},
          featureLists,
        }),
      };
    });
    const answers = ask<{ context: Columns; lists: Columns } | { error: string; message: string }>(
      'sequences',
      cases.map(({ context, lists, record }) => ({
        context: { id: specJson(context.id) },
        lists: Object.fromEntries(Object.entries(lists).map(([name, spec]) => [name, specJson(spec)])),
        record: hex(record),
      })),
    );
    let parsed = 0;
    for (const [i, { context, lists, record }] of cases.entries()) {
      const found = attempt(() => {
        const all = compileSequenceFeatures(context, lists).parse(record);
        return {
          context: kinds(context, all.context, true),
          lists: kinds(lists, all.featureLists as never, false),
        } as never;
      });
      const answer = answers[i];
      const where = `case ${i}: ${hex(record)} ${JSON.stringify(lists)}\n${JSON.stringify(answer)}`;
      if ('error' in answer) expect(typeof found, where).toBe('string');
      else {
        expect(found, where).toEqual(answer);
        parsed++;
      }
    }
    expect(parsed).toBeGreaterThan(100);
  });
});

import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { type MetricDefinition, MetricLog } from '../../../src/pipemode/train/metrics.ts';
import { pythonRegex, RegexMistake } from '../../../src/pipemode/train/python-regex.ts';

const HOST = 'algo-1';

/** The values and the problem of one pattern in a log. */
function valuesIn(
  regex: string,
  lines: readonly string[],
): { values: number[]; problem: string | undefined } {
  const log = new MetricLog([{ name: 'm', regex }]);
  for (const line of lines) log.feed(HOST, line, 0);
  const [{ points, problem }] = log.report().metrics;
  return { values: points.map(({ value }) => value), problem };
}

describe('the values of a metric', () => {
  // The patterns and lines are those of SageMaker's documentation and of published jobs.
  test.each([
    ['Train_error=(.*?);', 'Train_error=0.138318;  Valid_error=0.324557;', 0.138318],
    ['.*\\[[0-9]+\\].*#011train-rmse:(\\S+).*', '[7]#011train-rmse:0.25 #011validation-rmse:0.5', 0.25],
    ["'loss': ([0-9]+(.|e\\-)[0-9]+),?", "{'loss': 0.4321, 'epoch': 1.0}", 0.4321],
    ['loss: ([-+]?[0-9]*\\.?[0-9]+([eE][-+]?[0-9]+)?)', 'step 10 loss: -1.5e-3', -0.0015],
    ['(?i)ACCURACY = (?P<acc>\\d+)', 'Accuracy = 97', 97],
    ['loss=(\\S+)', 'loss= 1 loss=+.5 loss=3', 0.5],
  ])('%s', (regex, line, value) => {
    expect(valuesIn(regex, [line])).toEqual({ values: [value], problem: undefined });
  });

  test('come from all hosts, in the order of the log', () => {
    const log = new MetricLog([
      { name: 'loss', regex: 'loss=([0-9.]+)' },
      { name: 'acc', regex: 'acc=([0-9.]+)' },
    ]);
    log.feed('algo-2', 'loss=4', 100);
    log.feed('algo-10', 'loss=1 acc=0.5', 200);
    log.feed('algo-2', 'loss=2 loss=9', 300);
    const [loss, acc] = log.report().metrics;
    expect(loss).toEqual({
      name: 'loss',
      regex: 'loss=([0-9.]+)',
      count: 3,
      first: 4,
      last: 2,
      min: 1,
      max: 4,
      hosts: [
        { host: 'algo-2', count: 2, first: 4, last: 2, min: 2, max: 4 },
        { host: 'algo-10', count: 1, first: 1, last: 1, min: 1, max: 1 },
      ],
      points: [
        { host: 'algo-2', timeMs: 100, value: 4 },
        { host: 'algo-10', timeMs: 200, value: 1 },
        { host: 'algo-2', timeMs: 300, value: 2 },
      ],
      problem: undefined,
    });
    expect(acc).toMatchObject({ count: 1, last: 0.5 });
  });

  test('are counted exactly in a log of 120,000 values, and evenly spaced points are kept', () => {
    const log = new MetricLog([{ name: 'step', regex: 'step (\\d+)' }]);
    for (let i = 0; i < 120_000; i++) log.feed(HOST, `step ${i}`, i);
    const [step] = log.report().metrics;
    expect(step).toMatchObject({ count: 120_000, first: 0, last: 119_999, min: 0, max: 119_999 });
    expect(step.points.length).toBeGreaterThan(50_000);
    expect(step.points.length).toBeLessThan(100_000);
    const gaps = new Set(step.points.slice(1).map(({ value }, i) => value - step.points[i].value));
    expect([...gaps]).toEqual([2]);
  });

  test('a job without metrics costs nothing and reports nothing', () => {
    const log = new MetricLog([]);
    log.feed(HOST, 'loss=1');
    expect(log.report()).toEqual({ metrics: [] });
  });
});

describe('a problem is reported with an example', () => {
  test.each([
    ['loss=(\\d+)', ['acc=1'], [], 'matched no line of the log'],
    ['loss=\\d+', ['loss=1'], [], 'has no group, so it captures no value; put the number in parentheses'],
    ['loss=(\\S+)', ['loss=nan', 'loss=0.5', 'loss=inf'], [0.5], 'is not a number 2 times, first "nan"'],
    ['loss=(\\S*)', ['loss='], [], 'is not a number once, first ""'],
    ['loss=(\\S+)', ['loss=0x10'], [], 'is not a number once, first "0x10"'],
    ['loss=(a)?', ['loss='], [], 'is not a number once, first ""'],
    ['loss=(.+)', [`loss=\u001b[31m${'x'.repeat(100)}`], [], `first "\\u001b[31m${'x'.repeat(55)}…"`],
  ])('%s in %j', (regex, lines, values, text) => {
    const found = valuesIn(regex, lines);
    expect(found.values).toEqual(values);
    expect(found.problem).toContain(text);
    expect(found.problem).toMatch(/^m: the pattern /);
  });
});

test('a pattern that backtracks forever is disabled and reported; the others continue', () => {
  const log = new MetricLog([
    { name: 'slow', regex: '^(a+)+$' },
    { name: 'loss', regex: 'loss=(\\d+)' },
  ]);
  for (let i = 0; i < 20; i++) log.feed(HOST, `loss=${i}`);
  log.feed(HOST, `${'a'.repeat(40)}!`);
  for (let i = 20; i < 40; i++) log.feed(HOST, `loss=${i}`);
  const [slow, loss] = log.report().metrics;
  expect(slow.problem).toMatch(
    /slow: the pattern \^\(a\+\)\+\$ takes too long on the line "a{40}!" and was disabled/,
  );
  expect(loss).toMatchObject({ count: 40, first: 0, last: 39, problem: undefined });
});

describe("Python's syntax", () => {
  test.each([
    ['(?P<n>\\d)(?P=n)', 'a11', '11'],
    ['\\Aab\\Z', 'ab', 'ab'],
    ['\\Ab', 'ab', undefined],
    ['[]x]+', 'a]x]', ']x]'],
    ['[^]x]+', 'a]', 'a'],
    ['[[]', '[', '['],
    ['a{,2}b', 'aaab', 'aab'],
    ['(?#comment)a', 'a', 'a'],
    ['ab(?#comment)*', 'abb', 'abb'],
    ['a{,}b', 'aab', 'aab'],
    ['(a)\\1', 'aa', 'aa'],
    ['(?x) a \\ b # comment', 'xa b', 'a b'],
    ['(?x)[ #]+', ' #', ' #'],
    ['(?is)A.B', 'a\nb', 'a\nb'],
    ['(?<=loss )\\d', 'loss 5', '5'],
    ['(?m)^b$', 'a\nb', 'b'],
    ['{"a": (\\d)}', '{"a": 1}', '{"a": 1}'],
    ['{}+', 'a{}}', '{}}'],
    ['\\]\\-\\/\\%', ']-/%', ']-/%'],
  ])('%s in %j', (pattern, text, found) => {
    expect(pythonRegex(pattern).exec(text)?.[0]).toBe(found);
  });

  test.each([
    ['a++', /possessive quantifiers \(\+\+\) are not supported; write \+/],
    ['a{1,2}+', /possessive/],
    ['(?>a)', /atomic groups/],
    ['(a)(?(1)b|c)', /conditional groups/],
    ['a(?i)', /only at the start/],
    ['(?i:a)', /write \(\?i\) at the start/],
    ['\\y', /\\y is not an escape sequence/],
    ['\\', /ends with a backslash/],
    ['[a', /is not closed/],
    ['(a', /Unterminated group/],
    ['*a', /Nothing to repeat/],
    ['(a)\\2', /group 2 does not exist/],
    ['(?P=n)', /group n does not exist/],
    ['\\N{DIGIT ONE}', /not supported/],
  ])('%s is rejected with a reason', (pattern, reason) => {
    expect(() => pythonRegex(pattern)).toThrow(RegexMistake);
    expect(() => pythonRegex(pattern)).toThrow(reason);
  });

  test('an invalid pattern is an error that names the metric', () => {
    const definitions: MetricDefinition[] = [{ name: 'loss', regex: '(' }];
    expect(() => new MetricLog(definitions)).toThrow(UsageError);
    expect(() => new MetricLog(definitions)).toThrow(
      /^MetricDefinitions: invalid pattern \( of metric loss: /,
    );
  });
});

import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { compileGlob, isGlob } from '../../src/storage/glob.ts';

const matching = (pattern: string, names: readonly string[]): string[] =>
  names.filter((name) => compileGlob(pattern).matches(name));

describe('a pattern matches whole names', () => {
  test.each([
    ['*.tfrecord', ['a.tfrecord', '.tfrecord', 'd/a.tfrecord', 'a.tfrecord.gz'], ['a.tfrecord']],
    ['a?c', ['abc', 'ac', 'a/c', 'a\u{1f600}c'], ['abc', 'a\u{1f600}c']],
    ['d/*', ['d/a', 'd/.a', 'd/e/f', 'da'], ['d/a']],
    ['d/.*', ['d/a', 'd/.a'], ['d/.a']],
    ['d/**', ['d/a', 'd/e/f', 'd/.a', 'd/e/.f', 'd/.e/f', 'x/d/a'], ['d/a', 'd/e/f']],
    ['**/x', ['x', 'a/x', 'a/b/x', 'ax', 'a/.b/x', 'a//x'], ['x', 'a/x', 'a/b/x', 'a//x']],
    ['a/**/b', ['a/b', 'a/c/b', 'a/c/d/b', 'ab', 'a/cb'], ['a/b', 'a/c/b', 'a/c/d/b']],
    ['a**b', ['ab', 'axb', 'a/b'], ['ab', 'axb']],
    ['[a-c]', ['a', 'c', 'd', '-'], ['a', 'c']],
    ['[!a-c]', ['a', 'd', '/', '.'], ['d']],
    ['[^a]x', ['ax', 'bx'], ['bx']],
    ['[]a]', [']', 'a', 'b'], [']', 'a']],
    ['[a-]', ['a', '-', 'b'], ['a', '-']],
    ['a[*]', ['a*', 'ab'], ['a*']],
    ['{a,b}.x', ['a.x', 'b.x', 'c.x', '{a,b}.x'], ['a.x', 'b.x']],
    ['{a,b/{c,d}}/*', ['a/x', 'b/c/x', 'b/d/x', 'b/x'], ['a/x', 'b/c/x', 'b/d/x']],
    ['a{,.gz}', ['a', 'a.gz', 'a.zz'], ['a', 'a.gz']],
    ['{*.x,y}', ['a.x', 'y', '.x'], ['a.x', 'y']],
    ['\\*x', ['*x', 'ax'], ['*x']],
    ['train-[0-9][0-9]-of-*', ['train-01-of-12', 'train-1-of-12'], ['train-01-of-12']],
  ])('%s', (pattern, names, expected) => expect(matching(pattern, names)).toEqual(expected));

  test.each([
    ['x(1)/*', 'x(1)/t', 'x1/t'],
    ['a|b/*', 'a|b/t', 'a/t'],
    ['!bang/*', '!bang/t', 'other/t'],
    ['@(a)*', '@(a)b', 'ab'],
    ['+(a)*', '+(a)', 'aa'],
    ['a{b*', 'a{bc', 'ab'],
    ['a{b}*', 'a{b}c', 'abc'],
    ['a[b*', 'a[bc', 'ab'],
    ['[a/b]*', '[a/b]c', 'a'],
    ['a^$.*', 'a^$.x', 'a'],
    ['a\\', 'a\\', 'a'],
  ])('all other characters are literal: %s matches %s, not %s', (pattern, one, none) => {
    expect(compileGlob(pattern).matches(one)).toBe(true);
    expect(compileGlob(pattern).matches(none)).toBe(false);
  });
});

test.each([
  ['a*.tfrecord', true],
  ['a?.tfrecord', true],
  ['a[0-9].tfrecord', true],
  ['{a,b}.tfrecord', true],
  ['!(a).tfrecord', false],
  ['a.tfrecord', false],
  ['a (1).tfrecord', false],
  ['a[.tfrecord', false],
  ['a{b}.tfrecord', false],
  ['a{b,c', false],
  ['a|b', false],
])('%s is a pattern: %s', (text, expected) => expect(isGlob(text)).toBe(expected));

test.each([
  ['train/*.x', 'train/'],
  ['x(1)/t-{a,b}', 'x(1)/t-'],
  ['a[b', 'a[b'],
  ['a[b]', 'a'],
  ['!bang/{x', '!bang/{x'],
  ['a\\*b', 'a'],
])('the names that match %s begin with %s', (pattern, prefix) =>
  expect(compileGlob(pattern).prefix).toBe(prefix),
);

test('only folders that can contain matching names are entered', () => {
  const glob = compileGlob('data/*/{train,test}/*.x');
  const folders = [
    'data/',
    'data/a/',
    'data/a/train/',
    'data/a/other/',
    'data/a/train/deep/',
    'else/',
    'data/.a/',
  ];
  expect(folders.filter((folder) => glob.mayMatchBelow(folder))).toEqual([
    'data/',
    'data/a/',
    'data/a/train/',
  ]);
  expect(compileGlob('**/x').mayMatchBelow('a/b/c/')).toBe(true);
});

// For these, a backtracking matcher would take longer than the age of the universe.
test('patterns with many wildcards take time proportional to the name', () => {
  const dashes = '-'.repeat(1000);
  expect(compileGlob('*-*-*-*.tfrecord').matches(dashes)).toBe(false);
  expect(compileGlob('*-*-*-*.tfrecord').matches(`${dashes}.tfrecord`)).toBe(true);
  expect(compileGlob(`${'*a'.repeat(500)}b`).matches('a'.repeat(5000))).toBe(false);
  expect(compileGlob(`${'{a,aa}'.repeat(300)}b`).matches('a'.repeat(600))).toBe(false);
  expect(compileGlob(`${'**/'.repeat(300)}b`).matches('a/'.repeat(600))).toBe(false);
  expect(compileGlob('{'.repeat(2000)).matches('{'.repeat(2000))).toBe(true);
  expect(compileGlob('['.repeat(4000)).matches('['.repeat(4000))).toBe(true);
  expect(compileGlob(`${'{,'.repeat(1000)}x${'}'.repeat(1000)}`).matches('x')).toBe(true);
});

test('a pattern of more than 4,096 characters is rejected', () => {
  expect(() => compileGlob('*'.repeat(4097))).toThrow(UsageError);
});

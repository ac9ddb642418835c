import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { compareKeys, objectUri, parseObjectUri } from '../../src/storage/object-address.ts';

const KEYS = [
  'train.tfrecord',
  'with blank',
  'a+b',
  '100%25',
  '100%',
  'what?versionId=1#top',
  'ünï/😀',
  'a//b',
  '/starts with a slash',
  'folder/',
  '',
  '[0-9]*{a,b}',
  `${'k'.repeat(500)}/${'l'.repeat(499)}`,
];

describe('addresses', () => {
  test.each(KEYS)('the key %j is used unchanged', (key) => {
    expect(parseObjectUri(objectUri('bucket', key))).toEqual({ bucket: 'bucket', key });
  });

  test('a bucket alone has an empty key', () => {
    expect(parseObjectUri('s3://bucket')).toEqual({ bucket: 'bucket', key: '' });
  });

  test('a URL is decoded', () => {
    const { bucket, key } = parseObjectUri(new URL('s3://bucket/with blank/%C3%BC%2B'));
    expect([bucket, key]).toEqual(['bucket', 'with blank/ü+']);
  });

  test('access points are named by their ARN', () => {
    const arn = 'arn:aws:s3:eu-central-1:123456789012:accesspoint/training';
    expect(parseObjectUri(`s3://${arn}/a/b`)).toEqual({ bucket: arn, key: 'a/b' });
  });

  test.each([
    ['s3:///key', /has no bucket/],
    ['s3://', /has no bucket/],
    ['s3://a/key', /a bucket name/],
    ['s3://has blank/key', /a bucket name.*"has blank"/],
    ['s3://*/key', /a bucket name/],
    [new URL('s3://bucket/a?b'), /without \? and #/],
    [new URL('s3://bucket/%ff'), /percent-encoded UTF-8/],
  ])('%s is rejected', (uri, message) => {
    expect(() => parseObjectUri(uri)).toThrow(UsageError);
    expect(() => parseObjectUri(uri)).toThrow(message);
  });
});

test('keys are ordered by their UTF-8 bytes', () => {
  const keys = ['b', 'a/b', 'a.b', 'a', 'l/\u{1f600}', 'l/\uffee', 'l/\ud7ff', 'l/é', 'l/\u{10ffff}', 'l/'];
  const byBytes = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  expect([...keys].sort(compareKeys)).toEqual(byBytes);
  expect([...keys].sort()).not.toEqual(byBytes);
});

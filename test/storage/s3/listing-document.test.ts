import { expect, test } from 'vitest';
import { parseListing } from '../../../src/storage/s3/listing-document.ts';

const page = (content: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${content}</ListBucketResult>\n`;
const flag = '<IsTruncated>false</IsTruncated>';

test('a page of a service', () => {
  const document = page(`<Name>bucket</Name><Prefix>a/</Prefix><KeyCount>2</KeyCount><MaxKeys>1000</MaxKeys>
    <EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>
    <NextContinuationToken>1/&lt;w=</NextContinuationToken>
    <Contents><Key>a/1+%26</Key><LastModified>2026-11-28T00:00:00.000Z</LastModified><ETag>&quot;e&quot;</ETag>
      <Owner><ID>1</ID><Key>not this</Key></Owner><Size>5</Size><StorageClass>STANDARD</StorageClass></Contents>
    <Contents><Key>a/2</Key><ETag>&#34;f&#x22;</ETag><Size>0</Size></Contents>
    <CommonPrefixes><Prefix>a/b/</Prefix></CommonPrefixes>`);
  expect(parseListing(document)).toEqual({
    Contents: [
      { Key: 'a/1+%26', Size: 5, ETag: '"e"', LastModified: new Date('2026-11-28T00:00:00.000Z') },
      { Key: 'a/2', Size: 0, ETag: '"f"', LastModified: undefined },
    ],
    EncodingType: 'url',
    IsTruncated: true,
    NextContinuationToken: '1/<w=',
  });
});

test.each([
  ['spaces in a key', '<Key> a b </Key>', ' a b '],
  ['a CDATA section', '<Key>a<![CDATA[<&>]]>b</Key>', 'a<&>b'],
  ['a comment', '<Key>a<!-- <Key> -->b</Key>', 'ab'],
  ['an attribute', '<Key a="x/y">ab</Key>', 'ab'],
  ['an ampersand', '<Key>a&amp;lt;b</Key>', 'a&lt;b'],
  ['an empty key', '<Key/>', ''],
])('%s', (_, key, expected) => {
  const { Contents } = parseListing(page(`${flag}<Contents>${key}<Size>1</Size></Contents>`));
  expect(Contents?.[0]?.Key).toBe(expected);
});

test.each([
  ['a truncated document', page(flag).slice(0, -20)],
  ['a truncated tag', '<ListBucketResult><IsTruncated>false</IsTruncated'],
  ['tags that cross', page('<Contents><Key>a</Contents></Key>')],
  ['a repeated key', page(`${flag}<Contents><Key>a</Key><Key>b</Key></Contents>`)],
  ['an unknown entity', page(`${flag}<Contents><Key>&a;</Key></Contents>`)],
  ['a character that does not exist', page(`${flag}<Contents><Key>&#1114112;</Key></Contents>`)],
  ['a flag that is neither true nor false', page('<IsTruncated>0</IsTruncated>')],
  ['a document type', `<!DOCTYPE a>${page(flag)}`],
])('%s cannot be parsed, and the request is repeated', (_, document) => {
  expect(() => parseListing(document)).toThrow(
    expect.objectContaining({ kind: 'transient', code: 'unreadable-response' }),
  );
});

test.each(['not XML', '', '<html><body>Log in</body></html>', '{"a": 1}'])('%j is no listing', (document) => {
  expect(parseListing(document)).toMatchObject({ Contents: [], IsTruncated: undefined });
});

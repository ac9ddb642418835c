import { expect, test } from 'vitest';
import { MalformedResponse, parseResponseHead } from '../../../../src/storage/s3/http/response-head.ts';

const head = (...lines: string[]): ReturnType<typeof parseResponseHead> =>
  parseResponseHead(lines.join('\r\n'));

test('status, reason and headers: names in lower case, repeated ones joined with commas', () => {
  const parsed = head(
    'HTTP/1.1 206 Partial Content',
    'ETag: "a:b"',
    'x-a:1',
    'X-A: \t2 ',
    'Content-Length: 10',
  );
  expect(parsed).toMatchObject({ status: 206, reason: 'Partial Content', body: 10, keepAlive: true });
  expect({ ...parsed.headers }).toEqual({ etag: '"a:b"', 'x-a': '1, 2', 'content-length': '10' });
});

test.each<[string, string[], object]>([
  [
    'closed afterwards',
    ['HTTP/1.1 200', 'content-length: 0', 'connection: Close'],
    { body: 0, keepAlive: false },
  ],
  ['of the older protocol', ['HTTP/1.0 200 OK', 'content-length: 3'], { body: 3, keepAlive: false }],
  ['of no length', ['HTTP/1.1 200 OK'], { body: 'until closed', keepAlive: false }],
  ['in chunks', ['HTTP/1.1 200 OK', 'transfer-encoding: Chunked'], { body: 'chunked', keepAlive: true }],
  ['without a body', ['HTTP/1.1 304 Not Modified', 'content-length: 7'], { body: 0, keepAlive: true }],
])('%s', (_, lines, expected) => {
  expect(head(...lines)).toMatchObject(expected);
});

test.each<[string, string[]]>([
  ['another protocol', ['HTTP/2 200 OK']],
  ['no status', ['HTTP/1.1 OK']],
  ['no colon', ['HTTP/1.1 200 OK', 'nothing']],
  ['a blank before the colon', ['HTTP/1.1 200 OK', 'content-length : 3']],
  ['a folded line', ['HTTP/1.1 200 OK', 'x-a: 1', ' 2']],
  ['a lone line feed', ['HTTP/1.1 200 OK', 'x-a: 1\nx-b: 2']],
  ['a negative length', ['HTTP/1.1 200 OK', 'content-length: -1']],
  ['two lengths', ['HTTP/1.1 200 OK', 'content-length: 1', 'content-length: 2']],
  ['a length beyond 2^53', ['HTTP/1.1 200 OK', 'content-length: 99999999999999999999']],
  ['chunks and a length', ['HTTP/1.1 200 OK', 'transfer-encoding: chunked', 'content-length: 3']],
  ['another coding', ['HTTP/1.1 200 OK', 'transfer-encoding: gzip, chunked']],
])('%s: malformed', (_, lines) => {
  expect(() => head(...lines)).toThrow(MalformedResponse);
});

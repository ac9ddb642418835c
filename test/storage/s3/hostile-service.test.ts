import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { listObjects, type ObjectOptions, openObject, statObject } from '../../../src/storage/index.ts';
import { closeS3Clients } from '../../../src/storage/s3/s3-clients.ts';

/** Responds to one request of a connection after another. */
type Answerer = (socket: Socket, request: string, number: number) => void;

let server: Server;
let answer: Answerer = () => {};
let requests = 0;

beforeAll(async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'key');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
  server = createServer((socket) => {
    let head = '';
    socket.on('error', () => {});
    socket.on('data', (data) => {
      head += data.toString('latin1');
      for (let end = head.indexOf('\r\n\r\n'); end >= 0; end = head.indexOf('\r\n\r\n')) {
        const request = head.slice(0, end);
        head = head.slice(end + 4);
        answer(socket, request, requests++);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await closeS3Clients();
  server.close();
});

function options(given: Partial<ObjectOptions> = {}): Partial<ObjectOptions> {
  const { port } = server.address() as AddressInfo;
  return { endpointUrl: `http://127.0.0.1:${port}`, region: 'us-east-1', retryTimeoutMs: 1000, ...given };
}

async function listed(given?: Partial<ObjectOptions>): Promise<string[]> {
  const uris: string[] = [];
  for await (const { uri } of listObjects('s3://bucket/train/', options(given))) uris.push(uri);
  return uris;
}

function page(socket: Socket, content: string): void {
  const flag = content.includes('<IsTruncated>') ? '' : '<IsTruncated>false</IsTruncated>';
  document(socket, `<ListBucketResult>${flag}${content}</ListBucketResult>`);
}

function document(socket: Socket, body: string): void {
  socket.write(
    `HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}

const entry = (key: string, size: string): string => `<Contents><Key>train/${key}</Key>${size}</Contents>`;
const more = (token: string): string =>
  `<IsTruncated>true</IsTruncated><NextContinuationToken>${token}</NextContinuationToken>`;

describe('an incomplete listing is an error, never a shorter listing', () => {
  test.each([
    ['truncated without a continuation token', '<IsTruncated>true</IsTruncated>', /no continuation token/],
    ['truncated with an empty token', more(''), /no continuation token/],
  ])('%s', async (_, content, message) => {
    answer = (socket) => page(socket, content + entry('a', '<Size>5</Size>'));
    await expect(listed()).rejects.toMatchObject({
      code: 'io-failure',
      message: expect.stringMatching(message),
    });
  });

  test.each([
    ['an empty body', ''],
    ['a login page', '<html><body>Please log in</body></html>'],
    ['another document of S3', '<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>'],
    ['a listing without IsTruncated', `<ListBucketResult>${entry('b', '<Size>5</Size>')}</ListBucketResult>`],
  ])('%s instead of the first page or a later one', async (_, body) => {
    for (const first of [true, false]) {
      answer = (socket, request) => {
        if (first || request.includes('continuation-token=')) document(socket, body);
        else page(socket, more('next') + entry('a', '<Size>5</Size>'));
      };
      await expect(listed()).rejects.toMatchObject({
        code: 'io-failure',
        message: expect.stringMatching(/IsTruncated is missing/),
      });
    }
  });

  test.each([
    ['<Size>-5</Size>'],
    ['<Size>1e400</Size>'],
    ['<Size>99999999999999999999</Size>'],
    ['<Size>9007199254740992</Size>'],
    ['<Size>NaN</Size>'],
    [''],
  ])('a size that is %s', async (size) => {
    answer = (socket) => page(socket, entry('a', size));
    await expect(listed({ maxAttempts: 1 })).rejects.toMatchObject({
      code: expect.stringMatching(/^(io-failure|retries-exhausted)$/),
    });
  });

  test.each([
    ['no key', '<Contents><Size>5</Size></Contents>', /no key/],
    ['a key outside the prefix', '<Contents><Key>other/a</Key><Size>5</Size></Contents>', /does not start/],
    [
      'a key that cannot be decoded',
      `<EncodingType>url</EncodingType>${entry('%E0%A4%A', '<Size>5</Size>')}`,
      /not valid URL encoding/,
    ],
  ])('%s', async (_, content, message) => {
    answer = (socket) => page(socket, content);
    await expect(listed()).rejects.toMatchObject({
      code: 'io-failure',
      message: expect.stringMatching(message),
    });
  });

  test.each([
    ['a web page', '<!DOCTYPE html><html><body>Log in</body></html>', /web page/],
    [
      'entities',
      `<!DOCTYPE r [<!ENTITY a "b">]><ListBucketResult>${entry('&a;', '<Size>5</Size>')}</ListBucketResult>`,
      /document type/,
    ],
  ])('%s instead of a listing', async (_, body, message) => {
    answer = (socket) => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    await expect(listed()).rejects.toMatchObject({
      code: 'io-failure',
      message: expect.stringMatching(message),
    });
  });

  test('HEAD without Content-Length is an error, not an empty object', async () => {
    answer = (socket) => socket.write('HTTP/1.1 200 OK\r\nETag: "e"\r\n\r\n');
    await expect(statObject('s3://bucket/a', options())).rejects.toMatchObject({ code: 'io-failure' });
  });
});

describe('an endless listing is an error', () => {
  test('a repeated token', async () => {
    answer = (socket, _, number) => page(socket, more(`t${number % 3}`));
    await expect(listed({ retryTimeoutMs: 60_000 })).rejects.toThrow(/same continuation token twice/);
  });

  test('new tokens and no objects', async () => {
    answer = (socket, _, number) => page(socket, more(`t${number}`));
    await expect(listed()).rejects.toThrow(/pages without objects/);
  });

  test('an endless body is collected up to 8 MiB', async () => {
    const spaces = Buffer.alloc(1024 * 1024, 32);
    let sent = 0;
    answer = (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n');
      const go = (): void => {
        if (socket.destroyed || sent > 2 ** 30) return;
        sent += spaces.length;
        if (socket.write(spaces)) setImmediate(go);
        else socket.once('drain', go);
      };
      go();
    };
    await expect(listed()).rejects.toMatchObject({
      code: 'io-failure',
      message: expect.stringMatching(/longer than/),
    });
    expect(sent).toBeLessThan(64 * 1024 * 1024);
  });

  test('a slow body fails within the retry timeout', async () => {
    const before = requests;
    answer = (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n');
      const timer = setInterval(() => (socket.destroyed ? clearInterval(timer) : socket.write(' ')), 50);
    };
    await expect(listed()).rejects.toMatchObject({ code: 'retries-exhausted' });
    expect(requests - before).toBeLessThanOrEqual(2);
  });
});

describe('redirects between regions', () => {
  const redirect = (socket: Socket, region: string): boolean =>
    socket.write(`HTTP/1.1 301 Moved\r\nx-amz-bucket-region: ${region}\r\nContent-Length: 0\r\n\r\n`);

  test.each([
    ['listing', listed],
    ['statObject', async () => statObject('s3://bucket/a', options())],
    ['reading', async () => openObject('s3://bucket/a', options()).chunks[Symbol.asyncIterator]().next()],
  ])('%s fails after a few', async (_, act) => {
    for (const region of [(n: number) => `r-${n}`, (n: number) => `r-${n % 2}`]) {
      const before = requests;
      answer = (socket, __, number) => redirect(socket, region(number));
      await expect(act()).rejects.toMatchObject({
        code: 'io-failure',
        message: expect.stringMatching(/keeps redirecting/),
      });
      expect(requests - before).toBeLessThan(6);
    }
  });

  test('an invalid region is neither used in a host name nor shown', async () => {
    answer = (socket) => redirect(socket, '127.0.0.1:1/?\u0001');
    const error = await openObject('s3://other/a', options())
      .chunks[Symbol.asyncIterator]()
      .next()
      .catch((one) => one);
    expect(error.code).toBe('io-failure');
    expect(error.message).not.toContain('127.0.0.1:1/');
  });
});

describe('endless responses to GET', () => {
  const read = async (): Promise<unknown> =>
    openObject('s3://bucket/a', options({ maxAttempts: 2, headersTimeoutMs: 500, connectTimeoutMs: 500 }))
      .chunks[Symbol.asyncIterator]()
      .next();

  test('endless interim responses', async () => {
    answer = (socket) => socket.write('HTTP/1.1 100 Continue\r\n\r\n'.repeat(2000));
    await expect(read()).rejects.toMatchObject({
      code: 'retries-exhausted',
      message: expect.stringMatching(/interim/),
    });
  });

  test('slow interim responses', async () => {
    answer = (socket) => {
      const timer = setInterval(
        () => (socket.destroyed ? clearInterval(timer) : socket.write('HTTP/1.1 100 Continue\r\n\r\n')),
        100,
      );
    };
    await expect(read()).rejects.toMatchObject({ code: 'retries-exhausted' });
  });

  test('an endless error document', async () => {
    answer = (socket) => {
      socket.write('HTTP/1.1 400 Bad\r\nContent-Length: 99999999999\r\n\r\n');
      const piece = Buffer.alloc(65536, 97);
      const go = (): void => {
        if (socket.destroyed) return;
        if (socket.write(piece)) setImmediate(go);
        else socket.once('drain', go);
      };
      go();
    };
    await expect(read()).rejects.toMatchObject({ code: 'io-failure' });
  });
});

import { readFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createSecureServer } from 'node:tls';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ConnectionPool } from '../../../../src/storage/s3/http/connection-pool.ts';
import type { ResponseHead } from '../../../../src/storage/s3/http/response-head.ts';

const TIMEOUTS = { connectTimeoutMs: 2000, headersTimeoutMs: 2000, idleTimeoutMs: 2000 };
const pem = (name: string): Buffer =>
  readFileSync(new URL(`../../../support/localhost-${name}.pem`, import.meta.url));

let server: Server | undefined;
let pool = new ConnectionPool(TIMEOUTS);
const sockets: Socket[] = [];

/** Starts a server that calls `answer` for each chunk, which it treats as a request. */
async function serve(answer: (socket: Socket, number: number) => void, secure = false): Promise<number> {
  let number = 0;
  const taken = (socket: Socket): void => {
    sockets.push(socket);
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('data', () => answer(socket, number++));
  };
  server = secure
    ? createSecureServer({ key: pem('key'), cert: pem('certificate') }, taken)
    : createServer(taken);
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return (server.address() as { port: number }).port;
}

afterEach(async () => {
  pool.destroy();
  pool = new ConnectionPool(TIMEOUTS);
  for (const socket of sockets.splice(0)) socket.destroy();
  await new Promise((resolve) => server?.close(resolve));
});

interface Got {
  readonly head: ResponseHead | undefined;
  readonly text: string;
  readonly error: (Error & { code?: string }) | undefined;
}

/** @param block bytes of memory per call */
function get(port: number, { protocol = 'http:', hostname = '127.0.0.1', block = 1000 } = {}): Promise<Got> {
  return new Promise((resolve) => {
    let head: ResponseHead | undefined;
    let text = '';
    pool.send({ protocol, hostname, port }, 'GET / HTTP/1.1\r\nhost: here\r\n\r\n', {
      onHead: (one) => {
        head = one;
      },
      memory: (most) => new Uint8Array(Math.min(most, block)),
      onData: (bytes) => {
        text += Buffer.from(bytes).toString('latin1');
      },
      onEnd: () => resolve({ head, text, error: undefined }),
      onFailure: (error) => resolve({ head, text, error }),
    });
  });
}

const LONG = 'abcdefghij'.repeat(50_000);
const OK = 'HTTP/1.1 200 OK\r\n';

describe.each([
  ['plain', 'http:'],
  ['TLS', 'https:'],
])('%s', (_, protocol) => {
  const secure = protocol === 'https:';
  if (secure) vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');

  test('consecutive requests reuse one connection, regardless of how responses are split', async () => {
    const port = await serve((socket, number) => {
      const text = `${OK}content-length: ${LONG.length}\r\n\r\n${LONG}`;
      if (number % 2 === 0) socket.write(text);
      else for (const piece of [text.slice(0, 7), text.slice(7, 50), text.slice(50)]) socket.write(piece);
    }, secure);
    for (const block of [1_000_000, 999, 65_536, 7]) {
      expect(await get(port, { protocol, block })).toMatchObject({ text: LONG, error: undefined });
    }
    expect(sockets.length).toBe(1);
  });

  test('a truncated response is ECONNRESET', async () => {
    const port = await serve((socket) => socket.end(`${OK}content-length: 10\r\n\r\n12345`), secure);
    expect(await get(port, { protocol })).toMatchObject({ text: '12345', error: { code: 'ECONNRESET' } });
  });

  test('concurrent requests have one connection each', async () => {
    const port = await serve((socket) => socket.write(`${OK}content-length: 3\r\n\r\nyes`), secure);
    const all = await Promise.all(Array.from({ length: 20 }, () => get(port, { protocol, block: 2 })));
    expect(all.map(({ text }) => text)).toEqual(Array(20).fill('yes'));
    expect(sockets.length).toBe(20);
  });
});

test.each<[string, string, string]>([
  ['nothing', 'content-length: 0\r\n\r\n', ''],
  [
    'chunks',
    'transfer-encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nx-t: 1\r\n\r\n',
    'abc0123456789',
  ],
])('a body of %s, and the connection is reused', async (_, rest, expected) => {
  const port = await serve((socket) => {
    // Send one byte at a time, as far as the system allows.
    for (const byte of `HTTP/1.1 100 Continue\r\n\r\n${OK}${rest}`) socket.write(byte);
  });
  for (let i = 0; i < 2; i++) expect(await get(port)).toMatchObject({ text: expected, error: undefined });
  expect(sockets.length).toBe(1);
});

test('a body without a length ends when the connection closes', async () => {
  const port = await serve((socket) => socket.end(`${OK}\r\n${LONG}`));
  expect(await get(port)).toMatchObject({ text: LONG, error: undefined });
});

test('bytes after the body are ignored, and the connection is not reused', async () => {
  const port = await serve((socket) => socket.write(`${OK}content-length: 3\r\n\r\nabcHTTP/1.1 200 OK`));
  expect(await get(port)).toMatchObject({ text: 'abc', error: undefined });
  expect(await get(port)).toMatchObject({ text: 'abc', error: undefined });
  expect(sockets.length).toBe(2);
});

test.each([
  ['not an HTTP response', 'SSH-2.0-OpenSSH\r\n\r\n'],
  ['endless headers', `${OK}${'x-a: b\r\n'.repeat(20_000)}`],
  ['chunks without a size', `${OK}transfer-encoding: chunked\r\n\r\nxyz\r\n`],
])('%s: a malformed response', async (_, text) => {
  const port = await serve((socket) => socket.write(text));
  expect((await get(port)).error).toMatchObject({ code: 'MalformedResponse' });
});

test('a silent service times out', async () => {
  pool = new ConnectionPool({ ...TIMEOUTS, headersTimeoutMs: 100, idleTimeoutMs: 100 });
  const port = await serve((socket, number) => {
    if (number > 0) socket.write(`${OK}content-length: 10\r\n\r\n12345`);
  });
  expect((await get(port)).error).toMatchObject({ code: 'HeadersTimeout' });
  expect(await get(port)).toMatchObject({ text: '12345', error: { code: 'BodyTimeout' } });
});

test('Keep-Alive limits how long a connection is kept', async () => {
  const port = await serve((socket) =>
    socket.write(`${OK}keep-alive: timeout=1\r\ncontent-length: 0\r\n\r\n`),
  );
  await get(port);
  await new Promise<void>((resolve) => sockets[0].once('close', () => resolve()));
  expect((await get(port)).error).toBeUndefined();
  expect(sockets.length).toBe(2);
});

test('an untrusted certificate is an error', async () => {
  vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '1');
  const port = await serve(() => {}, true);
  expect((await get(port, { protocol: 'https:', hostname: 'localhost' })).error?.code).toMatch(/SELF_SIGNED/);
  vi.unstubAllEnvs();
});

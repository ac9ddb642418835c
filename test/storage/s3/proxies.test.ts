import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import {
  createServer as createHttp,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type ObjectOptions, openObject, openObjectWriter, statObject } from '../../../src/storage/index.ts';
import { closeS3Clients } from '../../../src/storage/s3/s3-clients.ts';
import { type FaultyS3, faultyS3 } from '../../support/faulty-s3/index.ts';
import { tempDir } from '../../support/temp-dir.ts';

const temp = tempDir();
const pem = (name: string): string =>
  fileURLToPath(new URL(`../../support/localhost-${name}.pem`, import.meta.url));
const CERTIFICATE = pem('certificate');
const BYTES = new Uint8Array(3_000_000).map((_, i) => i % 251);
const closing: Server[] = [];

let store: FaultyS3;
/** The same service with TLS. */
let tls: string;
/** A service whose certificate is for another host. */
let otherHost: string;
let proxy: string;
/** Requests that the proxy received. */
let proxied: string[] = [];
/** The proxy's response instead of a connection, if any. */
let refusal: number | undefined;

function relay(message: IncomingMessage, response: ServerResponse, port: number, path: string): void {
  const { method, headers } = message;
  const onward = request({ port, host: '127.0.0.1', method, path, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 500, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  message.pipe(onward);
}

async function listening(server: Server, host = '127.0.0.1'): Promise<number> {
  closing.push(server);
  server.listen(0, host);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

beforeAll(async () => {
  store = await faultyS3({ objects: { 'bucket/a': BYTES } });
  const keys = { cert: readFileSync(CERTIFICATE), key: readFileSync(pem('key')) };
  const serve = (message: IncomingMessage, response: ServerResponse): void =>
    relay(message, response, store.port, message.url ?? '/');
  tls = `https://localhost:${await listening(createHttps(keys, serve))}`;
  otherHost = `https://127.0.0.2:${await listening(createHttps(keys, serve), '127.0.0.2')}`;
  const forward = createHttp((message, response) => {
    proxied.push(`${message.method} ${message.url}`);
    const { pathname, search } = new URL(message.url ?? '');
    relay(message, response, store.port, pathname + search);
  });
  forward.on('connect', (message, socket, head) => {
    proxied.push(`CONNECT ${message.url}`);
    if (refusal !== undefined) {
      socket.end(`HTTP/1.1 ${refusal} Refused\r\n\r\n`);
      return;
    }
    const [, port] = (message.url ?? '').split(':');
    const onward = connect(Number(port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      if (head.length > 0) onward.write(head);
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  });
  proxy = `http://127.0.0.1:${await listening(forward)}`;
});

beforeEach(() => {
  proxied = [];
  refusal = undefined;
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'key');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await closeS3Clients();
});
afterAll(async () => {
  for (const server of closing) {
    server.close();
    server.closeAllConnections();
  }
  await store.close();
});

const options = (endpointUrl: string): Partial<ObjectOptions> => ({
  endpointUrl,
  region: 'us-east-1',
  maxAttempts: 2,
  partBytes: 1_000_000,
});

async function read(endpointUrl: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of openObject('s3://bucket/a', options(endpointUrl)).chunks) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('proxies', () => {
  test('HTTP_PROXY serves every request of an http:// endpoint', async () => {
    vi.stubEnv('HTTP_PROXY', proxy.replace('http://', '')); // The form that curl accepts.
    expect((await statObject('s3://bucket/a', options('http://s3.test:9000'))).size).toBe(BYTES.length);
    expect((await read('http://s3.test:9000')).equals(BYTES)).toBe(true);
    const writer = await openObjectWriter('s3://bucket/b', options('http://s3.test:9000'));
    await writer.write(new Uint8Array(3));
    await writer.close();
    expect(proxied.filter((one) => one.startsWith('GET http://s3.test:9000/bucket/a')).length).toBe(3);
    expect(new Set(proxied.map((one) => one.split(' ')[0]))).toEqual(new Set(['HEAD', 'GET', 'PUT']));
  });

  test('HTTPS_PROXY tunnels an https:// endpoint; HTTP_PROXY does not serve it', async () => {
    vi.stubEnv('AWS_CA_BUNDLE', CERTIFICATE);
    vi.stubEnv('https_proxy', proxy);
    expect((await read(tls)).equals(BYTES)).toBe(true);
    expect(new Set(proxied)).toEqual(new Set([`CONNECT ${new URL(tls).host}`]));
    proxied = [];
    vi.stubEnv('https_proxy', '');
    vi.stubEnv('HTTP_PROXY', proxy);
    expect((await read(tls)).equals(BYTES)).toBe(true);
    expect(proxied).toEqual([]);
  });

  test('hosts in NO_PROXY are connected to directly', async () => {
    vi.stubEnv('HTTP_PROXY', proxy);
    vi.stubEnv('NO_PROXY', 'localhost,127.0.0.1');
    expect((await read(store.url)).equals(BYTES)).toBe(true);
    expect(proxied).toEqual([]);
  });

  test('the error of an unreachable or rejecting proxy names its variable', async () => {
    vi.stubEnv('HTTP_PROXY', 'http://127.0.0.1:9');
    await expect(read('http://s3.test')).rejects.toThrow(/ECONNREFUSED.*the proxy in HTTP_PROXY/s);
    vi.stubEnv('HTTPS_PROXY', proxy);
    refusal = 407;
    await expect(read(tls)).rejects.toMatchObject({
      code: 'io-failure',
      message: expect.stringMatching(/proxy.*407/s),
    });
    vi.stubEnv('HTTPS_PROXY', 'socks5://127.0.0.1:9');
    await expect(read(tls)).rejects.toMatchObject({
      name: 'UsageError',
      message: expect.stringMatching(/^HTTPS_PROXY: /),
    });
  });
});

describe('certificates', () => {
  test('certificates in AWS_CA_BUNDLE are trusted for every request', async () => {
    vi.stubEnv('AWS_CA_BUNDLE', CERTIFICATE);
    expect((await statObject('s3://bucket/a', options(tls))).size).toBe(BYTES.length);
    expect((await read(tls)).equals(BYTES)).toBe(true);
  });

  test('an untrusted certificate, a wrong host and a wrong scheme each get their own advice', async () => {
    for (const act of [read, (url: string) => statObject('s3://bucket/a', options(url))]) {
      await expect(act(tls)).rejects.toMatchObject({
        code: 'io-failure',
        message: expect.stringMatching(/certificate.*not trusted.*AWS_CA_BUNDLE/s),
      });
      const plain = store.url.replace('http:', 'https:');
      await expect(act(plain)).rejects.toThrow(/does not support TLS/);
      vi.stubEnv('AWS_CA_BUNDLE', CERTIFICATE);
      await expect(act(otherHost)).rejects.toThrow(/certificate is for a different host/);
      vi.stubEnv('AWS_CA_BUNDLE', '');
    }
  });

  test('a bundle that is missing, or has no certificate, is a usage error that names the variable', async () => {
    vi.stubEnv('AWS_CA_BUNDLE', '/nonexistent.pem');
    await expect(read(tls)).rejects.toMatchObject({
      name: 'UsageError',
      message: expect.stringMatching(/^AWS_CA_BUNDLE: /),
    });
    vi.stubEnv('AWS_CA_BUNDLE', temp.file('empty.pem', Buffer.from('nothing')));
    await expect(read(tls)).rejects.toThrow(/^AWS_CA_BUNDLE: expected/);
  });
});

import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { crc32c } from '../../src/index.ts';
import { missingCounterpart } from '../counterparts/counterpart.ts';
import { fixture, sha256 } from '../support/golden.ts';
import { oracleCrc32c } from '../support/oracle-crc.ts';
import { oracleDecode } from '../support/oracle-tfrecord.ts';
import { documentOf } from './chromium.ts';
import type { PageResults } from './results.ts';

const missing = missingCounterpart('chromium');
const FILES: Readonly<Record<string, string>> = {
  'sizes.tfrecord': 'tfrecord-sizes.bin',
  'sizes-gzip.tfrecord': 'tfrecord-sizes-gzip.bin',
  'sizes-zlib.tfrecord': 'tfrecord-sizes-zlib.bin',
  'gzip-members.tfrecord': 'tfrecord-gzip-members.bin',
  'damaged-data.tfrecord': 'damaged-data.bin',
  'truncated-gzip.tfrecord': 'truncated-gzip.bin',
  'not-a-tfrecord-html.tfrecord': 'not-a-tfrecord-html.bin',
};
const PAGE =
  '<!doctype html><meta charset="utf-8"><pre id="results"></pre><img src="last"><script type="module" src="page.js"></script>';
const POLICIES: Readonly<Record<string, string | undefined>> = {
  '/none/': undefined,
  '/with/': "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'",
  '/without/': "default-src 'self'; script-src 'self'",
};

function listed(name: string): string[] {
  return oracleDecode(fixture(name)).records.map(({ payload }) => `${payload.length} ${sha256(payload)}`);
}

describe.skipIf(missing !== undefined)('Chromium', () => {
  let script: string;
  let server: Server;
  let address: string;

  beforeAll(async () => {
    const { outputFiles, metafile } = await build({
      entryPoints: [fileURLToPath(new URL('page.ts', import.meta.url))],
      bundle: true,
      write: false,
      metafile: true,
      format: 'esm',
      platform: 'browser',
      // Ignore the paths of tsconfig.json: the page imports the built package, as users do.
      tsconfigRaw: {},
    });
    script = outputFiles[0].text;
    expect(Object.keys(metafile.inputs).some((input) => input.includes('dist/browser/index.js'))).toBe(true);
    let last: ServerResponse | undefined;
    server = createServer((request, response) => {
      const { pathname } = new URL(request.url!, 'http://localhost');
      const folder = pathname.slice(0, pathname.lastIndexOf('/') + 1);
      const name = pathname.slice(folder.length);
      const policy = POLICIES[folder];
      if (policy !== undefined) response.setHeader('Content-Security-Policy', policy);
      if (name === '') response.setHeader('Content-Type', 'text/html').end(PAGE);
      else if (name === 'page.js') response.setHeader('Content-Type', 'text/javascript').end(script);
      else if (name === 'last') last = response;
      else if (name === 'finished') {
        response.end();
        last?.writeHead(404).end();
      } else if (FILES[name] !== undefined) response.end(fixture(FILES[name]));
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(() => server?.close());

  test('the bundle imports no Node modules', () => {
    expect(script).not.toMatch(/(from|import\(?|require\()\s*["']node:/);
  });

  describe.each([
    ['/none/', 'wasm'],
    ['/with/', 'wasm'],
    ['/without/', 'table'],
  ])('%s: uses the %s kernel', (folder, kernel) => {
    let results: PageResults;
    beforeAll(async () => {
      const document = await documentOf(address + folder);
      const text = /<pre id="results">([^<]*)/.exec(document)?.[1] ?? document;
      try {
        results = JSON.parse(text) as PageResults;
      } catch {
        throw new Error(`the page has no results: ${text}`);
      }
    });

    test('checksums', () => {
      expect(results.kernel).toBe(kernel);
      expect(results.check).toBe(0xe3069283);
      expect(results.fileChecksum).toBe(crc32c(fixture('tfrecord-sizes.bin')));
      expect(results.fileChecksum).toBe(oracleCrc32c(fixture('tfrecord-sizes.bin')));
      expect(results.inTwoParts).toBe(true);
    });

    test('encoding', () => {
      expect(results.ownFrames).toEqual([777, 59_223]);
      expect(results.sameAsOneByOne).toBe(true);
    });

    test.each([
      'Response',
      'Response, reuse',
      'Blob',
      'File',
      'ReadableStream',
      'Uint8Array',
      'ArrayBuffer',
      'sync',
      'batches',
      'decoder stream',
      'gzip',
      'gzip Blob',
      'gzip inflated by the page',
      'zlib',
    ])('every record: %s', (way) => {
      expect(results.readings[way]).toEqual({ records: listed('tfrecord-sizes.bin'), error: null });
    });

    test('scan', () => {
      const records = listed('tfrecord-sizes.bin').length;
      expect(results.scan).toEqual({ records, errors: 0, compression: 'gzip' });
    });

    test('damage: valid records, then an error with its position', () => {
      const { error } = oracleDecode(fixture('damaged-data.bin'));
      expect(results.readings['damaged']).toEqual({ records: listed('damaged-data.bin'), error });
    });

    test.each([
      ['truncated gzip', 'corrupt-compressed-stream'],
      ['gzip members', 'corrupt-compressed-stream'],
      ['HTML', 'length-checksum'],
      ['missing', 'io-failure'],
      ['path', 'unsupported-source'],
      ['aborted', 'aborted'],
    ])('%s: a typed error after only correct records', (way, code) => {
      const { records, error } = results.readings[way];
      expect(error).toMatchObject({ code });
      expect(records).toEqual(listed('tfrecord-sizes.bin').slice(0, records.length));
    });
  });
});

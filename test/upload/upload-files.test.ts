import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeTFRecord } from '../../src/index.ts';
import { encodeExample } from '../../src/messages/index.ts';
import { objectOptions } from '../../src/storage/object-options.ts';
import { closeS3Clients } from '../../src/storage/s3/s3-clients.ts';
import { openUpload } from '../../src/storage/upload/object-upload.ts';
import { openObjectWriter } from '../../src/storage/upload/object-writer.ts';
import { objectWriteOptions } from '../../src/storage/upload/write-options.ts';
import { checkAndHash } from '../../src/upload/check-and-hash.ts';
import { type UploadOptions, type UploadProgress, uploadFiles } from '../../src/upload/index.ts';
import { PartBuffers, sendFile } from '../../src/upload/send-file.ts';
import { ended, startCli } from '../support/cli.ts';
import { type FaultyS3, type FaultyS3Options, faultyS3 } from '../support/faulty-s3/index.ts';
import { tempDir } from '../support/temp-dir.ts';

const dir = tempDir();
const MIB = 1024 * 1024;
const KEYS = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'us-east-1' };
beforeAll(() => Object.assign(process.env, KEYS));
afterAll(closeS3Clients);

/** Lines of text that fill three parts. */
const LINES = Buffer.from('0123456789abcde\n'.repeat((11 * MIB) / 16));
LINES[0] = 120;
LINES[6 * MIB] = 121;

function service(options: Partial<FaultyS3Options> = {}): Promise<FaultyS3> {
  return faultyS3({ buckets: ['bucket'], ...options });
}

function upload(server: FaultyS3, path: string, key: string, options: Partial<UploadOptions> = {}) {
  const objects = { endpointUrl: server.url, partBytes: 5 * MIB, ...options.objects };
  return uploadFiles(path, `s3://bucket/${key}`, { format: 'textline', ...options, objects });
}

function stored(server: FaultyS3, key: string): Buffer {
  return Buffer.from(server.store.get('bucket', key).content.bytes!);
}

function partNumbers(server: FaultyS3): (string | null)[] {
  return server.requests('UploadPart').map(({ query }) => query.get('partNumber'));
}

test('a small file is sent in one request with a checksum header', async () => {
  await using server = await service();
  const path = dir.file('small.txt', Buffer.from('a\nb\n'));
  const report = await upload(server, path, 'folder/');
  expect(report).toMatchObject({
    ok: true,
    files: [
      {
        uri: 's3://bucket/folder/small.txt',
        status: 'uploaded',
        records: 2,
        bytes: 4,
        verified: 'checksum',
        parts: 1,
      },
    ],
  });
  expect(server.requests('PutObject')[0].headers['x-amz-checksum-crc32c']).toBeDefined();
  expect(stored(server, 'folder/small.txt').toString()).toBe('a\nb\n');
});

test('failed parts and a failed completion are retried and leave nothing in the bucket', async () => {
  const faults = [
    { operation: 'UploadPart', do: 'status', status: 500, times: 2 },
    { operation: 'UploadPart', do: 'reset', at: 'headers', after: 2 },
    { operation: 'CompleteMultipartUpload', do: 'status', status: 503 },
  ] as const;
  await using server = await service({ faults });
  const path = dir.file('parts.txt', LINES);
  const { ok, files } = await upload(server, path, 'parts');
  expect(ok, JSON.stringify(files[0].error)).toBe(true);
  expect(files[0]).toMatchObject({ status: 'uploaded', parts: 3, verified: 'checksum' });
  expect(stored(server, 'parts').equals(LINES)).toBe(true);
  expect(server.uploads.open).toBe(0);
});

test('a rejected part aborts the upload and removes the other parts', async () => {
  const faults = [{ operation: 'UploadPart', do: 'status', status: 403, after: 1 }] as const;
  await using server = await service({ faults });
  const { ok, files } = await upload(server, dir.file('denied.txt', LINES), 'denied');
  expect(ok).toBe(false);
  expect(files[0]).toMatchObject({ status: 'failed', error: { code: 'access-denied' } });
  expect(server.uploads.open).toBe(0);
  expect(server.store.keys('bucket')).toEqual([]);
});

test('invalid files are rejected and no manifest is written', async () => {
  await using server = await service();
  const bad = dir.file('bad.tfrecord', Buffer.from('this is no record file at all'));
  const good = dir.file('good.tfrecord', new Uint8Array(0));
  const manifest = dir.file('no.manifest');
  const report = await uploadFiles([bad, good], 's3://bucket/x/', {
    objects: { endpointUrl: server.url },
    manifest,
    format: 'tfrecord',
  });
  expect(report).toMatchObject({ ok: false, manifest: null, totals: { refused: 1, uploaded: 1 } });
  expect(server.store.keys('bucket')).toEqual(['x/good.tfrecord']);
  expect(() => readFileSync(manifest)).toThrow();
});

test('an existing object is an error by default, replaced with overwrite, and kept with skip', async () => {
  await using server = await service();
  const path = dir.file('twice.txt', Buffer.from('a\n'));
  const manifest = dir.file('twice.manifest');
  const first = async (options: Partial<UploadOptions>) =>
    (await upload(server, path, 'x/', options)).files[0];
  const status = async (options: Partial<UploadOptions>) => (await first(options)).status;
  expect(await status({ dryRun: true })).toBe('would-upload');
  expect(server.store.keys('bucket')).toEqual([]);
  expect(await status({ manifest })).toBe('uploaded');
  expect(JSON.parse(readFileSync(manifest, 'utf8'))).toEqual([{ prefix: 's3://bucket/x/' }, 'twice.txt']);
  expect(await status({})).toBe('unchanged');
  expect(await status({ skip: 'existing' })).toBe('kept');
  expect(await status({ overwrite: true })).toBe('uploaded');
  await expect(first({ manifest })).rejects.toMatchObject({ code: 'already-exists', uri: manifest });
  writeFileSync(path, 'b\n');
  expect(await first({})).toMatchObject({ status: 'failed', error: { code: 'already-exists' } });
  expect(await first({ skip: 'unchanged' })).toMatchObject({ status: 'failed' });
  expect(await status({ skip: 'existing' })).toBe('kept');
  expect(stored(server, 'x/twice.txt').toString()).toBe('a\n');
  expect(await status({ overwrite: true, skip: 'unchanged' })).toBe('uploaded');
  expect(stored(server, 'x/twice.txt').toString()).toBe('b\n');
  expect(await status({ overwrite: true, skip: 'unchanged' })).toBe('unchanged');
});

test('a file that has changed since it was checked is not sent', async () => {
  await using server = await service();
  const path = dir.file('changing.txt', LINES);
  const objects = objectOptions({ endpointUrl: server.url, partBytes: 5 * MIB });
  const { hash } = await checkAndHash(path, {
    reading: { format: 'textline' },
    maxErrors: 1,
    look: undefined,
    partBytes: () => 5 * MIB,
    signal: undefined,
    onProgress: () => {},
  });
  const changed = Buffer.from(LINES);
  changed[8 * MIB] ^= 1;
  writeFileSync(path, changed);
  const sending = await openUpload(
    's3://bucket/changing',
    objectWriteOptions({ ...objects, expectedBytes: LINES.length }),
  );
  const sent = sendFile({
    path,
    hash: hash!,
    upload: sending,
    buffers: new PartBuffers(2),
    resume: true,
    onSent: () => {},
  });
  await expect(sent).rejects.toMatchObject({ code: 'source-changed' });
  await sending.abandon(new Error('changed'));
  expect(server.uploads.open).toBe(0);
  expect(server.store.keys('bucket')).toEqual([]);
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(10);
}

test('SIGTERM aborts incomplete uploads', async () => {
  await using server = await service({
    faults: [{ operation: 'UploadPart', do: 'stall', at: 'before', times: 9 }],
  });
  const path = dir.file('signal.txt', LINES);
  const child = startCli([
    'upload',
    path,
    's3://bucket/signal',
    '--format',
    'textline',
    '--part-size',
    '5MiB',
    '--endpoint-url',
    server.url,
  ]);
  const run = ended(child);
  await until(() => server.requests('UploadPart').length > 0);
  child.kill('SIGTERM');
  expect((await run).status).toBe(143);
  expect(server.uploads.open).toBe(0);
  expect(server.store.keys('bucket')).toEqual([]);
});

test('parts sent by a killed process are reused', async () => {
  await using server = await service({
    faults: [{ operation: 'UploadPart', do: 'stall', at: 'before', after: 1, times: 1 }],
  });
  const path = dir.file('killed.txt', LINES);
  const args = [
    'upload',
    path,
    's3://bucket/killed',
    '--format',
    'textline',
    '--part-size',
    '5MiB',
    '--max-requests',
    '1',
  ];
  const child = startCli([...args, '--endpoint-url', server.url]);
  const run = ended(child);
  await until(() => server.requests('UploadPart').length === 2);
  child.kill('SIGKILL');
  await run;
  expect(server.uploads.open).toBe(1);
  const before = server.requests('UploadPart').length;
  const { files } = await upload(server, path, 'killed');
  expect(files[0]).toMatchObject({ status: 'uploaded', verified: 'checksum' });
  expect(files[0].resumedParts).toBeGreaterThanOrEqual(1);
  expect(partNumbers(server).slice(before)).not.toContain('1');
  expect(stored(server, 'killed').equals(LINES)).toBe(true);
  expect(server.uploads.open).toBe(0);
});

test('a writer accepts pieces of any size, and the caller may reuse their memory', async () => {
  await using server = await service();
  const writer = await openObjectWriter('s3://bucket/written', {
    endpointUrl: server.url,
    partBytes: 5 * MIB,
    windowBytes: 10 * MIB,
  });
  const piece = new Uint8Array(700_001);
  for (let at = 0; at < LINES.length; at += piece.length) {
    const length = Math.min(piece.length, LINES.length - at);
    piece.set(LINES.subarray(at, at + length));
    await writer.write(piece.subarray(0, length));
    piece.fill(0);
  }
  expect(await writer.close()).toMatchObject({ size: LINES.length, parts: 3, verified: 'checksum' });
  expect(stored(server, 'written').equals(LINES)).toBe(true);
});

test('an aborted writer leaves nothing; a writer without overwrite fails immediately', async () => {
  await using server = await service({ objects: { 'bucket/there': Buffer.from('x') } });
  const options = { endpointUrl: server.url, partBytes: 5 * MIB };
  const writer = await openObjectWriter('s3://bucket/given-up', options);
  await writer.write(LINES);
  await writer.abort();
  await expect(writer.write(LINES)).rejects.toMatchObject({ code: 'closed' });
  expect(server.uploads.open).toBe(0);
  await expect(openObjectWriter('s3://bucket/there', { ...options, overwrite: false })).rejects.toMatchObject(
    { code: 'already-exists' },
  );
  const controller = new AbortController();
  const other = await openObjectWriter('s3://bucket/aborted', { ...options, signal: controller.signal });
  await other.write(LINES);
  controller.abort();
  await expect(other.close()).rejects.toMatchObject({ code: 'aborted' });
  expect(server.uploads.open).toBe(0);
  expect(server.store.keys('bucket')).toEqual(['there']);
});

test('files that violate the schema are rejected, with the rule in the report', async () => {
  await using server = await service();
  const path = dir.file(
    'label.tfrecord',
    encodeTFRecord(encodeExample({ label: { kind: 'int64', value: [1n] } })),
  );
  const objects = { endpointUrl: server.url };
  const schema = { recordpipeSchema: 1, message: 'Example', features: { label: { type: 'float' } } } as const;
  const report = await uploadFiles(path, 's3://bucket/checked/', { objects, schema });
  expect(report.files[0]).toMatchObject({ status: 'refused', error: { code: 'schema-mismatch' } });
  expect(server.requests('PutObject')).toEqual([]);
});

test('progress of sent bytes reaches the total', async () => {
  await using server = await service();
  const path = dir.file('progress.txt', LINES);
  const reported: UploadProgress[] = [];
  await upload(server, path, 'progress', { onProgress: (progress) => reported.push(progress) });
  expect(reported[0]).toMatchObject({ bytesSent: 0, bytesToSend: LINES.length });
  expect(reported.some(({ bytesSent }) => bytesSent > 0 && bytesSent < LINES.length)).toBe(true);
  expect(reported.at(-1)).toMatchObject({ bytesSent: LINES.length, bytesToSend: LINES.length });
  const dry: UploadProgress[] = [];
  await upload(server, path, 'progress', { dryRun: true, onProgress: (progress) => dry.push(progress) });
  expect(dry.at(-1)).toMatchObject({ bytesSent: 0, bytesToSend: 0 });
});

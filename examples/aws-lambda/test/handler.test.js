import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, mock, test } from 'node:test';
import { S3Client } from '@aws-sdk/client-s3';
import { encodeTFRecord } from 'recordpipe';
import { createHandler } from '../src/handler.js';
import { etagOf, startS3 } from './s3-server.js';

const PATH = '/training-data/uploads/run 1/train[0].tfrecord';
const recorded = JSON.parse(readFileSync(new URL('event.json', import.meta.url), 'utf8'));
const context = { getRemainingTimeInMillis: () => 30_000 };
const valid = Buffer.concat([3, 5, 8].map((length) => encodeTFRecord(new Uint8Array(length))));
const damaged = Buffer.from(valid);
damaged[12] ^= 1;

const objects = new Map();
let server;
let s3;
let handler;
const log = mock.method(console, 'log', () => {});

before(async () => {
  server = await startS3(objects);
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const region = 'eu-central-1';
  s3 = new S3Client({ endpoint: server.url, forcePathStyle: true, credentials, region, maxAttempts: 1 });
  const reading = { endpointUrl: server.url, credentials, region, retryTimeoutMs: 1000 };
  handler = createHandler({ s3, objects: reading });
});
after(async () => {
  s3.destroy();
  await server.close();
});

/** Uploads an object. Returns the recorded event with its size and ETag. */
function upload(bytes) {
  objects.set(PATH, bytes);
  log.mock.resetCalls();
  const event = structuredClone(recorded);
  Object.assign(event.Records[0].s3.object, { size: bytes.length, eTag: etagOf(bytes) });
  return event;
}

const logged = () => log.mock.calls.map(({ arguments: [line] }) => JSON.parse(line));

test('a valid object is tagged and logged', async () => {
  assert.deepEqual(await handler(upload(valid), context), { files: 1, invalid: 0 });
  assert.equal(server.tags.get(PATH), 'valid');
  const [{ uri, records }] = logged();
  assert.deepEqual([uri, records], [`s3:/${PATH}`, 3]);
});

test('an invalid object is tagged, and the log has the location; the invocation succeeds', async () => {
  assert.deepEqual(await handler(upload(damaged), context), { files: 1, invalid: 1 });
  assert.equal(server.tags.get(PATH), 'invalid');
  const [{ code, record, offset }] = logged()[0].errors;
  assert.deepEqual([code, record, offset], ['data-checksum', 0, 0]);
});

test('an object that was overwritten in the meantime fails the invocation, and is not tagged', async () => {
  const event = upload(valid);
  server.tags.clear();
  objects.set(PATH, Buffer.concat([valid, valid]));
  await assert.rejects(handler(event, context), /overwritten/);
  assert.equal(server.tags.size, 0);
});

test('an object that was deleted in the meantime fails the invocation', async () => {
  const event = upload(valid);
  objects.delete(PATH);
  await assert.rejects(handler(event, context), /train\[0\]\.tfrecord/);
});

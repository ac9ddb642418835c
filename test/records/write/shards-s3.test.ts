import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTFRecordShards } from '../../../src/records/write/index.ts';
import { closeS3Clients } from '../../../src/storage/s3/s3-clients.ts';
import { faultyS3 } from '../../support/faulty-s3/index.ts';

const KEYS = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'us-east-1' };
beforeAll(() => Object.assign(process.env, KEYS));
afterAll(closeS3Clients);

test('in S3, an older set with a different number of shards is an error, or removed after the new one is complete', async () => {
  const older = Array.from({ length: 3 }, (_, i) => `x/p-0000${i}-of-00003.tfrecord`);
  const objects = Object.fromEntries(
    [...older, 'x/p2-00000-of-00003.tfrecord'].map((key) => [`bucket/${key}`, 'old']),
  );
  await using server = await faultyS3({ objects });
  const open = (overwrite: boolean) =>
    openTFRecordShards('s3://bucket/x/p', {
      suffix: '.tfrecord',
      overwrite,
      objects: { endpointUrl: server.url },
    });
  const refused = open(false);
  await expect(refused.write(new Uint8Array(5))).rejects.toMatchObject({
    code: 'already-exists',
    uri: 's3://bucket/x/p-00000-of-00003.tfrecord',
    message: expect.stringContaining('p-00002-of-00003.tfrecord'),
  });
  const writer = open(true);
  await writer.write(new Uint8Array(5));
  expect(server.store.keys('bucket')).toHaveLength(4);
  await writer.close();
  expect(server.store.keys('bucket')).toEqual([
    'x/p-00000-of-00001.tfrecord',
    'x/p2-00000-of-00003.tfrecord',
  ]);
  expect(server.requests('DeleteObject').map(({ key }) => key)).toEqual(older);
});

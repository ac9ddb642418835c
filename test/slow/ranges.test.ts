import { afterAll, expect, test, vi } from 'vitest';
import { closeS3Clients } from '../../src/storage/s3/s3-clients.ts';
import { faultyS3 } from '../support/faulty-s3/index.ts';
import { compareObjectOnce } from '../support/object-ranges.ts';
import { compareOnce } from '../support/random-ranges.ts';
import { slowShare } from '../support/slow-share.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();

test.each(['tfrecord', 'recordio', 'textline'] as const)(
  '%s: ranges of many randomly damaged files give the report of one pass',
  async (format) => {
    const path = temp.file(format);
    for (let i = 0; i < slowShare(3000); i++)
      expect((await compareOnce(path, 1_000_000 + i, format)).report).not.toBeNull();
  },
);

afterAll(async () => {
  vi.unstubAllEnvs();
  await closeS3Clients();
});

test.each(['tfrecord', 'recordio', 'textline'] as const)(
  '%s: ranges of many randomly damaged objects give the report of one pass, also if requests fail',
  async (format) => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'key');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    await using server = await faultyS3({ buckets: ['bucket'] });
    for (let i = 0; i < slowShare(500); i++) {
      const faulty = i % 10 === 0;
      const { report } = await compareObjectOnce(server, 'bucket/a', 2_000_000 + i, format, faulty);
      expect(report).not.toBeNull();
    }
  },
);

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, test } from 'vitest';
import { type CliRun, jsonLines } from '../../support/cli.ts';
import { sha256 } from '../../support/golden.ts';
import { oracleFile } from '../../support/oracle-tfrecord.ts';
import { Random } from '../../support/random.ts';
import { tempDir } from '../../support/temp-dir.ts';
import type { ServiceOf } from './service.ts';

const PAYLOADS = Array.from({ length: 90 }, (_, k) => new Random(k).bytes(200_000));

/** Tests that files are uploaded as they were validated, and that reports are correct. */
export function uploading(service: ServiceOf): void {
  const folder = tempDir();
  const large = oracleFile(PAYLOADS);
  let bucket = '';
  let first: CliRun;

  beforeAll(async () => {
    bucket = await service().makeBucket();
    writeFileSync(join(folder.path, 'large.tfrecord'), large);
    writeFileSync(join(folder.path, 'small.tfrecord'), oracleFile(PAYLOADS.slice(0, 2)));
    writeFileSync(join(folder.path, 'cut.tfrecord'), large.subarray(0, 300_000));
    first = await upload('--jsonl', '--part-size', '5MiB');
  });

  const upload = (...args: string[]) => service().cli('upload', folder.path, `s3://${bucket}/up/`, ...args);
  interface Line {
    readonly event: string;
    readonly uri: string;
    readonly status: string;
  }
  const statuses = (text: string): Record<string, string> =>
    Object.fromEntries(
      jsonLines<Line>(text)
        .filter(({ event }) => event === 'file')
        .map(({ uri, status }) => [uri.slice(uri.lastIndexOf('/') + 1), status]),
    );

  describe('uploading', () => {
    test('valid files are uploaded in parts, invalid ones are not; other clients read the same bytes', async () => {
      expect(first.code).toBe(1);
      expect(statuses(first.stdout)).toEqual({
        'cut.tfrecord': 'refused',
        'large.tfrecord': 'uploaded',
        'small.tfrecord': 'uploaded',
      });
      const copy = folder.file('copy');
      service().run('aws', 's3', 'cp', '--only-show-errors', `s3://${bucket}/up/large.tfrecord`, copy);
      expect(sha256(readFileSync(copy))).toBe(sha256(large));
      writeFileSync(copy, '');
      const { Uploads } = await service().client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
      expect(Uploads ?? []).toEqual([]);
    });

    test('--no-clobber and --if-changed skip existing objects', async () => {
      expect(statuses((await upload('--jsonl', '--no-clobber')).stdout)).toMatchObject({
        'large.tfrecord': 'kept',
        'small.tfrecord': 'kept',
      });
      const again = statuses((await upload('--jsonl', '--if-changed', '--part-size', '5MiB')).stdout);
      expect(again['small.tfrecord']).toBe('unchanged');
    });

    test('a manifest is created from the objects and checked against the service', async () => {
      const target = `s3://${bucket}/train.manifest`;
      expect((await service().cli('manifest', 'create', `s3://${bucket}/up/`, '-o', target)).code).toBe(0);
      const { code, stdout } = await service().cli('manifest', 'check', target, '--head-objects', '--json');
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ ok: true, entries: 2 });
    });

    test('doctor passes, and reports a missing bucket', async () => {
      const well = await service().cli('doctor', `s3://${bucket}/up/`, '--json');
      expect([well.code, JSON.parse(well.stdout).ok]).toEqual([0, true]);
      const ill = await service().cli('doctor', 's3://no-such-bucket-here/up/', '--json');
      expect([ill.code, JSON.parse(ill.stdout).ok]).toEqual([3, false]);
    });
  });
}

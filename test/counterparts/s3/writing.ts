import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { openObjectWriter, statObject } from '../../../src/objects/index.ts';
import { Random } from '../../support/random.ts';
import { tempDir } from '../../support/temp-dir.ts';
import type { ServiceOf } from './service.ts';

const MIB = 2 ** 20;

/** Objects that were written here are what others read. */
export function writing(service: ServiceOf): void {
  const folder = tempDir();
  const { checksums } = service.kind;
  const sure = (inParts: boolean): string => {
    if (checksums === 'none') return 'size';
    return checksums === 'parts' || !inParts ? 'checksum' : 'size';
  };

  describe('writing', () => {
    test.each([
      [0, 'in one'],
      [1000, 'in one'],
      [5 * MIB, 'in one'],
      [5 * MIB + 1, 'in parts'],
      [12 * MIB + 345, 'in parts'],
    ])('%d bytes, %s: what the AWS command line reads', async (size, how) => {
      const bucket = await service().makeBucket();
      const bytes = new Random(size).bytes(size);
      const uri = `s3://${bucket}/object`;
      const writer = await openObjectWriter(uri, {
        ...service().options,
        partBytes: 5 * MIB,
        metadata: { purpose: 'test' },
      });
      for (let at = 0; at < size; at += 100_000) await writer.write(bytes.subarray(at, at + 100_000));
      const written = await writer.close();
      expect(written.size).toBe(size);
      expect(written.verified).toBe(sure(how === 'in parts'));
      expect(written.parts).toBe(how === 'in parts' ? Math.ceil(size / (5 * MIB)) : 1);
      const path = folder.file(`${size}`);
      service().run('aws', 's3', 'cp', '--quiet', uri, path);
      expect(sha256(readFileSync(path))).toBe(sha256(bytes));
      const stat = await statObject(uri, service().options);
      expect(stat.size).toBe(size);
      expect(stat.metadata.purpose).toBe('test');
    });

    test('overwrite: false leaves what is there', async () => {
      const bucket = await service().makeBucket();
      const uri = `s3://${bucket}/object`;
      await service().put(bucket, 'object', 'first');
      const write = async (): Promise<unknown> => {
        const writer = await openObjectWriter(uri, { ...service().options, overwrite: false });
        await writer.write(Buffer.from('second'));
        return writer.close();
      };
      await expect(write()).rejects.toMatchObject({ code: 'already-exists', uri });
      expect(Buffer.from(await service().get(bucket, 'object')).toString()).toBe('first');
    });

    test('overwrite: false, where another was quicker', async () => {
      const bucket = await service().makeBucket();
      const uri = `s3://${bucket}/object`;
      const writer = await openObjectWriter(uri, { ...service().options, overwrite: false });
      await writer.write(Buffer.from('second'));
      await service().put(bucket, 'object', 'first');
      await expect(writer.close()).rejects.toMatchObject({ code: 'already-exists', uri });
      expect(Buffer.from(await service().get(bucket, 'object')).toString()).toBe('first');
    });

    test('given up: no object, and no parts', async () => {
      const bucket = await service().makeBucket();
      const writer = await openObjectWriter(`s3://${bucket}/object`, {
        ...service().options,
        partBytes: 5 * MIB,
      });
      await writer.write(new Random(1).bytes(11 * MIB));
      await writer.abort();
      await expect(statObject(`s3://${bucket}/object`, service().options)).rejects.toMatchObject({
        code: 'object-missing',
      });
      const { Uploads } = await service().client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
      expect(Uploads ?? []).toEqual([]);
    });
  });
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

import { readFileSync } from 'node:fs';
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { openObjectWriter, statObject } from '../../../src/storage/index.ts';
import { sha256 } from '../../support/golden.ts';
import { Random } from '../../support/random.ts';
import { tempDir } from '../../support/temp-dir.ts';
import type { ServiceOf } from './service.ts';

const MIB = 2 ** 20;

/** Tests that other clients can read the objects that recordpipe writes. */
export function writing(service: ServiceOf): void {
  const folder = tempDir();
  const { checksums } = service.kind;
  const sure = (inParts: boolean): string => {
    if (checksums === 'none') return 'size';
    return checksums === 'parts' || !inParts ? 'checksum' : 'size';
  };

  describe('writing', () => {
    test('single and multipart objects are read by the AWS command line', async () => {
      const bucket = await service().makeBucket();
      const sizes = [0, 1000, 5 * MIB, 5 * MIB + 1, 12 * MIB + 345];
      for (const size of sizes) {
        const uri = `s3://${bucket}/${size}`;
        const bytes = body(size);
        const writer = await openObjectWriter(uri, {
          ...service().options,
          partBytes: 5 * MIB,
          metadata: { purpose: 'test' },
        });
        for (let at = 0; at < size; at += 100_000) await writer.write(bytes.subarray(at, at + 100_000));
        const parts = Math.max(1, Math.ceil(size / (5 * MIB)));
        expect(await writer.close()).toMatchObject({ size, parts, verified: sure(parts > 1) });
        const stat = await statObject(uri, service().options);
        expect({ size: stat.size, purpose: stat.metadata.purpose }).toEqual({ size, purpose: 'test' });
      }
      service().run('aws', 's3', 'cp', '--only-show-errors', '--recursive', `s3://${bucket}/`, folder.path);
      for (const size of sizes) expect(sha256(readFileSync(folder.file(`${size}`)))).toBe(sha256(body(size)));
    });

    test('overwrite: false keeps an existing object', async () => {
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

    test('overwrite: false keeps an object that another writer completed first', async () => {
      const bucket = await service().makeBucket();
      const uri = `s3://${bucket}/object`;
      const writer = await openObjectWriter(uri, { ...service().options, overwrite: false });
      await writer.write(Buffer.from('second'));
      await service().put(bucket, 'object', 'first');
      await expect(writer.close()).rejects.toMatchObject({ code: 'already-exists', uri });
      expect(Buffer.from(await service().get(bucket, 'object')).toString()).toBe('first');
    });

    test('an aborted write leaves no object and no parts', async () => {
      const bucket = await service().makeBucket();
      const writer = await openObjectWriter(`s3://${bucket}/object`, {
        ...service().options,
        partBytes: 5 * MIB,
      });
      await writer.write(body(11 * MIB));
      await writer.abort();
      await expect(statObject(`s3://${bucket}/object`, service().options)).rejects.toMatchObject({
        code: 'object-missing',
      });
      const { Uploads } = await service().client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
      expect(Uploads ?? []).toEqual([]);
    });
  });
}

/** Returns bytes in which no two parts are equal. */
function body(size: number): Buffer {
  return Buffer.alloc(size, new Random(size).bytes(65_537));
}

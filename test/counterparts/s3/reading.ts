import { describe, expect, test } from 'vitest';
import { type ObjectReadOptions, openObject, readObjects, statObject } from '../../../src/storage/index.ts';
import { sha256 } from '../../support/golden.ts';
import { Random } from '../../support/random.ts';
import type { ServiceOf } from './service.ts';

const PART = 64 * 1024;

/** Tests reading objects in ranges, and objects that change. */
export function reading(service: ServiceOf): void {
  const { checksums } = service.kind;
  const split: Partial<ObjectReadOptions> = { partBytes: PART, windowBytes: 4 * PART };

  describe('reading', () => {
    test.each([1, PART - 1, PART, PART + 1, 10 * PART + 123])(
      '%d bytes, in ranges and in a single request',
      async (size) => {
        const bucket = await service().makeBucket();
        const bytes = new Random(size).bytes(size);
        await service().put(bucket, 'object', bytes);
        for (const way of [split, { ...split, single: true }, {}]) {
          const object = openObject(`s3://${bucket}/object`, { ...service().options, ...way });
          expect(sha256(await all(object.chunks))).toBe(sha256(bytes));
          expect(object.size()).toBe(size);
          expect(object.stats.retries).toBe(0);
        }
      },
    );

    test('an empty object, with known and unknown size', async () => {
      const bucket = await service().makeBucket();
      await service().put(bucket, 'empty', '');
      const uri = `s3://${bucket}/empty`;
      for (const ref of [uri, { uri, size: 0 }])
        expect((await all(openObject(ref, service().options).chunks)).length).toBe(0);
    });

    test('many objects in sequence', async () => {
      const bucket = await service().makeBucket();
      const sizes = [3, PART, 0, 2 * PART + 5, 1];
      const bodies = sizes.map((size) => new Random(size).bytes(size));
      for (const [k, body] of bodies.entries()) await service().put(bucket, `${k}`, body);
      const refs = bodies.map((_body, k) => ({ uri: `s3://${bucket}/${k}` }));
      const chunks: Uint8Array[] = [];
      const seen: string[] = [];
      for await (const { object, chunk, last } of readObjects(refs, { ...service().options, ...split })) {
        chunks.push(chunk);
        if (last) seen.push(object.uri);
      }
      expect(sha256(Buffer.concat(chunks))).toBe(sha256(Buffer.concat(bodies)));
      expect(seen).toEqual(refs.map(({ uri }) => uri));
    });

    test('an object overwritten during the read is an error and gives no new bytes', async () => {
      const bucket = await service().makeBucket();
      const [first, second] = [Buffer.alloc(20 * PART, 1), Buffer.alloc(20 * PART, 2)];
      await service().put(bucket, 'object', first);
      const { chunks } = openObject(`s3://${bucket}/object`, { ...service().options, ...split });
      const seen = new Set<number>();
      const read = async (): Promise<void> => {
        let overwritten = false;
        for await (const chunk of chunks) {
          for (const byte of chunk) seen.add(byte);
          if (!overwritten) await service().put(bucket, 'object', second);
          overwritten = true;
        }
      };
      await expect(read()).rejects.toMatchObject({ code: 'object-changed', uri: `s3://${bucket}/object` });
      expect([...seen]).toEqual([1]);
    });

    test('an object overwritten before the first byte is read from the start', async () => {
      const bucket = await service().makeBucket();
      const uri = `s3://${bucket}/object`;
      await service().put(bucket, 'object', Buffer.alloc(3 * PART, 1));
      const old = await statObject(uri, service().options);
      const body = Buffer.alloc(5 * PART, 2);
      await service().put(bucket, 'object', body);
      const events: string[] = [];
      const onEvent = ({ type }: { type: string }): void => void events.push(type);
      const { chunks } = openObject(old, { ...service().options, ...split, onEvent });
      expect(sha256(await all(chunks))).toBe(sha256(body));
      expect(events).toContain('restarted');
    });

    test('missing objects and buckets are errors', async () => {
      const bucket = await service().makeBucket();
      const missing = all(openObject(`s3://${bucket}/none`, service().options).chunks);
      await expect(missing).rejects.toMatchObject({ code: 'object-missing' });
      const nowhere = all(openObject('s3://no-such-bucket-here/none', service().options).chunks);
      await expect(nowhere).rejects.toMatchObject({ code: 'object-missing' });
    });

    test(`verifyObject: ${checksums === 'none' ? 'reports that there is no checksum' : 'compares checksums'}`, async () => {
      const bucket = await service().makeBucket();
      const body = new Random(7).bytes(5 * PART);
      await service().put(bucket, 'object', body, { ChecksumAlgorithm: 'CRC32C' });
      const options = { ...service().options, ...split, verifyObject: true };
      const object = openObject(`s3://${bucket}/object`, options);
      expect(sha256(await all(object.chunks))).toBe(sha256(body));
      const { verified, unverified } = object.stats;
      expect({ verified, unverified }).toEqual(
        checksums === 'none' ? { verified: 0, unverified: 1 } : { verified: 1, unverified: 0 },
      );
    });
  });
}

async function all(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

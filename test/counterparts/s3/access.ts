import { describe, expect, test } from 'vitest';
import { listObjects, type ObjectOptions, openObject, statObject } from '../../../src/storage/index.ts';
import type { ServiceOf } from './service.ts';

/** Tests access permissions. */
export function access(service: ServiceOf): void {
  const { signatures, publicObjects } = service.kind;
  const anonymous = (): Partial<ObjectOptions> => ({ ...service().options, anonymous: true });

  describe('access', () => {
    test.runIf(signatures)('anonymous requests cannot read private objects', async () => {
      const bucket = await service().makeBucket();
      await service().put(bucket, 'object', 'x');
      const uri = `s3://${bucket}/object`;
      const denied = { code: 'access-denied' };
      await expect(statObject(uri, anonymous())).rejects.toMatchObject(denied);
      await expect(text(uri, anonymous())).rejects.toMatchObject(denied);
      await expect(first(listObjects(`s3://${bucket}/`, anonymous()))).rejects.toMatchObject(denied);
    });

    test.runIf(publicObjects)('anonymous requests read public objects', async () => {
      const bucket = await service().makeBucket();
      await service().put(bucket, 'object', 'for everybody', { ACL: 'public-read' });
      expect(await text(`s3://${bucket}/object`, anonymous())).toBe('for everybody');
    });
  });
}

async function text(uri: string, options: Partial<ObjectOptions>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of openObject(uri, options).chunks) parts.push(chunk);
  return Buffer.concat(parts).toString();
}

async function first<T>(elements: AsyncIterable<T>): Promise<T | undefined> {
  for await (const element of elements) return element;
  return undefined;
}

import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { listObjects, openObject, openObjectWriter, statObject } from '../../../src/storage/index.ts';
import { tempDir } from '../../support/temp-dir.ts';
import type { ServiceOf } from './service.ts';

/** Names in the order of their UTF-8 bytes. JavaScript's string order differs for the last two. */
const ODD = [
  'a b/c  d.tfrecord',
  'a+b.tfrecord',
  'a=b&c;d,e.tfrecord',
  "brackets[0]{1}('x')!*.tfrecord",
  'percent%20and%25.tfrecord',
  'question?mark#hash.tfrecord',
  'quote"and<angle>.tfrecord',
  'tilde~and^caret`and|.tfrecord',
  'ünïcode/日本語.tfrecord',
  'l/\uFFEE',
  'l/😀',
].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

/** Tests that unusual object names are listed, read, and written unchanged. */
export function names(service: ServiceOf): void {
  const folder = tempDir();
  const { doubleSlashes, longNames, manyObjects } = service.kind;
  const long = longNames ? 'x'.repeat(1000) : Array.from({ length: 4 }, () => 'x'.repeat(249)).join('/');
  const keys = [...ODD, long, ...(doubleSlashes ? ['two//slashes', 'two/slashes'] : [])].sort((a, b) =>
    Buffer.compare(Buffer.from(a), Buffer.from(b)),
  );

  describe('keys', () => {
    test('written by boto3 are listed in byte order and read', async () => {
      const bucket = await service().makeBucket();
      const path = folder.file('keys.json');
      writeFileSync(path, JSON.stringify(keys));
      service().run('boto3_objects.py', 'put', bucket, path);
      expect(await keysOf(`s3://${bucket}`)).toEqual(keys);
      for (const key of keys) {
        const uri = `s3://${bucket}/${key}`;
        expect(await text(uri)).toBe(key);
        expect((await statObject(uri, service().options)).size).toBe(Buffer.byteLength(key));
      }
    });

    test('written by recordpipe are read by boto3', async () => {
      const bucket = await service().makeBucket();
      for (const key of keys) {
        const writer = await openObjectWriter(`s3://${bucket}/${key}`, service().options);
        await writer.write(Buffer.from(key));
        await writer.close();
      }
      const path = folder.file('written.json');
      writeFileSync(path, JSON.stringify(keys));
      expect(JSON.parse(service().run('boto3_objects.py', 'get', bucket, path))).toEqual(keys);
      expect(await keysOf(`s3://${bucket}/`)).toEqual(keys);
    });

    test('match prefixes, patterns, and folders', async () => {
      const bucket = await service().makeBucket();
      for (const key of ['train/0.tfrecord', 'train/1.tfrecord', 'train/notes.txt', 'train2/0.tfrecord'])
        await service().put(bucket, key, 'x');
      await service().put(bucket, 'train/', '');
      expect(await keysOf(`s3://${bucket}/train/`)).toEqual([
        'train/0.tfrecord',
        'train/1.tfrecord',
        'train/notes.txt',
      ]);
      expect(await keysOf(`s3://${bucket}/train/*.tfrecord`)).toEqual([
        'train/0.tfrecord',
        'train/1.tfrecord',
      ]);
      const warnings: string[] = [];
      const found = await keysOf(`s3://${bucket}/train`, ({ type }) => warnings.push(type));
      expect(found.at(-1)).toBe('train2/0.tfrecord');
      expect(warnings).toContain('siblings');
      await expect(keysOf(`s3://${bucket}/nowhere/`)).rejects.toMatchObject({ code: 'object-missing' });
    });

    test.runIf(manyObjects)('are listed in pages of 1,000: 10,001 keys', async () => {
      const bucket = await service().makeBucket();
      const many = Array.from({ length: 10_001 }, (_, k) => `many/${String(k).padStart(6, '0')}`);
      await service().fill(bucket, many);
      expect(await keysOf(`s3://${bucket}/many/`)).toEqual(many);
    });
  });

  async function keysOf(
    uri: string,
    onWarning = (_: { type: string }): unknown => undefined,
  ): Promise<string[]> {
    const found: string[] = [];
    for await (const object of listObjects(uri, { ...service().options, onWarning }))
      found.push(object.uri.split('/').slice(3).join('/'));
    return found;
  }

  async function text(uri: string): Promise<string> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of openObject(uri, service().options).chunks) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  }
}

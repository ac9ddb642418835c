import { describe, expect, test } from 'vitest';
import { type Fault, generated } from '../../support/faulty-s3/index.ts';
import { digestOf, expectWhole, transferred, withServer } from './transfer.ts';

const PART = 64 * 1024;
const before = generated(10 * PART + 1000, 1);
const after = generated(10 * PART + 1000, 2);
const shorter = generated(3 * PART, 3);
const objects = { 'bucket/a': before };
const uri = 's3://bucket/a';

describe('an object that is overwritten while it is read', () => {
  test('before its first byte is delivered: read again, with a warning', async () => {
    const { etag } = { etag: before.token };
    for (const content of [after, shorter]) {
      await withServer({ objects, faults: [{ do: 'overwrite', content }] }, async (server) => {
        // The listing has the ETag of the old version.
        const done = await transferred(server, [{ uri, size: before.size, etag }]);
        expectWhole(done, content);
        expect(done.stats.restarts).toBe(1);
        expect(done.events).toContainEqual(expect.objectContaining({ type: 'restarted', uri }));
      });
    }
  });

  test('the second object while the first is read: read again', async () => {
    const both = { 'bucket/a': before, 'bucket/b': after };
    const faults: Fault[] = [{ key: 'b', do: 'overwrite', content: shorter }];
    await withServer({ objects: both, faults }, async (server) => {
      const refs = [
        { uri, size: before.size, etag: before.token },
        { uri: 's3://bucket/b', size: after.size, etag: after.token },
      ];
      const done = await transferred(server, refs);
      expectWhole(done, before, shorter);
      expect(done.stats.restarts).toBe(1);
    });
  });

  test('repeatedly: eventually an error', async () => {
    const faults: Fault[] = Array.from({ length: 50 }, (_, i) => ({
      do: 'overwrite',
      content: generated(before.size, i + 10),
    }));
    // Each request meets one fault. Without `after`, the first request would meet all of them.
    const each = faults.map((fault, i) => ({ ...fault, after: i }) as Fault);
    await withServer({ objects, faults: each }, async (server) => {
      const done = await transferred(server, [{ uri, size: before.size, etag: before.token }]);
      expect(done.error).toMatchObject({ code: 'object-changed', uri });
      expect(done.bytes).toBeLessThan(before.size);
    });
  });

  test.each([
    ['of the same size', after],
    ['shorter', shorter],
    ['empty', generated(0)],
  ])(
    'after bytes have been delivered, by one %s: an error, and no byte of the new one',
    async (_, content) => {
      const faults: Fault[] = [{ from: 4 * PART, do: 'overwrite', content }];
      await withServer({ objects, faults }, async (server) => {
        const done = await transferred(server, uri);
        expect(done.error).toMatchObject({ code: 'object-changed', uri });
        expect(done.error?.message).toContain('overwritten');
        expect(done.bytes).toBe(4 * PART);
        expect(done.digest).toBe(digestOf(Buffer.from(before.read(0, 4 * PART))));
      });
    },
  );

  test('in the middle of a part: a retry gets the same version, or nothing', async () => {
    const faults: Fault[] = [
      { from: 2 * PART, do: 'reset', at: 1000 },
      { after: 3, do: 'overwrite', content: after },
    ];
    await withServer({ objects, faults }, async (server) => {
      const done = await transferred(server, uri, { maxRequests: 1 });
      expect(done.error).toMatchObject({ code: 'object-changed', uri });
      expect(done.digest).toBe(digestOf(Buffer.from(before.read(0, done.bytes))));
    });
  });

  test('with its version pinned: the old version is read to its end', async () => {
    const faults: Fault[] = [{ from: 4 * PART, do: 'overwrite', content: after }];
    await withServer({ objects, faults }, async (server) => {
      const done = await transferred(server, uri, { pinVersion: true });
      expectWhole(done, before);
      expect(done.stats.restarts).toBe(0);
    });
  });

  test('with the same bytes: reading continues', async () => {
    const faults: Fault[] = [{ from: 4 * PART, do: 'overwrite', content: before }];
    await withServer({ objects, faults }, async (server) => {
      expectWhole(await transferred(server, uri), before);
    });
  });
});

describe('a deleted object', () => {
  test('between listing and reading: an error that names it', async () => {
    const both = { 'bucket/a': before, 'bucket/b': shorter };
    await withServer({ objects: both, faults: [{ key: 'b', do: 'delete' }] }, async (server) => {
      const refs = [uri, 's3://bucket/b'].map((one) => ({ uri: one }));
      const done = await transferred(server, refs);
      expect(done.error).toMatchObject({ code: 'object-missing', uri: 's3://bucket/b' });
      expect(done.bytes).toBe(before.size);
    });
  });

  test('while it is read: an error after the delivered bytes', async () => {
    await withServer({ objects, faults: [{ from: 4 * PART, do: 'delete' }] }, async (server) => {
      const done = await transferred(server, uri);
      expect(done.error).toMatchObject({ code: 'object-missing', uri });
      expect(done.bytes).toBe(4 * PART);
    });
  });

  test('skipped if onObjectError says so', async () => {
    await withServer({ objects: { ...objects, 'bucket/c': shorter } }, async (server) => {
      const refs = ['a', 'b', 'c', 'd'].map((key) => ({ uri: `s3://bucket/${key}` }));
      const missing: number[] = [];
      const done = await transferred(server, refs, {
        onObjectError: (_, __, index) => {
          missing.push(index);
          return 'skip';
        },
      });
      expectWhole(done, before, shorter);
      expect(missing).toEqual([1, 3]);
      expect(done.events.filter(({ type }) => type === 'skipped').length).toBe(2);
    });
  });
});

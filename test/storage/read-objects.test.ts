import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { crc32c } from '../../src/crc32c/index.ts';
import { isRecordpipeError } from '../../src/errors.ts';
import { FetchFailure } from '../../src/storage/errors.ts';
import {
  type ObjectChecksum,
  type ObjectPiece,
  type ObjectRef,
  readObjects,
  type TransferEvent,
} from '../../src/storage/index.ts';
import { Crc64Nvme } from '../../src/storage/prefetch/object-verification.ts';
import { randomRuns } from '../support/random-runs.ts';
import { ResponseRounds } from '../support/response-rounds.ts';
import { type Fault, internal, reset, ScriptedSource, slowDown } from './scripted-source.ts';
import { bytesOf, expectBytes } from './some-bytes.ts';

async function collect(pieces: AsyncIterable<ObjectPiece>): Promise<ObjectPiece[]> {
  const all: ObjectPiece[] = [];
  for await (const piece of pieces) all.push(piece);
  return all;
}

/** Assembles objects from pieces, and checks that each is whole. */
function objectsOf(pieces: readonly ObjectPiece[]): { uri: string; index: number; bytes: Buffer }[] {
  const objects: { uri: string; index: number; bytes: Buffer; last: boolean }[] = [];
  for (const { object, index, offset, chunk, last } of pieces) {
    const open = objects.at(-1);
    if (offset === 0) {
      expect(open?.last ?? true).toBe(true);
      objects.push({ uri: object.uri, index, bytes: Buffer.from(chunk), last });
    } else {
      expect(open).toMatchObject({ uri: object.uri, index, last: false });
      expect(open?.bytes.length).toBe(offset);
      open!.bytes = Buffer.concat([open!.bytes, chunk]);
      open!.last = last;
    }
    if (last) expect(objects.at(-1)?.bytes.length).toBe(object.size);
  }
  return objects;
}

const SMALL = { partBytes: 10_000, windowBytes: 40_000, maxRequests: 4 };

describe('many objects', () => {
  test('arrive in order, including empty ones, whether their sizes are known or not', async () => {
    const source = new ScriptedSource();
    const contents = [0, 5, 25_000, 0, 0, 10_000, 39_999, 1, 0].map((length, i) => bytesOf(length, i + 1));
    const refs = contents.map((bytes, i) => source.put(`s3://b/${i}`, bytes));
    for (const known of [true, false])
      for (const single of [false, true]) {
        const named = known ? refs : refs.map(({ uri }) => ({ uri }));
        const pieces = readObjects(named, { ...SMALL, source, single });
        const objects = objectsOf(await collect(pieces));
        expect(objects.map(({ uri, index }) => [uri, index])).toEqual(refs.map(({ uri }, i) => [uri, i]));
        for (const [i, { bytes }] of objects.entries()) expectBytes(bytes, contents[i]);
        expect(pieces.stats).toMatchObject({ objects: 9, heldBytes: 0, activeRequests: 0, retries: 0 });
        expect(pieces.stats.peakHeldBytes).toBeLessThanOrEqual(41_000);
      }
  });

  test('are requested in parallel', async () => {
    const source = new ScriptedSource();
    const refs = Array.from({ length: 200 }, (_, i) => source.put(`s3://b/${i}`, bytesOf(50, i)));
    source.rounds = new ResponseRounds();
    const pieces = readObjects(refs, { source });
    await collect(pieces);
    expect(pieces.stats.peakActiveRequests).toBe(32);
  });

  test('fail after an abort between two pieces, instead of looking complete', async () => {
    const source = new ScriptedSource();
    const refs = [0, 1].map((i) => source.put(`s3://b/${i}`, bytesOf(50, i)));
    const stop = new AbortController();
    const pieces = readObjects(refs, { source, signal: stop.signal })[Symbol.asyncIterator]();
    expect(await pieces.next()).toMatchObject({ done: false });
    stop.abort();
    await expect(pieces.next()).rejects.toMatchObject({ code: 'aborted' });
    await pieces.return?.();
    expect(await pieces.next()).toMatchObject({ done: true });
  });

  test('are planned only as far ahead as there is room', async () => {
    const source = new ScriptedSource();
    let planned = 0;
    async function* plan(): AsyncGenerator<ObjectRef> {
      for (let i = 0; i < 1_000; i++) {
        planned += 1;
        yield source.put(`s3://b/${i}`, bytesOf(10_000));
      }
    }
    for await (const { index, last } of readObjects(plan(), { ...SMALL, source }))
      if (last) expect(planned).toBeLessThanOrEqual(index + 7);
    expect(planned).toBe(1_000);
  });

  test('a failing plan fails after the objects it planned', async () => {
    const source = new ScriptedSource();
    async function* plan(): AsyncGenerator<ObjectRef> {
      yield source.put('s3://b/0', bytesOf(10));
      throw new Error('the listing broke off');
    }
    const all: ObjectPiece[] = [];
    const reading = (async () => {
      for await (const piece of readObjects(plan(), { source })) all.push(piece);
    })();
    await expect(reading).rejects.toThrow('the listing broke off');
    expect(all).toHaveLength(1);
  });

  test('a plan is closed when the reader stops', async () => {
    const source = new ScriptedSource();
    let closed = false;
    async function* plan(): AsyncGenerator<ObjectRef> {
      try {
        for (let i = 0; ; i++) yield source.put(`s3://b/${i}`, bytesOf(10));
      } finally {
        closed = true;
      }
    }
    for await (const { index } of readObjects(plan(), { source })) if (index === 5) break;
    await new Promise((resolve) => setImmediate(resolve));
    expect(closed).toBe(true);
  });

  test('an object that cannot be read ends the iteration after earlier objects, or is skipped', async () => {
    const source = new ScriptedSource();
    const refs = [0, 1, 2, 3].map((i) => source.put(`s3://b/${i}`, bytesOf(15_000, i)));
    source.objects.delete('s3://b/2');
    const all: ObjectPiece[] = [];
    const error = await (async () => {
      for await (const piece of readObjects(refs, { ...SMALL, source })) all.push(piece);
    })().catch((caught: unknown) => caught);
    expect(isRecordpipeError(error, 'object-missing')).toBe(true);
    expect((error as { uri?: string }).uri).toBe('s3://b/2');
    expect(objectsOf(all).map(({ uri }) => uri)).toEqual(['s3://b/0', 's3://b/1']);

    const requested: unknown[] = [];
    const events: TransferEvent[] = [];
    const pieces = readObjects(refs, {
      ...SMALL,
      source,
      onEvent: (event) => events.push(event),
      onObjectError: (failure, ref, index) => {
        requested.push([isRecordpipeError(failure, 'object-missing'), ref.uri, index]);
        return 'skip';
      },
    });
    expect(objectsOf(await collect(pieces)).map(({ index }) => index)).toEqual([0, 1, 3]);
    expect(requested).toEqual([[true, 's3://b/2', 2]]);
    expect(events).toMatchObject([{ type: 'skipped', uri: 's3://b/2' }]);
    expect(pieces.stats).toMatchObject({ objects: 3, heldBytes: 0 });
  });

  test('overwritten objects are read again even if later ones fill the window', async () => {
    const source = new ScriptedSource();
    const refs = Array.from({ length: 30 }, (_, i) => source.put(`s3://b/${i}`, bytesOf(3_000, i)));
    const pieces = readObjects(refs, { ...SMALL, source });
    const all: ObjectPiece[] = [];
    for await (const piece of pieces) {
      all.push(piece);
      const next = piece.index + 9;
      if (piece.last && next < 30) source.put(`s3://b/${next}`, bytesOf(45_000, 99), 'other');
    }
    const objects = objectsOf(all);
    expect(objects).toHaveLength(30);
    for (const { index, bytes } of objects.slice(12))
      expectBytes(bytes, source.objects.get(`s3://b/${index}`)!.bytes);
    expect(pieces.stats.restarts).toBeGreaterThan(0);
  });
});

describe('verifyObject', () => {
  const bytes = bytesOf(55_000);
  const big = (crc: number): string => Buffer.from(Uint32Array.of(crc).buffer).reverse().toString('base64');
  const sums: [ObjectChecksum['algorithm'], string][] = [
    ['crc32c', big(crc32c(bytes))],
    ['crc32', big(crc32(bytes))],
    ['sha256', createHash('sha256').update(bytes).digest('base64')],
    ['sha1', createHash('sha1').update(bytes).digest('base64')],
  ];

  async function verify(
    checksums: readonly ObjectChecksum[],
  ): Promise<{ reasons: string[]; verified: number }> {
    const source = new ScriptedSource();
    const ref = source.put('s3://b/k', bytes);
    source.objects.get('s3://b/k')!.checksums = checksums;
    const reasons: string[] = [];
    const onEvent = (event: TransferEvent): void => {
      if (event.type === 'unverified') reasons.push(event.reason);
    };
    const pieces = readObjects([ref], { ...SMALL, source, verifyObject: true, onEvent });
    expectBytes(objectsOf(await collect(pieces))[0].bytes, bytes);
    return { reasons, verified: pieces.stats.verified };
  }

  test.each(sums)('%s', async (algorithm, value) => {
    expect(await verify([{ algorithm, value, kind: 'whole' }])).toEqual({ reasons: [], verified: 1 });
    const wrong = value.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'));
    const error = await verify([{ algorithm, value: wrong, kind: 'whole' }]).catch(
      (caught: unknown) => caught,
    );
    expect(isRecordpipeError(error, 'object-checksum')).toBe(true);
  });

  test("crc64nvme: the catalogue's check value, in any chunking", async () => {
    const text = new TextEncoder().encode('123456789');
    const expected = Buffer.from('ae8b14860a799888', 'hex').toString('base64');
    for (let cut = 0; cut <= 9; cut++) {
      const crc = new Crc64Nvme();
      crc.update(text.subarray(0, cut));
      crc.update(text.subarray(cut));
      expect(crc.value()).toBe(expected);
    }
    const whole = new Crc64Nvme();
    const bytewise = new Crc64Nvme();
    whole.update(bytes);
    for (let i = 0; i < bytes.length; i++) bytewise.update(bytes.subarray(i, i + 1));
    expect(whole.value()).toBe(bytewise.value());
    const checksum: ObjectChecksum = { algorithm: 'crc64nvme', value: whole.value(), kind: 'whole' };
    expect(await verify([checksum])).toEqual({ reasons: [], verified: 1 });
  });

  test('reports objects without a checksum', async () => {
    expect(await verify([])).toEqual({ reasons: ['the service stores no checksum for it'], verified: 0 });
    const { reasons, verified } = await verify([{ algorithm: 'crc32', value: 'AAAAAA==-3', kind: 'parts' }]);
    expect(reasons[0]).toContain("parts' checksums");
    expect(verified).toBe(0);
  });
});

/**
 * One object restarts while its ranges still hold requests; another fails after an object whose end
 * has not been requested yet.
 */
const ONCE_HUNG = [
  {
    sizes: [0, 0, 582, 0, 429, 1236, 0, 0],
    faults: [
      { after: 128, failure: reset() },
      'overwritten' as const,
      { failure: new FetchFailure('expired', 'The token has expired') },
      { failure: new FetchFailure('denied', 'no', { status: 403 }) },
      'overwritten' as const,
      { failure: slowDown(0) },
      'overwritten' as const,
    ],
    partBytes: 9,
    window: 1991,
    maxRequests: 8,
    chunk: 490,
    single: false,
    known: false,
    slow: false,
  },
  {
    sizes: [0, 1227, 0, 216, 523, 0],
    faults: [
      { after: 244, failure: internal() },
      'overwritten' as const,
      undefined,
      { failure: new FetchFailure('denied', 'no', { status: 403 }) },
    ],
    partBytes: 603,
    window: 10,
    maxRequests: 9,
    chunk: 331,
    single: false,
    known: false,
    slow: true,
  },
];

test('any window, part size, chunking and failures: the same bytes in order, or a typed error after valid ones', async () => {
  const fault = fc.oneof(
    { weight: 4, arbitrary: fc.constant(undefined) },
    fc.record({ after: fc.nat(300), failure: fc.constantFrom(reset(), internal()) }),
    fc.record({ after: fc.nat(300), endsEarly: fc.constant(true) }),
    fc.constant<Fault>({ failure: slowDown(0) }),
    fc.constant<Fault>({ failure: new FetchFailure('expired', 'The token has expired') }),
    fc.record({ after: fc.nat(300), stall: fc.constantFrom<'headers' | 'body'>('headers', 'body') }),
    fc.constant<Fault | 'overwritten'>('overwritten'),
    fc.constant<Fault>({ failure: new FetchFailure('denied', 'no', { status: 403 }) }),
  );
  const scenario = fc.record({
    sizes: fc.array(fc.oneof(fc.constant(0), fc.nat(2_000)), { maxLength: 8 }),
    faults: fc.array(fault, { maxLength: 12 }),
    partBytes: fc.integer({ min: 1, max: 900 }),
    window: fc.integer({ min: 0, max: 2_000 }),
    maxRequests: fc.integer({ min: 1, max: 9 }),
    chunk: fc.integer({ min: 1, max: 500 }),
    single: fc.boolean(),
    known: fc.boolean(),
    slow: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(
      scenario,
      async ({ sizes, faults, partBytes, window, maxRequests, chunk, single, known, slow }) => {
        const source = new ScriptedSource(chunk);
        const versions = new Map<string, Uint8Array[]>();
        const refs = sizes.map((size, i) => {
          const uri = `s3://b/${i}`;
          versions.set(uri, [bytesOf(size, i + 1)]);
          return source.put(uri, bytesOf(size, i + 1), '0');
        });
        source.script = ({ uri }, number) => {
          const found = faults[number];
          if (found !== 'overwritten') return found as Fault | undefined;
          const known = versions.get(uri)!;
          known.push(bytesOf((number * 331) % 2_000, number + 100));
          source.put(uri, known.at(-1)!, String(known.length));
          return undefined;
        };
        const pieces = readObjects(known ? refs : refs.map(({ uri }) => ({ uri })), {
          source,
          partBytes,
          windowBytes: partBytes + window,
          maxRequests,
          single,
          connectTimeoutMs: 4,
          headersTimeoutMs: 8,
          idleTimeoutMs: 12,
        });
        const got = new Map<string, Uint8Array[]>();
        let failure: unknown;
        try {
          for await (const { object, index, chunk } of pieces) {
            expect(object.uri).toBe(`s3://b/${index}`);
            got.set(object.uri, [...(got.get(object.uri) ?? []), chunk]);
            if (slow) await new Promise((resolve) => setImmediate(resolve));
            expect(pieces.stats.heldBytes).toBeLessThanOrEqual(2 * partBytes + window + source.chunkBytes);
          }
        } catch (error) {
          failure = error;
        }
        expect([...got.keys()]).toEqual(refs.slice(0, got.size).map(({ uri }) => uri));
        for (const [uri, chunks] of got) {
          const bytes = Buffer.concat(chunks);
          const whole = versions.get(uri)!.some((one) => Buffer.compare(one, bytes) === 0);
          const cut = versions
            .get(uri)!
            .some((one) => Buffer.compare(one.subarray(0, bytes.length), bytes) === 0);
          expect(whole || (failure !== undefined && cut)).toBe(true);
        }
        if (failure === undefined) expect(got.size).toBe(sizes.length);
        else
          expect(isRecordpipeError(failure, 'access-denied', 'object-changed', 'retries-exhausted')).toBe(
            true,
          );
        expect(source.activeRequests).toBe(0);
        expect(pieces.stats).toMatchObject({ heldBytes: 0, activeRequests: 0 });
      },
    ),
    { numRuns: randomRuns(40), examples: ONCE_HUNG.map((one): [typeof one] => [one]) },
  );
}, 120_000);
